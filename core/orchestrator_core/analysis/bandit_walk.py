"""bandit's checks applied to a parsed tree, in one walk.

bandit's own visitor copies its context for each check and gathers the lines of each node, which is most of its time and grows with
the square of a text's length. This walk hands the checks what they read: the same nodes in the same order, with the same names.
``# nosec`` is not looked at: whoever wrote the text that is checked must not be the one who switches the check off.
"""
# ruff: noqa: SLF001 - what bandit's checks read has private names.

from __future__ import annotations

import ast
import io
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import Any

from orchestrator_core.analysis.bandit_checks import Check, Remembered

_NAME = "./text.py"
_VISITED = (
    ast.stmt, ast.expr, ast.arguments, ast.arg, ast.keyword, ast.alias, ast.comprehension, ast.excepthandler, ast.withitem,
    ast.match_case, ast.pattern,
)  # fmt: skip
"""Not operators and their like: they say nothing by themselves, and Python shares one node of each between all trees."""


@cache
def _remembering() -> Callable[[dict[str, Any]], Any]:
    """bandit's ``Context``, that works out what a call is given once for all checks."""
    from bandit.core.context import Context  # type: ignore[import-untyped]

    class Remembering(Context):  # type: ignore[misc]
        @cached_property
        def call_args(self) -> Any:
            return Context.call_args.fget(self)

        @cached_property
        def call_keywords(self) -> Any:
            return Context.call_keywords.fget(self)

        def is_module_imported_like(self, module: str) -> bool:
            known = self._context["imported_like"]
            if module not in known:
                known[module] = super().is_module_imported_like(module)
            return bool(known[module])

        def _get_literal_value(self, literal: ast.AST) -> Any:
            if isinstance(literal, ast.Tuple):  # Context's own way takes the square of its length
                return tuple([self._get_literal_value(part) for part in literal.elts])
            return super()._get_literal_value(literal)

    return Remembering


class Walk:
    """One text. ``checks`` are bandit's, by the kind of node they are for."""

    def __init__(self, checks: Mapping[str, Sequence[Check]], data: bytes) -> None:
        from bandit.core.utils import get_call_name  # type: ignore[import-untyped]

        self._checks = checks
        self._context = _remembering()
        self._call_name = get_call_name
        self._data = data
        self._imports: set[str] = set()
        self._aliases: dict[str, str] = {}
        self._imported_like: dict[str, bool] = {}
        self._remembered = Remembered()
        self.issues: list[Any] = []

    @property
    def error(self) -> str:
        """Why not everything was looked at."""
        return "SQL in the longest sums of strings was not looked for" if self._remembered.stopped else ""

    def run(self, tree: ast.Module) -> None:
        """Apply the checks to all nodes; what they found is in ``issues`` then. The tree's nodes get to know their parents."""
        looks: dict[str, Callable[[Any], None]] = {kind: partial(self._apply, kind) for kind in self._checks}
        looks |= {
            "Call": self._call, "Constant": self._constant, "FunctionDef": self._function, "Import": self._import,
            "ImportFrom": self._import_from,
        }  # fmt: skip
        waiting: list[Any] = [tree]
        parts: list[Any]
        while waiting:
            node = waiting.pop()
            look = looks.get(type(node).__name__)
            if look is not None:
                look(node)
            parts = []
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, list):
                    parts += [part for part in value if isinstance(part, _VISITED)]
                elif isinstance(value, _VISITED):
                    parts.append(value)
            for part in parts:
                part._bandit_parent = node
            waiting += reversed(parts)
        self._ask("File", self._context({"file_data": io.BytesIO(self._data), "filename": _NAME}), 0)

    def _apply(self, kind: str, node: Any, **more: Any) -> None:
        if kind in self._checks:
            known = {
                "imports": self._imports, "import_aliases": self._aliases, "imported_like": self._imported_like,
                "remembered": self._remembered, "node": node, "filename": _NAME, **more,
            }  # fmt: skip
            self._ask(kind, self._context(known), getattr(node, "lineno", 0))

    def _ask(self, kind: str, context: Any, line: int) -> None:
        check: Any
        for check in self._checks.get(kind, ()):
            try:
                found = check(context, check._config) if hasattr(check, "_config") else check(context)
            except Exception:  # noqa: BLE001, S112 - a check that trips over an odd node says nothing about it, as in bandit
                continue
            if found is not None:
                if found.lineno is None:
                    found.lineno = line
                found.test_id = found.test_id or check._test_id
                self.issues.append(found)

    def _call(self, node: ast.Call) -> None:
        name = self._call_name(node, self._aliases)
        self._apply("Call", node, call=node, qualname=name, name=name.rpartition(".")[2])

    def _function(self, node: ast.FunctionDef) -> None:
        self._apply("FunctionDef", node, function=node, qualname=node.name, name=node.name)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for each in node.names:
            if each.asname:
                self._aliases[each.asname] = each.name
            self._imports.add(each.name)
        self._imported_like.clear()
        self._apply("Import", node, module=node.names[-1].name)

    def _import_from(self, node: ast.ImportFrom) -> None:
        if node.module is None:
            self._import(node)
            return
        for each in node.names:
            name = f"{node.module}.{each.name}"
            self._aliases[each.asname or each.name] = name
            self._imports.add(name)
        self._imported_like.clear()
        self._apply("ImportFrom", node, module=node.module, name=node.names[-1].name)

    def _constant(self, node: Any) -> None:
        if not isinstance(node.value, str | bytes) or isinstance(node._bandit_parent, ast.Expr):  # a docstring
            return
        if isinstance(node.value, bytes):
            self._apply("Bytes", node, bytes=node.value)
        else:
            self._apply("Str", node, str=node.value)
