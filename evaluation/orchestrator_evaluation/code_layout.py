"""How Python looks to a reader: names, spacing, indentation, docstrings and annotations. Comments count for nothing. Pure."""

from __future__ import annotations

import ast
import io
import itertools
import re
import tokenize
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

_Node = TypeVar("_Node")

_LOOK_ALIKES = frozenset("lIO")
_USUAL_SHORT = frozenset("ijknmxyzabcdpqrstfwehvug_")
_SPACED = frozenset(("=", "==", "!=", "<", ">", "<=", ">=", "+=", "-=", "*=", "/=", "->", ":="))
_VAGUE = frozenset(
    ("tmp", "temp", "foo", "bar", "baz", "data2", "stuff", "thing", "thingy", "asdf", "xxx", "myvar", "val2")
)
_NUMBERED = re.compile(r"[A-Za-z]{1,4}_?\d{1,3}")
_WIDE = 100


class Layout(Struct, frozen=True):
    """Shares are from 0 to 1; 0 is best unless said otherwise."""

    unclear_names: float = 0.0
    """Of the names that the code gives itself: how many tell nothing, look-alikes (``l``, ``O``, ``I``) counted twice."""
    cramped: float = 0.0
    """Of the operators and commas that PEP 8 sets apart by a blank: how many are not."""
    odd_indent: bool = False
    wide_lines: float = 0.0
    packed_lines: float = 0.0
    """Lines with more than one statement."""
    undocumented: float = 0.0
    unannotated: float = 0.0
    odd_case: float = 0.0
    """Functions that are not in snake_case and classes that are not in CapWords."""


def read_layout(source: str, tree: ast.Module) -> Layout:
    """Measure a text that parses."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    public = [node for node in [*functions, *classes] if not node.name.startswith("_")]
    code_lines = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    cramped, packed = _spacing(source)
    wide = sum(1 for line in code_lines if len(line.partition("  #")[0]) > _WIDE)
    return Layout(
        unclear_names=_unclear(tree),
        cramped=cramped,
        odd_indent=_smallest_indent(code_lines) not in (0, 4),
        wide_lines=wide / len(code_lines) if code_lines else 0.0,
        packed_lines=packed / len(code_lines) if code_lines else 0.0,
        undocumented=_share(public, lambda node: not (ast.get_docstring(node, clean=False) or "").strip()),
        unannotated=_share(functions, lambda node: not _annotated(node)),
        odd_case=_share([*functions, *classes], _is_odd_case),
    )


def _share(nodes: Sequence[_Node], test: Callable[[_Node], bool]) -> float:
    return sum(1 for node in nodes if test(node)) / len(nodes) if nodes else 0.0


def _annotated(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    named = [a for a in arguments if a.arg not in ("self", "cls")]
    if not named:
        return node.returns is not None or node.name.startswith("__")
    return sum(a.annotation is not None for a in named) * 2 >= len(named)


def _is_odd_case(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    name = node.name.strip("_")
    if isinstance(node, ast.ClassDef):
        return bool(name) and (name[0].islower() or "_" in name)
    return any(char.isupper() for char in name) and not name.startswith(("visit_", "test", "do_", "setUp", "tearDown"))


def _given_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def _unclear(tree: ast.Module) -> float:
    names = {name for name in _given_names(tree) if name not in ("self", "cls", "_")}
    if not names:
        return 0.0
    return min(sum(_unclarity(name) for name in names) / len(names), 1.0)


def _unclarity(name: str) -> float:
    core = name.strip("_")
    if core and set(core) <= _LOOK_ALIKES:
        return 2.0
    if len(core) <= 1:
        # A single usual letter is fine where its scope is small; many of them together are not.
        return 0.35 if core.lower() in _USUAL_SHORT or not core else 0.8
    if name.lower() in _VAGUE or _NUMBERED.fullmatch(name):
        return 0.8
    return 0.4 if len(core) == 2 else 0.0


def _smallest_indent(lines: list[str]) -> int:
    previous, steps = 0, []
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        if line.startswith("\t"):
            return 4  # tabs are one level each, whatever their width
        if indent > previous and line.lstrip()[:1] not in ")]}":
            steps.append(indent - previous)
        previous = indent
    return max(set(steps), key=steps.count) if steps else 0


def _spacing(source: str) -> tuple[float, int]:
    """The share of cramped operators and commas, and the number of lines that hold two statements."""
    wanted = missing = packed = depth = 0
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return 0.0, 0
    for token, following in itertools.pairwise(tokens):
        if token.type != tokenize.OP:
            continue
        text = token.string
        depth += (text in "([{") - (text in ")]}")
        if text == ";":
            packed += following.type not in (tokenize.NEWLINE, tokenize.COMMENT)
        elif text == ",":
            if following.type not in (tokenize.NL, tokenize.COMMENT) and following.string not in (")", "]", "}"):
                wanted += 1
                missing += following.start == token.end
        elif text in _SPACED and not (text == "=" and depth):  # keyword arguments have no blanks
            line, start, end = token.line, token.start[1], token.end[1]
            wanted += 1
            missing += not (line[start - 1 : start].isspace() and line[end : end + 1].isspace())
    return (missing / wanted if wanted else 0.0), packed
