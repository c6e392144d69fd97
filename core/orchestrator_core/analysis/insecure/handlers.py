"""Which functions answer strangers, and what their parameters are worth."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.taint import Evaluator
from orchestrator_core.analysis.insecure.values import ANYTHING, CONSTANT, ERROR, OUTSIDE, PARAMETER, Value, holding

_ROUTES = frozenset(
    (
        "route",
        "get",
        "post",
        "put",
        "delete",
        "patch",
        "websocket",
        "api_route",
        "view",
        "api_view",
        "expose",
        "action",
        "head",
    )
)
_PAGES = ("flask", "bottle", "quart", "sanic", "cherrypy", "app", "bp", "blueprint", "bottle.")
_DATA = ("fastapi", "starlette", "ninja", "litestar", "rest_framework", "router", "api", "aiohttp")
_VIEWS = (
    "View",
    "Resource",
    "APIView",
    "RequestHandler",
    "HTTPEndpoint",
    "HTTPRequestHandler",
    "ViewSet",
    "HTTPMethodView",
    "MethodView",
)
_VERBS = frozenset(
    ("get", "post", "put", "delete", "patch", "head", "options", "dispatch", "list", "create", "retrieve", "update")
)
_REQUEST = frozenset(("request", "req", "http_request"))
_LAMBDA = frozenset(("lambda_handler", "handler", "main", "handle"))
_PLAIN_TYPES = frozenset(("int", "float", "bool",  "UUID", "Decimal", "date", "datetime", "Literal", "Enum", "timedelta", "complex",
    "IPv4Address", "Callable",
                          "IPv6Address", "Session", "AsyncSession", "Connection", "Logger", "HttpRequest"))  # fmt: skip
_INJECTED = frozenset(("Depends", "Security", "Inject", "Provide"))
_ERROR_HANDLERS = frozenset(("errorhandler", "app_errorhandler", "exception_handler"))
_TOOLS = frozenset(
    ("tool", "function_tool", "tool_plain", "kernel_function", "ai_tool", "register_tool", "llm_tool", "ell_tool")
)
_GIVEN_TO_TOOLS = frozenset(("ctx", "context", "run_context", "tool_context", "state", "config", "runtime"))
_OWN = frozenset(("self", "cls"))


def answers(node: ast.FunctionDef | ast.AsyncFunctionDef, in_class: str, evaluator: Evaluator) -> str:
    """``html``, ``data`` or nothing, see ``Where.answers``."""
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(target) not in _ROUTES:
            continue
        name = evaluator.dotted(target).lower()
        if (
            any(word in name for word in _DATA[:-4])
            or evaluator.names.uses("fastapi")
            or evaluator.names.uses("starlette")
        ):
            return "data"
        if isinstance(target, ast.Attribute) or name.startswith(_PAGES):
            return "html"
        return "data"
    if in_class and node.name in _VERBS and any(word in in_class for word in _VIEWS):
        return "html" if any(word in in_class for word in ("MethodView", "flask.views")) else "data"
    first = [a.arg for a in (*node.args.posonlyargs, *node.args.args) if a.arg not in _OWN][:1]
    if first and first[0] in _REQUEST:
        return "data"
    if evaluator.names.uses("flask") and any(
        isinstance(inner, ast.Name) and evaluator.names.imported.get(inner.id) == "flask.request"
        for inner in ast.walk(node)
    ):
        return "html"
    if first and first[0] == "event" and node.name in _LAMBDA:
        return "data"
    return ""


def is_routed(node: ast.AST | None, in_class: str) -> bool:
    """Whether a framework itself calls a function: a route's decorator, a method of a view, a program of WSGI."""
    decorated = any(
        last_name(decorator.func if isinstance(decorator, ast.Call) else decorator) in _ROUTES
        for decorator in getattr(node, "decorator_list", ())
    )
    return decorated or any(word in in_class for word in _VIEWS)


def parameters(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, kind: str, in_class: str = ""
) -> dict[str, Value]:
    """The values that a function's parameters have at its beginning.

    What a router hands to a view comes from the address; a number, or what a framework injects, is harmless.
    """
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    defaults = dict(
        zip(reversed([*arguments.posonlyargs, *arguments.args]), reversed(arguments.defaults), strict=False)
    )
    defaults.update({a: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None})
    told, obeys = _handles_errors(node), _is_tool(node)
    routed = _routed(node) if kind else frozenset()
    called = bool(kind) and (is_routed(node, in_class) or getattr(node, "name", "") in _LAMBDA)
    names = {argument.arg for argument in every if argument is not None}
    found: dict[str, Value] = {}
    for argument in every:
        if argument is None:
            continue
        name, default = argument.arg, defaults.get(argument)
        if name in _OWN:
            # Not a value of its own: what hangs on it is unknown.
            found[name] = ANYTHING
        elif _is_plain(argument.annotation) or name in routed:
            found[name] = CONSTANT
        elif name in _REQUEST or (kind and name in ("info", "resp", "response")):
            found[name] = ANYTHING._replace(made="request")
        elif isinstance(default, ast.Call) and last_name(default.func) in _INJECTED:
            found[name] = ANYTHING
        elif obeys and name not in _GIVEN_TO_TOOLS:
            found[name] = OUTSIDE
        elif told:
            found[name] = holding(ANYTHING, ERROR, 3)
        elif (name == "environ" and "start_response" in names) or (
            called and name not in ("db", "session", "conn", "cursor", "context", "response", "background_tasks")
        ):
            found[name] = OUTSIDE
        else:
            found[name] = PARAMETER
    return found


def _is_tool(node: ast.AST) -> bool:
    """Whether a model calls a function: what it writes may have been put into its mouth by a page that it read."""
    return any(
        last_name(decorator.func if isinstance(decorator, ast.Call) else decorator) in _TOOLS
        for decorator in getattr(node, "decorator_list", ())
    )


def _handles_errors(node: ast.AST) -> bool:
    """Whether a function is what a framework calls with an exception, to answer in its stead."""
    return any(
        last_name(decorator.func if isinstance(decorator, ast.Call) else decorator) in _ERROR_HANDLERS
        for decorator in getattr(node, "decorator_list", ())
    )


def _is_plain(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    if isinstance(annotation, ast.Constant):
        return str(annotation.value).rpartition(".")[2] in _PLAIN_TYPES
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _is_plain(annotation.left) and (
            _is_plain(annotation.right) or isinstance(annotation.right, ast.Constant)
        )
    return last_name(annotation) in _PLAIN_TYPES


def _routed(node: ast.AST) -> frozenset[str]:
    """Parameters that the route's own converter restricts: ``/user/<int:number>``."""
    names: set[str] = set()
    for decorator in getattr(node, "decorator_list", ()):
        text = constant_text(decorator.args[0]) if isinstance(decorator, ast.Call) and decorator.args else None
        for part in (text or "").split("<")[1:]:
            kind, colon, name = part.partition(">")[0].partition(":")
            if colon and kind.partition("(")[0] in ("int", "float", "uuid", "any"):
                names.add(name)
    return frozenset(names)
