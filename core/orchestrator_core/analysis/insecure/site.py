"""One place of a program as a rule sees it, and where the rule says what it thinks of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from orchestrator_core.analysis.findings import CodeFinding
from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.taint import Evaluator
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, Value

if TYPE_CHECKING:
    from orchestrator_core.records import Severity


class Where(Struct, frozen=True):
    """The function around a place."""

    name: str = ""
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None = None
    answers: str = ""
    """``html`` where what it returns is sent to a browser as a page, ``data`` where it answers a request with anything else."""
    in_class: str = ""


class Report:
    """What was found in one text, and which of bandit's findings were looked at and found harmless."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[CodeFinding] = []
        self.harmless: dict[str, set[int]] = {}
        self.confirmed: dict[str, set[int]] = {}
        self.words: dict[ast.AST, dict[str, int]] = {}
        """For each function that was asked about, the names in it and the first line of each."""
        self.looks: dict[tuple[str, int], int] = {}
        """How often a rule went through a whole function."""


class Site:
    """One call or statement, with the values that its variables have there."""

    __slots__ = ("evaluator", "name", "node", "report", "where")

    def __init__(self, node: ast.AST, name: str, evaluator: Evaluator, where: Where, report: Report) -> None:
        self.node = node
        self.name = name
        self.evaluator = evaluator
        self.where = where
        self.report = report

    @property
    def call(self) -> ast.Call:
        assert isinstance(self.node, ast.Call)  # noqa: S101 - rules for calls are given calls
        return self.node

    @property
    def last(self) -> str:
        """The last part of what is called, also where it was imported under another name."""
        func = self.call.func
        if isinstance(func, ast.Name):
            return self.evaluator.names.imported.get(func.id, func.id).rpartition(".")[2]
        return self.name.rpartition(".")[2] if isinstance(func, ast.Call) else last_name(func)

    def uses(self, *packages: str) -> bool:
        """Whether one of these packages is imported."""
        return any(self.evaluator.names.uses(package) for package in packages)

    def words(self) -> dict[str, int]:
        """Names, attributes, keywords and texts of the function around the place, or of the module, and where each stands first."""
        scope = self.where.node or self.evaluator.module
        if scope is None:
            return {}
        known = self.report.words.get(scope)
        if known is None:
            known = self.report.words[scope] = _words(scope)
        return known

    def may_look(self, rule: str, times: int = 40) -> bool:
        """Whether a rule may go through the function around the place once more: a text of thousands of such places is made to cost."""
        place = (rule, id(self.where.node))
        self.report.looks[place] = looks = self.report.looks.get(place, 0) + 1
        return looks <= times

    def mentions(self, *names: str) -> bool:
        """Whether the function around the place, or the module, holds one of these names."""
        known = self.words()
        return any(name in known for name in names)

    def argument(self, position: int, *keywords: str) -> ast.expr | None:
        """A call's argument by place or by name; None where it is not given."""
        if position >= 0 and position < len(self.call.args) and not isinstance(self.call.args[position], ast.Starred):
            return self.call.args[position]
        return next((k.value for k in self.call.keywords if k.arg in keywords), None)

    def keyword(self, name: str) -> ast.expr | None:
        return self.argument(-1, name)

    def text(self, node: ast.AST | None) -> str | None:
        """The constant text that a node gives, also through a variable; None where it is not constant."""
        direct = constant_text(node)
        if direct is not None or node is None or isinstance(node, ast.Constant):
            return direct
        value = self.value(node)
        return value.head if value.head and not any(value.levels) else None

    def value(self, node: ast.AST | None) -> Value:
        return self.evaluator.value(node)

    def level(self, node: ast.AST | None, purpose: int) -> int:
        """How far a stranger decides it: ``FIXED`` to ``FROM_OUTSIDE``."""
        return self.evaluator.value(node).levels[purpose]

    def dotted(self, node: ast.AST | None) -> str:
        return self.evaluator.dotted(node) if node is not None else ""

    def found(
        self,
        rule: str,
        message: str,
        severity: Severity,
        cwe: int,
        fix: str,
        *,
        confidence: float = 0.8,
        at: ast.AST | None = None,
    ) -> None:
        """Report an insecure place. ``rule`` is the own name; messages never quote a value."""
        line = getattr(at or self.node, "lineno", 0)
        self.report.findings.append(
            CodeFinding(rule, message, self.report.path, line, severity, f"CWE-{cwe}", confidence, fix)
        )

    def by_level(
        self, level: int, rule: str, message: str, cwe: int, fix: str, *, handed_in: Severity = "medium"
    ) -> None:
        """Report by how far a stranger decides: high from outside, ``handed_in`` for a parameter, nothing below."""
        if level >= FROM_OUTSIDE:
            self.found(rule, f"{message} that comes from outside", "high", cwe, fix, confidence=0.9)
        elif level == HANDED_IN:
            self.found(rule, f"{message} that the caller hands in", handed_in, cwe, fix, confidence=0.5)

    def judged(self, tests: tuple[str, ...], harmless: bool) -> None:
        """Tell what this place is worth of which bandit knows less: findings of these tests at its lines."""
        node = self.node
        lines = range(getattr(node, "lineno", 0), (getattr(node, "end_lineno", 0) or 0) + 1)
        table = self.report.harmless if harmless else self.report.confirmed
        for test in tests:
            table.setdefault(test, set()).update(lines)


def _words(scope: ast.AST) -> dict[str, int]:
    found: dict[str, int] = {}
    stack = [scope]
    while stack:
        node = stack.pop()
        kind = type(node)
        word: object = None
        if kind is ast.Name:
            word = node.id  # type: ignore[attr-defined]
        elif kind is ast.Constant:
            word = constant_text(node)
        else:
            if kind is ast.Attribute:
                word = node.attr  # type: ignore[attr-defined]
            elif kind is ast.arg or kind is ast.keyword:
                word = node.arg  # type: ignore[attr-defined]
            for field in node._fields:
                inner = getattr(node, field, None)
                if isinstance(inner, list):
                    stack.extend(part for part in inner if isinstance(part, ast.AST))
                elif isinstance(inner, ast.AST) and field not in ("ctx", "op"):
                    stack.append(inner)
        if word:
            line = getattr(node, "lineno", 0)
            if found.setdefault(word, line) > line:  # type: ignore[arg-type]
                found[word] = line  # type: ignore[index]
    return found


Check = Callable[[Site], None]
"""Looks at one place."""


class Family(Struct, frozen=True):
    """The rules of one file, by what they look at."""

    calls: Mapping[str, Check] = {}
    """By the dotted name of what is called."""
    methods: Mapping[str, Check] = {}
    """By the last part of the name, where the receiver may be anything."""
    every_call: tuple[Check, ...] = ()
    assignments: tuple[Check, ...] = ()
    returns: tuple[Check, ...] = ()
    functions: tuple[Check, ...] = ()
    handlers: tuple[Check, ...] = ()
    """Exception handlers."""
    texts: tuple[Check, ...] = ()
    """Texts that are put together: f-strings, sums, ``%`` and ``format``."""
    asserts: tuple[Check, ...] = ()
    alone: tuple[Check, ...] = ()
    """Calls that stand as a statement: nobody looks at what they give."""
    comparisons: tuple[Check, ...] = ()
    loops: tuple[Check, ...] = ()
    """``while`` statements."""
    classes: tuple[Check, ...] = ()
    changes: tuple[Check, ...] = ()
    """``x += y`` and its like."""
    mappings: tuple[Check, ...] = ()
    """Dictionaries that are written out."""
