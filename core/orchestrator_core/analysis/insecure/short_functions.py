"""Functions of the same text that only put a value together: what they give can be told from what they are given."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_MOST_STATEMENTS = 6
_CHANGES = frozenset(("replace", "sub", "subn", "translate", "encode", "filter", "escape", "quote", "get"))
"""A function that calls one of these may be made to clean a value; nothing is told of it."""

ShortFunction = ast.FunctionDef | ast.AsyncFunctionDef


def short_functions(module: ast.Module | None) -> dict[str, ShortFunction]:
    """By name, methods included: those of assignments and one return; a name that is given twice is left out."""
    found: dict[str, ShortFunction | None] = {}
    for function in _functions(module.body if module is not None else ()):
        found[function.name] = None if function.name in found else function
    return {name: function for name, function in found.items() if function is not None and _is_short(function)}


def _functions(body: Iterable[ast.stmt]) -> Iterable[ShortFunction]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement
        elif isinstance(statement, ast.ClassDef):
            yield from (s for s in statement.body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_short(function: ShortFunction) -> bool:
    body = statements(function)
    if not body or len(body) > _MOST_STATEMENTS or not isinstance(body[-1], ast.Return) or body[-1].value is None:
        return False
    if any(not isinstance(s, ast.Assign) or not isinstance(s.targets[0], ast.Name) for s in body[:-1]):
        return False
    if any(not _is_mark(decorator) for decorator in function.decorator_list):
        return False
    return not any(
        isinstance(inner, ast.Lambda | ast.Yield | ast.IfExp | ast.ListComp | ast.GeneratorExp)
        or (isinstance(inner, ast.Attribute) and inner.attr in _CHANGES)
        for statement in body
        for inner in ast.walk(statement)
    )


def _is_mark(decorator: ast.AST) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id in ("staticmethod", "classmethod", "property")


def statements(function: ShortFunction) -> list[ast.stmt]:
    """The body without its docstring."""
    body = function.body
    first = body[0]
    return body[1:] if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else body
