"""What strangers are told when something fails (CWE-209), what logs say (CWE-117, CWE-532), and checks that vanish (CWE-617, 703)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.secret_names import names_secret
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import ERROR, FROM_OUTSIDE, HANDED_IN, LINE
from orchestrator_core.records import Severity

_FIX = "Log the exception, and answer with a general message and an id."
_LEVELS = ("debug", "info", "warning", "warn", "error", "critical", "exception", "log", "fatal")
_GUARDS = (
    "is_admin",
    "is_authenticated",
    "is_superuser",
    "is_staff",
    "has_perm",
    "has_permission",
    "permission",
    "authorized",
    "is_authorized",
    "role",
    "authenticated",
    "admin",
    "csrf",
    "is_owner",
    "owner",
    "can_",
)


def _returned(site: Site) -> None:
    node = site.node.value if isinstance(site.node, ast.Return) else None
    if node is None:
        return
    for part in _parts(node):
        if site.level(part, ERROR) >= 3 or _holds_error(site, part):
            severity: Severity = "medium"
            if (
                _under_error_key(node)
                or site.where.answers
                or (
                    isinstance(node, ast.Tuple)
                    and len(node.elts) > 1
                    and isinstance(node.elts[1], ast.Constant)
                    and type(node.elts[1].value) is int
                )
                or "traceback" in site.dotted(part)
                or _is_answer(node)
            ):
                site.found(
                    "error-details",
                    "Whoever asks is told internal details of an error",
                    severity,
                    209,
                    _FIX,
                    confidence=0.7,
                )
            else:
                site.found(
                    "error-details",
                    "An error's text is returned; make sure no stranger sees it",
                    "low",
                    209,
                    _FIX,
                    confidence=0.3,
                )
            return


def _under_error_key(node: ast.AST) -> bool:
    """``{"error": str(e)}`` is made to be sent to whoever asked."""
    return isinstance(node, ast.Dict) and any(
        constant_text(key) in ("error", "message", "detail", "msg", "exception", "traceback") for key in node.keys
    )


def _is_answer(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) in (
        "jsonify",
        "HttpResponse",
        "JsonResponse",
        "Response",
        "JSONResponse",
        "make_response",
        "PlainTextResponse",
        "HTMLResponse",
    )


def _parts(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Tuple):
        return [part for element in node.elts for part in _parts(element)]
    if isinstance(node, ast.Dict):
        return [part for value in node.values for part in _parts(value)]
    if isinstance(node, ast.Call):
        return [node, *(p for a in node.args for p in _parts(a)), *(p for k in node.keywords for p in _parts(k.value))]
    return [node]


def _holds_error(site: Site, node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and site.dotted(node.func) in ("traceback.format_exc", "str", "repr"):
        return any(site.level(a, ERROR) >= 3 for a in node.args) or "format_exc" in site.dotted(node.func)
    return False


def _raised(site: Site) -> None:
    """FastAPI's ``HTTPException(500, detail=str(e))`` and Flask's ``abort(500, str(e))``."""
    for node in (*site.call.args, *(k.value for k in site.call.keywords)):
        if site.level(node, ERROR) >= 3 or any(_holds_error(site, p) for p in _parts(node)):
            site.found(
                "error-details",
                "Whoever asks is told internal details of an error",
                "medium",
                209,
                _FIX,
                confidence=0.7,
            )
            return


def _logged(site: Site) -> None:
    receiver = getattr(site.call.func, "value", None)
    name = last_name(receiver).lower() if receiver is not None else ""
    made = site.dotted(site.call.func)
    if not (
        name.strip("_").endswith(("log", "logger", "logging")) or made.startswith(("logging.", "structlog.", "loguru."))
    ):
        return
    arguments = [*site.call.args, *(k.value for k in site.call.keywords if k.arg not in ("exc_info", "stack_info"))]
    for argument in arguments:
        if _tells_secret(site, argument):
            site.found(
                "secret-in-log",
                "A secret is written to a log",
                "medium",
                532,
                "Leave it out, or log a hash.",
                confidence=0.7,
            )
            return
    form = site.text(arguments[0]) if arguments else None
    if form is not None and "%r" in form and "%s" not in form:
        return  # repr writes line breaks as escapes
    for argument in arguments:
        level = site.level(argument, LINE)
        if level >= FROM_OUTSIDE:
            site.found(
                "log-lines",
                "A log line holds a text that comes from outside and may hold line breaks",
                "medium",
                117,
                "Log it with %r, or remove \\r and \\n.",
                confidence=0.5,
            )
            return
        if level == HANDED_IN and (
            isinstance(argument, ast.JoinedStr | ast.BinOp)
            or (isinstance(argument, ast.Call) and last_name(argument.func) == "format")
        ):
            site.found(
                "log-lines",
                "A log line holds a text that is handed in and may hold line breaks",
                "low",
                117,
                "Log it with %r, or remove \\r and \\n.",
                confidence=0.3,
            )
            return


def _printed(site: Site) -> None:
    if any(_tells_secret(site, argument) for argument in site.call.args):
        site.found(
            "secret-in-log", "A secret is printed", "medium", 532, "Leave it out, or print a hash.", confidence=0.6
        )


_CARD = ("ssn", "credit_card", "card_number", "cvv", "creditcard")


def _tells_secret(site: Site, node: ast.AST, depth: int = 0) -> bool:
    if depth > 12:
        return False
    if isinstance(node, ast.Name):
        return (names_secret(node.id) or node.id.lower() in (*_CARD, "pwd", "apikey")) and not node.id.isupper()
    if isinstance(node, ast.Attribute):
        return names_secret(node.attr) or node.attr.lower() in _CARD
    if isinstance(node, ast.Subscript):
        return (
            isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
            and (
                names_secret(node.slice.value)
                or node.slice.value.lower() in (*_CARD, "authorization", "cookie", "set-cookie", "x-api-key")
            )
        )
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(p, ast.FormattedValue) and _tells_secret(site, p.value, depth + 1) for p in node.values)
    if isinstance(node, ast.BinOp):
        return _tells_secret(site, node.left, depth + 1) or _tells_secret(site, node.right, depth + 1)
    if isinstance(node, ast.Tuple | ast.Dict):
        return any(
            _tells_secret(site, e, depth + 1) for e in (node.elts if isinstance(node, ast.Tuple) else node.values)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return any(_tells_secret(site, a, depth + 1) for a in node.args)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "repr"):
        return any(_tells_secret(site, a, depth + 1) for a in node.args)
    return False


def _asserted(site: Site) -> None:
    """Asserts vanish with ``python -O``; one that guards an action must not."""
    test = site.node.test if isinstance(site.node, ast.Assert) else None
    for inner in ast.walk(test) if test is not None else ():
        name = last_name(inner).lower()
        if name and any(name == g or name.startswith(g) or name.endswith(f"_{g}") for g in _GUARDS):
            site.found(
                "assert-as-guard",
                "This check vanishes when Python runs with -O",
                "medium",
                617,
                "Raise PermissionError instead.",
                confidence=0.7,
            )
            return


_SECURITY_CALLS = (
    "verify",
    "authenticate",
    "check_password",
    "validate",
    "authorize",
    "login",
    "check_permission",
    "verify_signature",
    "decode",
    "check_signature",
)


def _swallowed(site: Site) -> None:
    """An exception that is passed over: bandit says so at low; around a security check it opens the door."""
    handler = site.node
    if not isinstance(handler, ast.ExceptHandler):
        return
    body = handler.body[0]
    if site.where.name.lower().startswith(
        (
            "verify",
            "check",
            "auth",
            "is_valid",
            "is_allowed",
            "validate",
            "authorize",
            "has_",
            "can_",
            "allowed",
            "permitted",
            "may_",
            "is_auth",
            "login",
        )
    ):
        if isinstance(body, ast.Return) and isinstance(body.value, ast.Constant) and body.value.value is True:
            site.found(
                "fails-open",
                "When the check fails with an error it answers yes",
                "medium",
                636,
                "Return False or raise.",
                at=body,
            )
        elif isinstance(body, ast.Pass) and len(handler.body) == 1 and _every(handler):
            site.found(
                "fails-open",
                "Errors of a security check are passed over",
                "medium",
                703,
                "Handle the exceptions that can happen, and refuse.",
                at=handler,
            )
    elif isinstance(body, ast.Pass | ast.Continue) and len(handler.body) == 1 and handler.type is None:
        site.found(
            "swallowed-error",
            "Every error is passed over, also an interruption",
            "medium",
            703,
            "Name the exceptions, and log them.",
            at=handler,
            confidence=0.6,
        )
    elif isinstance(body, ast.Pass) and len(handler.body) == 1 and _every(handler):
        site.found(
            "swallowed-error",
            "Every error is passed over",
            "low",
            703,
            "Name the exceptions, and log them.",
            at=handler,
            confidence=0.5,
        )


def _every(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or last_name(handler.type) in ("Exception", "BaseException")


FAMILY = Family(
    calls={"print": _printed},
    methods={
        **dict.fromkeys(_LEVELS, _logged),
        **dict.fromkeys(
            (
                "HTTPException",
                "abort",
                "jsonify",
                "send_error",
                "set_details",
                "HttpResponse",
                "JsonResponse",
                "JSONResponse",
            ),
            _raised,
        ),
    },
    returns=(_returned,),
    asserts=(_asserted,),
    handlers=(_swallowed,),
)
