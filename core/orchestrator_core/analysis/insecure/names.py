"""What a name in a program stands for: imports resolved, receivers named by what made them."""

from __future__ import annotations

import ast
import builtins

from orchestrator_core.analysis.insecure.values import Value

_FROM_SNIPPET = {
    "request": "flask.request",
    "np": "numpy",
    "pd": "pandas",
    "ET": "xml.etree.ElementTree",
    "etree": "lxml.etree",
    "plt": "matplotlib.pyplot",
}
"""Customary names, for snippets whose imports were left out."""
_MAX_PARTS = 40
_BUILT_IN = frozenset(dir(builtins))


class Names:
    """The imports of one module, as they are met."""

    def __init__(self) -> None:
        self.imported: dict[str, str] = {}
        self._used: dict[str, bool] = {}
        self._whole: list[str] = []
        """Modules of which all names were taken: ``from hashlib import *``."""

    def add(self, node: ast.Import | ast.ImportFrom) -> None:
        """Take in one import statement."""
        self._used.clear()
        for alias in node.names:
            if isinstance(node, ast.Import):
                top = alias.name.partition(".")[0]
                self.imported[alias.asname or top] = alias.name if alias.asname else top
            elif alias.name == "*":
                self._whole = [*{*self._whole, node.module or ""}]
            else:
                self.imported[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"

    def uses(self, package: str) -> bool:
        """Whether a package, or one of its modules, is imported."""
        known = self._used.get(package)
        if known is None:
            below = f"{package}."
            every = (*self.imported.values(), *self._whole)
            known = self._used[package] = any(name == package or name.startswith(below) for name in every)
        return known

    def _taken(self, name: str) -> str:
        """A name that nobody imported may be of a module of which all names were taken, where there is one such module."""
        if len(self._whole) == 1 and self._whole[0] and name not in _BUILT_IN:
            return f"{self._whole[0]}.{name}"
        return name

    def dotted(self, node: ast.AST, variables: dict[str, Value]) -> str:
        """``requests.get`` for whatever is written here; calls on the way end with ``()``; empty where it has no name."""
        parts: list[str] = []
        for _ in range(_MAX_PARTS):
            if isinstance(node, ast.Attribute):
                parts.append(node.attr)
                node = node.value
            elif isinstance(node, ast.Call) and (named := _got(node, variables)):
                parts.append(named)
                node = node.args[0]
            elif isinstance(node, ast.Call):
                parts.append("()")
                node = node.func
            elif isinstance(node, ast.Subscript | ast.Await):
                node = node.value
            else:
                break
        if not isinstance(node, ast.Name):
            return ""
        known = variables.get(node.id)
        if known is not None:
            base = known.made or node.id
        else:
            base = self.imported.get(node.id) or _FROM_SNIPPET.get(node.id) or self._taken(node.id)
        if not parts:
            return base
        parts.append(base)
        parts.reverse()
        return ".".join(parts).replace(".()", "()")


def _got(node: ast.Call, variables: dict[str, Value]) -> str:
    """``md5`` for ``getattr(hashlib, "md5")``, also where the text stands behind a name; empty for any other call."""
    if not isinstance(node.func, ast.Name) or node.func.id != "getattr" or len(node.args) < 2:
        return ""
    chosen = node.args[1]
    if isinstance(chosen, ast.Name) and (known := variables.get(chosen.id)) is not None and not any(known.levels):
        return known.head
    return constant_text(chosen) or ""


def last_name(node: ast.AST) -> str:
    """The last part of a name: ``get`` of ``requests.get``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def constant_text(node: ast.AST | None) -> str | None:
    """The text of a literal, bytes included; None for anything else."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return node.value
        if isinstance(node.value, bytes):
            return node.value.decode("latin-1")
    return None


def is_constant(node: ast.AST | None, *values: object) -> bool:
    """Whether a node is one of these literals, of the same type; 1 and 0 count as yes and no, as in ``debug=1``."""
    if not isinstance(node, ast.Constant):
        return False
    known = node.value
    return any(
        known == value and (type(known) is type(value) or (type(known) is int and isinstance(value, bool)))
        for value in values
    )
