"""How hard a text's functions are to follow: cyclomatic (radon) and cognitive (complexipy) complexity.

Cyclomatic: McCabe, "A Complexity Measure", IEEE TSE 1976. Cognitive: Campbell, "Cognitive Complexity", SonarSource 2018.
Maintainability: the index of Oman and Hagemeister (1992) as radon scales it, 0 to 100, where 100 is best.
"""

from __future__ import annotations

import ast
from typing import Any

from msgspec import Struct

from orchestrator_core.analysis.syntax import parse, plain
from orchestrator_core.errors import MissingDependency

_LONGEST_STATEMENT = 50
"""A text with a longer statement (in lines) is data rather than code, and radon reads a statement's first line again for each
further one: minutes for a table of some thousand lines."""


class FunctionComplexity(Struct, frozen=True):
    """One function or method. Functions nested in it count as part of it, in both figures."""

    name: str
    """With its classes: ``Cart.total``."""
    line: int
    """Where its ``def`` stands, 1-based."""
    cyclomatic: int
    cognitive: int | None
    """None where complexipy does not list the function (one defined inside an ``if`` or ``try``)."""
    lines: int = 1
    """From ``def`` to its last line."""


class Complexity(Struct, frozen=True):
    """What one text measures; ``error`` says why nothing could be measured."""

    functions: tuple[FunctionComplexity, ...] = ()
    maintainability: float | None = None
    """None for tables of data, too."""
    error: str = ""


def measure(source: str) -> Complexity:
    """Measure one Python text, functions in line order. About 8 ms of CPU per hundred lines.

    A syntax error, endless nesting or a crash of either library is an ``error``, never raised.

    Raises:
        MissingDependency: radon or complexipy is absent or broken.
    """
    source = plain(source)
    parsed = parse(source)
    if parsed.tree is None:
        return Complexity(error=parsed.error)
    try:
        return Complexity(_functions(source, parsed.tree), _maintainability(source, parsed.tree))
    except RecursionError:
        return Complexity(error="cannot be measured: nested too deeply")


def _functions(source: str, tree: ast.Module) -> tuple[FunctionComplexity, ...]:
    try:
        from radon.visitors import ComplexityVisitor  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingDependency("radon", "the complexity measure", str(error)) from error
    measured = _cognitive(source)
    ends = {n.lineno: n.end_lineno for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    found: list[FunctionComplexity] = []
    for block in _methods_and_functions(ComplexityVisitor.from_ast(tree, no_assert=True).blocks):
        name = f"{block.classname}.{block.name}" if block.classname else str(block.name)
        # By place as well: one name may be defined twice, and complexipy counts the decorators as part of a function.
        cognitive = next(
            (value for first, last, value in measured.get(name, ()) if first <= block.lineno <= last), None
        )
        lines = (ends.get(block.lineno) or block.lineno) - block.lineno + 1
        found.append(FunctionComplexity(name, block.lineno, block.complexity, cognitive, lines))
    return tuple(sorted(found, key=lambda f: (f.line, f.name)))


def _methods_and_functions(blocks: list[Any], outer: str = "") -> list[Any]:
    functions: list[Any] = []
    for block in blocks:
        if hasattr(block, "methods"):
            name = f"{outer}.{block.name}" if outer else str(block.name)
            functions += [method._replace(classname=name) for method in block.methods]
            functions += _methods_and_functions(block.inner_classes, name)
        elif not block.is_method:
            functions.append(block)
    return functions


def _cognitive(source: str) -> dict[str, list[tuple[int, int, int]]]:
    """First line, last line and complexity by name."""
    try:
        from complexipy import code_complexity
    except ImportError as error:
        raise MissingDependency("complexipy", "the complexity measure", str(error)) from error
    found: dict[str, list[tuple[int, int, int]]] = {}
    try:
        functions = code_complexity(source, no_ignore=True, with_plans=False).functions
    except (ValueError, UnicodeError):
        return {}  # newer or odder syntax than complexipy's parser knows: radon's figure stands alone
    for function in functions:
        place = (function.line_start, function.line_end, function.complexity)
        found.setdefault(function.name.replace("::", "."), []).append(place)
    return found


def _maintainability(source: str, tree: ast.Module) -> float | None:
    if _longest_statement(tree) > _LONGEST_STATEMENT:
        return None
    from radon.metrics import h_visit_ast, mi_compute  # type: ignore[import-untyped]
    from radon.raw import analyze  # type: ignore[import-untyped]
    from radon.visitors import ComplexityVisitor

    try:
        raw = analyze(source)
    except (SyntaxError, ValueError, IndexError):
        return None  # radon tokenises line by line and trips over some valid texts
    comments = (raw.comments + raw.multi) / raw.sloc * 100 if raw.sloc else 0
    total = ComplexityVisitor.from_ast(tree).total_complexity
    return round(float(mi_compute(h_visit_ast(tree).total.volume, total, raw.lloc, comments)), 1)


def _longest_statement(tree: ast.Module) -> int:
    """In lines; of a statement with a body only its head counts."""
    longest = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno if isinstance(body, list) and body else node.end_lineno or node.lineno
            longest = max(longest, last - node.lineno)
    return longest
