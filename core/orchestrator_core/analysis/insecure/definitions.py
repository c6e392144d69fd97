"""What a name was given where it is given one thing only: constants of a module, of a class, of a function."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from orchestrator_core.analysis.insecure.names import last_name
from orchestrator_core.analysis.insecure.site import Site

_MAX_STEPS = 4


def defined(site: Site, node: ast.AST | None) -> ast.AST | None:
    """The expression behind a name, ``KEY`` or ``self.rounds``; the node itself where it is no name or was given several things."""
    for _ in range(_MAX_STEPS):
        if isinstance(node, ast.Name):
            found = _given(_scopes(site), node.id) or _default(site, node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            found = _given(_classes(site), node.attr)
        else:
            return node
        if found is None:
            return node
        node = found
    return node


def beginning(site: Site, node: ast.AST | None) -> str:
    """The constant text that an address begins with, also behind ``self.BASE``."""
    while isinstance(node, ast.BinOp):
        node = node.left
    if isinstance(node, ast.JoinedStr) and node.values:
        first = node.values[0]
        node = first.value if isinstance(first, ast.FormattedValue) else first
    found = defined(site, node)
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else ""


def whole_number(site: Site, node: ast.AST | None) -> int | None:
    """The whole number that an expression is, also ``2**14`` and one behind a name; None where it is none or not known."""
    node = defined(site, node)
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int else None
    if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant):
        left, right = node.left.value, node.right.value
        if type(left) is int and type(right) is int and 0 <= left < 1_000_000 and 0 <= right < 64:
            if isinstance(node.op, ast.Pow):
                return int(left**right)
            if isinstance(node.op, ast.LShift):
                return left << right
        if type(left) is int and type(right) is int and isinstance(node.op, ast.Mult):
            return left * right
    return None


def is_fixed_bytes(site: Site, node: ast.AST | None) -> bool:
    """Whether the same bytes come out each time: a literal, ``bytes(16)``, ``b"0" * 16``, ``"...".encode()``, also behind a name."""
    node = defined(site, node)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, bytes | str) and bool(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return any(
            isinstance(side, ast.Constant) and isinstance(side.value, bytes | str) for side in (node.left, node.right)
        )
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in ("bytes", "bytearray"):
            return bool(node.args) and (
                isinstance(node.args[0], ast.Constant)
                or (isinstance(node.args[0], ast.List) and all(isinstance(e, ast.Constant) for e in node.args[0].elts))
            )
        if last_name(node.func) in ("encode", "fromhex", "b64decode", "unhexlify"):
            parts = [*node.args[:1], node.func.value if isinstance(node.func, ast.Attribute) else None]
            return any(isinstance(defined(site, part), ast.Constant) for part in parts if not _names_module(part))
    return False


def _names_module(node: ast.AST | None) -> bool:
    return node is None or (isinstance(node, ast.Name) and node.id in ("bytes", "base64", "binascii"))


def _default(site: Site, name: str) -> ast.expr | None:
    """What a parameter is where the caller leaves it out."""
    arguments = getattr(site.where.node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return None
    places = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(reversed(places), reversed(arguments.defaults), strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return next(
        (default for argument, default in pairs if argument.arg == name and isinstance(default, ast.Constant)), None
    )


def _scopes(site: Site) -> Iterable[Iterable[ast.stmt]]:
    function = site.where.node
    if function is not None and not isinstance(function, ast.Lambda):
        yield function.body
    if site.evaluator.module is not None:
        yield site.evaluator.module.body


def _classes(site: Site) -> Iterable[Iterable[ast.stmt]]:
    """The bodies of the classes that hold the place, and those of their ``__init__``."""
    line = getattr(site.node, "lineno", 0)
    for node in getattr(site.evaluator.module, "body", ()):
        if isinstance(node, ast.ClassDef) and node.lineno <= line <= (node.end_lineno or 0):
            yield node.body
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    yield method.body


def _given(scopes: Iterable[Iterable[ast.stmt]], name: str) -> ast.expr | None:
    for body in scopes:
        found: list[ast.expr | None] = []
        _collect(body, name, found, 0)
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _collect(body: Iterable[ast.stmt], name: str, found: list[ast.expr | None], depth: int) -> None:
    for statement in body:
        if isinstance(statement, ast.Assign):
            if any(last_name(target) == name for target in statement.targets):
                found.append(statement.value)
        elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
            if last_name(statement.target) == name:
                found.append(statement.value)
        elif depth < _MAX_STEPS and isinstance(
            statement, ast.With | ast.AsyncWith | ast.For | ast.If | ast.Try | ast.While
        ):
            _collect(statement.body, name, found, depth + 1)
            if not isinstance(statement, ast.With | ast.AsyncWith):
                _collect(statement.orelse, name, found, depth + 1)
