"""What the value of one kind of expression is asked of: the evaluator of a function, as the modules for each kind of expression see it."""

from __future__ import annotations

import ast
from typing import Protocol

from orchestrator_core.analysis.insecure.names import Names
from orchestrator_core.analysis.insecure.short_functions import ShortFunction
from orchestrator_core.analysis.insecure.values import Value


class Evaluating(Protocol):
    """Values of expressions, given those of variables; ``taint.Evaluator`` says what each attribute is."""

    names: Names
    variables: dict[str, Value]
    module: ast.Module | None
    whole: dict[str, Value]
    short: dict[str, ShortFunction] | None
    inside: int
    in_handler: bool

    def dotted(self, node: ast.AST) -> str: ...

    def value(self, node: ast.AST | None, depth: int = 0) -> Value: ...
