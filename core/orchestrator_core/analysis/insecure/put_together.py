"""Texts and paths that are put together from parts: sums, f-strings, joined folders."""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING

from orchestrator_core.analysis.insecure.values import (
    CONSTANT,
    HANDED_IN,
    HOST,
    LINE,
    PATH,
    UNKNOWN,
    Value,
    cleaned,
    joined,
)

if TYPE_CHECKING:
    from orchestrator_core.analysis.insecure.evaluating import Evaluating

_MAX_PARTS = 200


def binary(evaluator: Evaluating, node: ast.BinOp, depth: int) -> Value:
    """A sum, a path made with ``/``, a text filled with ``%``."""
    parts: list[ast.AST] = []
    left: ast.AST = node
    while isinstance(left, ast.BinOp) and len(parts) < _MAX_PARTS:
        parts.append(left.right)
        left = left.left
    first = evaluator.value(left, depth)
    if isinstance(node.op, ast.Mod) and first.made.endswith(("Markup()", "SafeString()")):
        return first
    values = [first, *(evaluator.value(part, depth) for part in reversed(parts))]
    head = first.head
    if isinstance(node.op, ast.Mod):
        head = head.partition("%")[0]
    elif first.levels[HOST] < HANDED_IN:  # behind what a stranger begins nothing is at the head
        for value, part in zip(values[1:], reversed(parts), strict=True):
            head += value.head
            if not isinstance(part, ast.Constant):
                break
    if isinstance(node.op, ast.Div):
        return joined_path(values, f"{first.made or 'pathlib.Path()'}.joined()")
    return joined(values, head)


def formatted(evaluator: Evaluating, node: ast.JoinedStr, depth: int) -> Value:
    """An f-string."""
    values, head, open_head = [], "", True
    for part in islice(node.values, _MAX_PARTS):
        if isinstance(part, ast.FormattedValue):
            value = evaluator.value(part.value, depth)
            if part.conversion in (ord("r"), ord("a")):
                value = cleaned(value, (LINE,))
            spec = part.format_spec
            if isinstance(spec, ast.JoinedStr) and spec.values and _is_number_format(spec.values[-1]):
                value = CONSTANT
            values.append(value)
            if open_head:
                head += value.head
                open_head = bool(value.head) and value.levels == CONSTANT.levels
        elif open_head and isinstance(part, ast.Constant) and isinstance(part.value, str):
            head += part.value
    return joined(values, head)


def joined_path(parts: list[Value], made: str) -> Value:
    """A folder that the caller hands in is the caller's choice; what is joined to it is what must not lead out of it."""
    first, *others = parts
    if first.levels[PATH] == HANDED_IN and others:
        first = first._replace(levels=first.levels[:PATH] + bytes([UNKNOWN]) + first.levels[PATH + 1 :])
    return joined([first, *others], first.head)._replace(made=made)


def _is_number_format(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value[-1:] in tuple("dxXobeEfFgGn%")
