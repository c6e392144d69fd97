"""Patterns whose cost grows with the square of the data, read from code without running it.

Few and sure rather than many: each rule names a pattern whose remedy is known and needs no measurement to be an improvement.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from orchestrator.agents.workbench.report import Issue

_SMALL = 8
"""Searching a constant list of so few items is as fast as a set."""

_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Module
_Loop = ast.For | ast.AsyncFor | ast.While
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def cost_hints(tree: ast.Module, path: str) -> list[Issue]:
    """All hints of one module, each place and rule once."""
    found: dict[tuple[str, int], Issue] = {}
    for scope in ast.walk(tree):
        if isinstance(scope, _Scope):
            lists, strings = _bound(scope)
            for loop in _own(scope.body):
                if isinstance(loop, _Loop):
                    for issue in _in_loop(loop, lists, strings, path):
                        found.setdefault((issue.rule, issue.line), issue)
    return list(found.values())


def _own(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the functions and classes in it."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)


def _bound(scope: _Scope) -> tuple[set[str], set[str]]:
    """The names that only ever hold a list, and those that start as a string."""
    kinds: dict[str, set[str]] = {}
    for node in _own(scope.body):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    kinds.setdefault(target.id, set()).add(_kind(node.value))
                else:
                    _mark_unknown(target, kinds)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            _mark_unknown(node.target, kinds)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            _mark_unknown(node.optional_vars, kinds)
        elif isinstance(node, ast.NamedExpr):
            _mark_unknown(node.target, kinds)
    lists = {name for name, kind in kinds.items() if kind == {"list"}}
    strings = {name for name, kind in kinds.items() if kind == {"string"}}
    return lists, strings


def _mark_unknown(target: ast.AST, kinds: dict[str, set[str]]) -> None:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            kinds.setdefault(node.id, set()).add("unknown")


def _kind(value: ast.expr) -> str:
    if isinstance(value, ast.List):
        constant = value.elts and all(isinstance(item, ast.Constant) for item in value.elts)
        return "small" if constant and len(value.elts) <= _SMALL else "list"
    if isinstance(value, ast.ListComp):
        return "list"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("list", "sorted"):
        return "list"
    if isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str)):
        return "string"
    return "unknown"


def _in_loop(loop: _Loop, lists: set[str], strings: set[str], path: str) -> Iterator[Issue]:
    # The iterated expression is worked out once, a while's condition each time round.
    body: list[ast.AST] = list(_own(loop.body))
    if isinstance(loop, ast.While):
        body += ast.walk(loop.test)
    fresh = {n.id for node in body if isinstance(node, ast.Assign) for n in node.targets if isinstance(n, ast.Name)}
    for node in body:
        if isinstance(node, ast.AugAssign):
            yield from _string_growth(node, strings - fresh, path)
        elif isinstance(node, ast.Compare):
            yield from _list_search(node, lists - fresh, path)
        elif isinstance(node, ast.Call):
            yield from _call(node, lists - fresh, path)
        elif isinstance(node, _LOOPS) and isinstance(node, ast.For) and isinstance(loop, ast.For):
            yield from _same_again(loop, node, path)


def _string_growth(node: ast.AugAssign, strings: set[str], path: str) -> Iterator[Issue]:
    if isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name) and node.target.id in strings:
        message = f"the string {node.target.id!r} grows by += in a loop, which may copy it each time round"
        yield Issue(
            "string-grows-in-loop", message, path, node.lineno, "low", "Append the parts to a list and join it once."
        )


def _list_search(node: ast.Compare, lists: set[str], path: str) -> Iterator[Issue]:
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.In | ast.NotIn) and isinstance(right, ast.Name) and right.id in lists:
            message = f"the list {right.id!r} is searched from its start each time round the loop"
            fix = f"Keep what {right.id!r} holds in a set as well and search that."
            yield Issue("list-search-in-loop", message, path, node.lineno, "medium", fix)


def _call(node: ast.Call, lists: set[str], path: str) -> Iterator[Issue]:
    if not isinstance(node.func, ast.Attribute) or not isinstance(node.func.value, ast.Name):
        return
    owner, method = node.func.value.id, node.func.attr
    first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    if owner == "re" and method == "compile" and isinstance(first, str):
        message = "a constant pattern is compiled each time round the loop"
        yield Issue("compile-in-loop", message, path, node.lineno, "low", "Compile it once, outside the loop.")
    elif owner in lists and method in ("index", "count"):
        message = f"{owner}.{method}() walks the whole list each time round the loop"
        yield Issue(
            "list-search-in-loop", message, path, node.lineno, "medium", "Build a dictionary or a Counter once."
        )
    elif owner in lists and ((method == "pop" and first == 0) or (method == "insert" and first == 0)):
        message = f"{owner}.{method}(0) moves every item of the list each time round the loop"
        yield Issue("list-shift-in-loop", message, path, node.lineno, "medium", "Use collections.deque.")


def _same_again(outer: ast.For, inner: ast.For, path: str) -> Iterator[Issue]:
    if not isinstance(outer.iter, ast.Name | ast.Attribute):
        return
    if ast.dump(outer.iter) == ast.dump(inner.iter):
        name = ast.unparse(outer.iter)
        message = f"a loop over {name!r} inside a loop over {name!r}: the work grows with the square of its length"
        yield Issue(
            "square-loop",
            message,
            path,
            inner.lineno,
            "low",
            "Group or index the items once, if pairs are not what is wanted.",
        )
