"""SQL texts that no request can change: put together from the module's own constants and placeholders only."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def fixed_query_lines(tree: ast.Module) -> frozenset[int]:
    """First lines of f-strings that hold only constants (names in capitals), placeholders and lists of them.

    A text made of names in small letters counts as changeable, wherever they come from: that is for a person to judge.
    """
    texts = list(_texts(tree))
    changeable = {
        line for node in texts if not _is_fixed(node) for line in range(node.lineno, (node.end_lineno or 0) + 1)
    }
    return frozenset(node.lineno for node in texts) - changeable


def _texts(node: ast.AST) -> Iterator[ast.expr]:
    """F-strings, each with what is added to it, formatted into it or called on it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr | ast.BinOp) or (
            isinstance(child, ast.Attribute) and isinstance(child.value, ast.JoinedStr)
        ):
            yield child
        else:
            yield from _texts(child)


def _is_fixed(node: ast.AST) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name.isupper()
        case ast.FormattedValue(value=value) | ast.Starred(value=value):
            return _is_fixed(value)
        case ast.JoinedStr(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            return all(_is_fixed(value) for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_fixed(left) and _is_fixed(right)
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mult()):
            return True  # a row of placeholders: the number says how many, not what
        case ast.Call(func=ast.Name(id="len")):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="join"), args=[parts], keywords=[]):
            return _is_fixed(parts)
        case _:
            return False
