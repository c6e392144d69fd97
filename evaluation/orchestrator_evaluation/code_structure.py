"""How Python is built: nesting, repetition, dead branches, hidden state, and work repeated in loops. Pure, on the tree."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SMALLEST_REPEAT = 3
"""Fewer equal statements in a row than this are idiom, not repetition."""


class Structure(Struct, frozen=True):
    """Counts, each with what it counts in its name."""

    deepest_nesting: int = 0
    repeated_statements: int = 0
    constant_conditions: int = 0
    idle_branches: int = 0
    """``else: pass`` and the like."""
    most_arguments: int = 0
    hidden_state: int = 0
    """``global``, mutable default arguments."""
    broad_excepts: int = 0
    """``except`` without a type, or one that swallows everything silently."""
    stubs: int = 0
    """Functions whose body does nothing: ``pass``, ``...`` or ``raise NotImplementedError``."""
    functions: int = 0
    statements: int = 0
    loop_depth: int = 0
    costly_in_loop: tuple[str, ...] = ()
    """Operations that cost the size of their data, in a loop: ``list.pop(0)``, ``x in list``, string building."""


def read_structure(tree: ast.Module) -> Structure:
    """Measure a tree. Raises ``RecursionError`` on endless nesting."""
    nodes = list(ast.walk(tree))
    functions = [node for node in nodes if isinstance(node, _FUNCTIONS)]
    return Structure(
        deepest_nesting=max((_depth(node.body) for node in functions), default=_depth(tree.body)),
        repeated_statements=_repeated(nodes),
        constant_conditions=sum(
            1
            for node in nodes
            if isinstance(node, ast.If) and not any(isinstance(n, ast.Name) for n in ast.walk(node.test))
        ),
        idle_branches=sum(1 for node in nodes if isinstance(node, ast.If) and _idle(node.orelse)),
        most_arguments=max(
            (len(f.args.posonlyargs) + len(f.args.args) + len(f.args.kwonlyargs) for f in functions), default=0
        ),
        hidden_state=sum(isinstance(node, ast.Global) for node in nodes) + sum(_mutable_defaults(f) for f in functions),
        broad_excepts=sum(1 for node in nodes if isinstance(node, ast.ExceptHandler) and _broad(node)),
        stubs=sum(1 for f in functions if _is_stub(f)),
        functions=len(functions),
        statements=sum(isinstance(node, ast.stmt) for node in nodes),
        loop_depth=_loop_depth(tree.body),
        costly_in_loop=tuple(_costly(nodes)),
    )


def _depth(body: list[ast.stmt]) -> int:
    """Nested blocks; ``elif`` chains count once."""
    deepest = 0
    for node in body:
        if not isinstance(node, _BLOCKS):
            continue
        inner = _depth(getattr(node, "body", []) + getattr(node, "finalbody", []))
        rest = getattr(node, "orelse", [])
        chained = len(rest) == 1 and isinstance(rest[0], ast.If) and isinstance(node, ast.If)
        inner = max(inner, _depth(rest) - 1 if chained else _depth(rest))
        for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            inner = max(inner, _depth(part.body))
        deepest = max(deepest, 1 + inner)
    return deepest


def _bodies(nodes: list[ast.AST]) -> Iterator[list[ast.stmt]]:
    for node in nodes:
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                yield body


def _repeated(nodes: list[ast.AST]) -> int:
    """How many statements stand in a second copy of the same three statements in a row, or of one large block."""
    dumps: dict[int, str] = {}

    def shape(node: ast.stmt) -> str:
        if id(node) not in dumps:
            dumps[id(node)] = ast.dump(node)
        return dumps[id(node)]

    runs: Counter[tuple[str, ...]] = Counter()
    for body in _bodies(nodes):
        shapes = [shape(node) for node in body if not isinstance(node, (ast.Import, ast.ImportFrom))]
        # Long texts repeat by chance what is short: a run must carry some weight.
        starts = range(len(shapes) - _SMALLEST_REPEAT + 1)
        runs.update(tuple(shapes[i : i + _SMALLEST_REPEAT]) for i in starts)
        runs.update((text,) for text, node in zip(map(shape, body), body, strict=True) if _is_large(node))
    return sum((count - 1) * len(run) for run, count in runs.items() if count > 1)


def _is_large(node: ast.stmt) -> bool:
    return (
        isinstance(node, (*_BLOCKS, *_FUNCTIONS))
        and sum(isinstance(n, ast.stmt) for n in ast.walk(node)) >= _SMALLEST_REPEAT
    )


def _idle(body: list[ast.stmt]) -> bool:
    return len(body) == 1 and isinstance(body[0], ast.Pass)


def _mutable_defaults(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    defaults = [*function.args.defaults, *function.args.kw_defaults]
    return sum(isinstance(default, (ast.List, ast.Dict, ast.Set)) for default in defaults)


def _broad(handler: ast.ExceptHandler) -> bool:
    everything = handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id == "BaseException")
    silent = all(isinstance(node, (ast.Pass, ast.Continue)) for node in handler.body)
    swallowed = silent and isinstance(handler.type, ast.Name) and handler.type.id == "Exception"
    return everything or swallowed


def _is_stub(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if any(_last_name(d) in ("abstractmethod", "overload") for d in function.decorator_list):
        return False
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    if not body:
        return True
    only = body[0]
    raised = only.exc if isinstance(only, ast.Raise) else None
    unfinished = raised is not None and _last_name(raised) == "NotImplementedError"
    return len(body) == 1 and (isinstance(only, ast.Pass) or unfinished)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _loop_depth(body: list[ast.stmt]) -> int:
    deepest = 0
    for node in body:
        inner = max((_loop_depth(part) for part in _bodies([node])), default=0)
        for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            inner = max(inner, _loop_depth(part.body))
        deepest = max(deepest, inner + isinstance(node, _LOOPS))
    return deepest


def _costly(nodes: list[ast.AST]) -> Iterator[str]:
    lists = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.List, ast.ListComp))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    texts = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    seen: set[str] = set()
    for loop in (node for node in nodes if isinstance(node, (*_LOOPS, *_COMPREHENSIONS))):
        for node in ast.walk(loop):
            what = _cost(node, lists, texts)
            if what and (key := f"{what} in line {getattr(node, 'lineno', 0)}") not in seen:
                seen.add(key)
                yield key


def _cost(node: ast.AST, lists: set[str], texts: set[str]) -> str:
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        right = node.comparators[0]
        return "a search through a list" if isinstance(right, ast.Name) and right.id in lists else ""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name):
        return "a string built piece by piece" if node.target.id in texts else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        first = node.args[0] if node.args else None
        zero = isinstance(first, ast.Constant) and first.value == 0
        if node.func.attr in ("pop", "insert") and zero:
            return "a list shifted from its front"
        on_list = isinstance(node.func.value, ast.Name) and node.func.value.id in lists
        if node.func.attr in ("count", "index") and on_list:
            return "a search through a list"
        if node.func.attr == "compile" and isinstance(node.func.value, ast.Name) and node.func.value.id == "re":
            return "a pattern compiled again"
    return ""
