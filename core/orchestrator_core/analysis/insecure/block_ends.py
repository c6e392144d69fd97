"""Where a block of statements leaves its function or loop."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from orchestrator_core.analysis.insecure.names import last_name

_ENDS = frozenset(("abort", "exit", "_exit", "fail", "quit", "error", "send_error", "bad_request"))


def ends(body: Sequence[ast.stmt]) -> bool:
    """Whether nothing after a block runs."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break):
        return True
    if isinstance(last, ast.If) and last.orelse:
        return ends(last.body) and ends(last.orelse)
    return isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and last_name(last.value.func) in _ENDS
