"""Work, memory and amounts that a visitor chooses by a number (CWE-20, 770, 789)."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from orchestrator_core.analysis.insecure.names import last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, TYPE

_BOUND = "Compare it with a largest allowed value first."


def _sized(site: Site) -> None:
    """``range(n)``, ``bytearray(n)``, ``time.sleep(n)`` in a view, where ``n`` is the visitor's number."""
    _judge(site, site.call.args)


def _listed(site: Site) -> None:
    """``query.limit(int(request.args["limit"]))``, ``paginate(per_page=n)``."""
    _judge(site, (*site.call.args, *(k.value for k in site.call.keywords if k.arg in _COUNTS)))


def _judge(site: Site, nodes: Iterable[ast.expr]) -> None:
    function = site.where.node
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for node in nodes:
        if (isinstance(node, ast.Name) and _chosen(site, function, node.id, annotated=bool(site.where.answers))) or (
            isinstance(node, ast.Call) and last_name(node.func) in ("int", "float") and _outside(site, node)
        ):
            site.found("chosen-size", "A visitor chooses how much work this is", "medium", 770, _BOUND, confidence=0.5)
            return


_COUNTS = ("per_page", "limit", "page_size", "size", "n", "count", "max_results", "num")


def _repeated(site: Site) -> None:
    """``" " * n``."""
    node, function = site.node, site.where.node
    if (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mult)
        and isinstance(node.left, ast.Constant | ast.List)
        and (isinstance(node.left, ast.List) or isinstance(node.left.value, str | bytes))
        and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(node.right, ast.Name)
        and _chosen(site, function, node.right.id, annotated=bool(site.where.answers))
    ):
        site.found("chosen-size", "A visitor chooses how much memory is taken", "medium", 789, _BOUND, confidence=0.5)


def _outside(site: Site, node: ast.Call) -> bool:
    return any(site.level(argument, TYPE) >= FROM_OUTSIDE for argument in node.args)


def _chosen(site: Site, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str, *, annotated: bool) -> bool:
    if not site.may_look("chosen-size"):
        return False
    chosen = False
    arguments = function.args
    defaults = dict(
        zip(reversed([*arguments.posonlyargs, *arguments.args]), reversed(arguments.defaults), strict=False)
    )
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        default = defaults.get(argument)
        if annotated and argument.arg == name and isinstance(argument.annotation, ast.Name):
            chosen = not isinstance(default, ast.Call) or not any(
                k.arg in ("le", "lt", "max_value") for k in default.keywords
            )
    for inner in ast.walk(function):
        if isinstance(inner, ast.Compare) and any(isinstance(i, ast.Name) and i.id == name for i in ast.walk(inner)):
            return False
        if isinstance(inner, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in inner.targets):
            value = inner.value
            if isinstance(value, ast.Call) and last_name(value.func) == "min":
                return False
            if isinstance(value, ast.Call) and last_name(value.func) in ("int", "float", "get", "from_bytes"):
                chosen = chosen or _outside(site, value) or site.level(value, TYPE) >= FROM_OUTSIDE
    return chosen


def _amount(site: Site) -> None:
    """``account.balance -= int(request.form["amount"])``: a negative amount gives instead of taking."""
    node, function = site.node, site.where.node
    if (
        isinstance(node, ast.AugAssign)
        and isinstance(node.op, ast.Sub | ast.Add)
        and isinstance(node.value, ast.Name)
        and isinstance(node.target, ast.Attribute | ast.Subscript)
        and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and _chosen(site, function, node.value.id, annotated=bool(site.where.answers))
    ):
        message = "A visitor's number is added or taken off whatever its sign"
        site.found("unchecked-amount", message, "low", 20, "Refuse numbers that are not above zero.", confidence=0.5)


FAMILY = Family(
    calls=dict.fromkeys(("range", "bytearray", "bytes", "time.sleep", "asyncio.sleep", "numpy.zeros", "numpy.ones", "os.urandom",
        "secrets.token_bytes", "numpy.empty", "numpy.full", "itertools.repeat", "itertools.islice", "numpy.random.rand",
        "secrets.token_hex", "random.sample", "random.choices", "math.factorial"), _sized),
    methods={**dict.fromkeys(("limit", "paginate", "fetchmany"), _listed),
        **dict.fromkeys(("recv", "readexactly", "recv_exact", "recvall"), _sized)},
    changes=(_amount,),
    texts=(_repeated,),
)  # fmt: skip
