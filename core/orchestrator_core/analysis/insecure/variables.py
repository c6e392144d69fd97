"""What is known of each variable while a program goes by: copies for branches, what they leave, checks, changes in place."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from orchestrator_core.analysis.insecure.guards import Checked
from orchestrator_core.analysis.insecure.taint import Evaluator
from orchestrator_core.analysis.insecure.values import Value, cleaned, joined

_MAX_WORK = 3_000_000
"""Copies of variables' values that branches may cost: some seconds of the most hostile text, never reached by a person's."""

_ADDS = frozenset(("append", "extend", "add", "update", "insert", "write"))


class TooComplex(Exception):
    """A text whose branches and variables multiply beyond reason."""


class Variables:
    """Changes the variables of an evaluator; raises ``TooComplex`` where that was made to be expensive."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._work = 0

    def copy(self, variables: dict[str, Value]) -> None:
        """Go on with a copy of these: what a branch changes stays in it."""
        self._spend(len(variables) + 1)
        self.evaluator.variables = dict(variables)

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > _MAX_WORK:
            raise TooComplex

    def merge(self, ways: list[dict[str, Value]]) -> None:
        """Go on with what any of several ways may have left: the worst of each variable."""
        first, *others = ways
        for other in others:
            self._spend(len(other))
            for name, value in other.items():
                mine = first.get(name)
                if mine is None:
                    first[name] = value
                elif mine is not value:
                    first[name] = joined([mine, value], mine.head if mine.head == value.head else "")._replace(
                        made=mine.made or value.made
                    )
        self.evaluator.variables = first

    def assign(self, value: Value, source: ast.expr, targets: Iterable[ast.expr], *, whole: bool = False) -> None:
        """Give targets a value, and note from which variables it was made; ``whole`` where each target gets a part of it."""
        known = self.evaluator.variables
        origins = value.origins
        for inner in _loaded_names(source):
            if inner in known:
                origins |= {inner} | known[inner].origins
        value = value._replace(origins=origins)
        for target in targets:
            if isinstance(target, ast.Tuple | ast.List):
                parts = (
                    source.elts
                    if isinstance(source, ast.Tuple | ast.List) and len(source.elts) == len(target.elts) and not whole
                    else None
                )
                for number, part in enumerate(target.elts):
                    if parts is not None:
                        self.assign(self.evaluator.value(parts[number]), parts[number], [part])
                    else:
                        self.assign(value._replace(head=""), source, [part], whole=True)
            elif isinstance(target, ast.Subscript):
                name = self.evaluator.dotted(target.value)
                if name in known:
                    known[name] = joined([known[name], value])._replace(made=known[name].made)
            else:
                name = target.id if isinstance(target, ast.Name) else self.evaluator.dotted(target)
                if name:
                    known[name] = value if whole else value._replace(test=_test(source))

    def mutated(self, call: ast.Call) -> None:
        """``parts.append(x)`` makes ``parts`` as dangerous as ``x``."""
        if isinstance(call.func, ast.Attribute) and call.func.attr in _ADDS:
            name = self.evaluator.dotted(call.func.value)
            mine = self.evaluator.variables.get(name)
            if mine is not None:
                added = joined([mine, *(self.evaluator.value(a) for a in call.args)])
                self.evaluator.variables[name] = added._replace(made=mine.made)

    def check_off(self, checked: Checked) -> None:
        """From here on these variables are harmless: they, what they were made from, and what was made from them."""
        known = self.evaluator.variables
        for names, purposes in checked:
            if not purposes:
                continue
            chosen = set(names)
            for name in names:
                if name in known:
                    chosen |= known[name].origins
            self._spend(len(known))
            for name, value in known.items():
                if name in chosen or value.origins & names:
                    known[name] = cleaned(value, purposes)


def _test(source: ast.expr) -> ast.expr | None:
    """The expression where it is a single test, whose result may be asked for later."""
    inner = source.operand if isinstance(source, ast.UnaryOp) and isinstance(source.op, ast.Not) else source
    return source if isinstance(inner, ast.Call | ast.Compare) else None


def _loaded_names(node: ast.AST) -> Iterable[str]:
    stack = [node]
    while stack:
        inner = stack.pop()
        if isinstance(inner, ast.Name):
            yield inner.id
        elif not isinstance(inner, ast.Constant):
            stack.extend(ast.iter_child_nodes(inner))
