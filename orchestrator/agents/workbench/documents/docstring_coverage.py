"""Which public modules, classes and functions say what they are for."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from msgspec import Struct

_TOLD_ELSEWHERE = frozenset({"overload", "override", "setter", "deleter", "getter"})
"""Decorated so, a function repeats another's interface, whose docstring speaks for it."""


class Public(Struct, frozen=True):
    """One public definition."""

    kind: str
    """``module``, ``class``, ``function`` or ``method``."""
    name: str
    line: int
    documented: bool


def public_definitions(path: str, tree: ast.Module) -> list[Public]:
    """What a reader of the interface meets: nothing private, nothing inside functions, no dunder methods.

    An empty ``__init__.py`` and ``__main__.py`` need no docstring; nor do the names that ``__all__`` leaves out.
    """
    *folders, file = path.split("/")
    if any(part.startswith("_") for part in folders) or (file.startswith("_") and file != "__init__.py"):
        return []
    found = [Public("module", path, 1, ast.get_docstring(tree) is not None)] if tree.body else []
    exported = _exported(tree)
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_") or (exported is not None and node.name not in exported):
                continue
            found += _definition(node, "")
    return found


def _definition(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> Iterable[Public]:
    name = f"{owner}.{node.name}" if owner else node.name
    documented = ast.get_docstring(node) is not None
    if not isinstance(node, ast.ClassDef):
        if not any(_last_name(decorator) in _TOLD_ELSEWHERE for decorator in node.decorator_list):
            yield Public("method" if owner else "function", name, node.lineno, documented)
        return
    yield Public("class", name, node.lineno, documented)
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
            yield from _definition(child, name)


def _exported(tree: ast.Module) -> frozenset[str] | None:
    """The names in a literal ``__all__``; None without one, or where it is put together."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            if isinstance(node.value, ast.List | ast.Tuple):
                return frozenset(
                    e.value for e in node.value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)
                )
            return None
    return None


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
