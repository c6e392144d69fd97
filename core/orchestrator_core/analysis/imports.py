"""What a module imports, when it does so, and which texts it holds: one walk over its tree."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterable
from io import BytesIO
from typing import Literal

from msgspec import Struct

Guard = Literal["", "optional", "typing"]
"""``optional``: the code copes without the module. ``typing``: only a type checker sees the import."""

_IMPORT_FAILURES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_MACHINE_TESTS = frozenset({"version_info", "platform", "find_spec", "implementation", "os.name"})
_BY_NAME = frozenset({"import_module", "__import__", "find_spec", "importorskip"})
MAX_STRING = 300
"""Longer text constants are prose or data, not the name of anything."""


class Import(Struct, frozen=True):
    """One import statement, or a call such as ``import_module("x")`` with a literal name.

    ``names`` are the names after ``from module import``, empty for ``import module``; ``level`` counts the leading dots.
    ``deferred`` is True inside a function or under a condition, where merely loading the module does not run it.
    """

    module: str
    names: tuple[str, ...]
    level: int
    line: int
    deferred: bool = False
    guard: Guard = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """Every dotted name this may refer to: ``from a import b`` may mean the module ``a.b``."""
        named = tuple(f"{self.module}.{name}" for name in self.names if name != "*")
        return (*named, self.module) if self.module else named


class ModuleFacts(Struct, frozen=True):
    """The imports of a module, its short text constants (docstrings left out), and whether it can be run as a script."""

    imports: tuple[Import, ...]
    strings: frozenset[str]
    runs_as_script: bool


def decode_source(data: bytes) -> str:
    """Python source as text, by its byte order mark or coding line.

    Raises:
        SyntaxError: the coding line names no known encoding, or the bytes do not fit it.
    """
    try:
        try:
            encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
        except SyntaxError:
            data.decode()  # where the bytes are the reason, this tells the place
            raise
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SyntaxError(f"byte 0x{data[error.start]:02x} is no valid {error.encoding}", ("", line, 0, "")) from None


def module_facts(tree: ast.Module) -> ModuleFacts:
    """Read a tree once. Total: any tree that ``ast.parse`` gave can be walked, however deep."""
    walk = _Walk()
    walk.stack.append((tree, False, ""))
    while walk.stack:
        walk.visit(*walk.stack.pop())
    walk.imports.sort(key=lambda found: (found.line, found.module))
    return ModuleFacts(tuple(walk.imports), frozenset(walk.strings), walk.script)


class _Walk:
    """Each node with what surrounds it: whether it is deferred, and its guard. No recursion, so no depth is too deep."""

    def __init__(self) -> None:
        self.imports: list[Import] = []
        self.strings: set[str] = set()
        self.script = False
        self.stack: list[tuple[ast.AST, bool, Guard]] = []

    def visit(self, node: ast.AST, deferred: bool, guard: Guard) -> None:
        match node:
            case ast.Import():
                self.imports += (Import(a.name, (), 0, node.lineno, deferred, guard) for a in node.names)
            case ast.ImportFrom():
                names = tuple(a.name for a in node.names)
                self.imports.append(Import(node.module or "", names, node.level, node.lineno, deferred, guard))
            case ast.Constant():
                if isinstance(node.value, str) and len(node.value) <= MAX_STRING:
                    self.strings.add(node.value)
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring, or a text nobody reads
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._enter(node, True, guard)
            case ast.Try() | ast.TryStar():
                optional: Guard = "optional" if guard != "typing" and _catches_import_failure(node.handlers) else guard
                self._push((*node.body, *node.handlers, *node.orelse), deferred, optional)
                self._push(node.finalbody, deferred, guard)
            case ast.With() | ast.AsyncWith():
                copes = guard != "typing" and any(_suppresses_import_failure(item.context_expr) for item in node.items)
                self._enter(node, deferred, "optional" if copes else guard)
            case ast.If():
                self.script = self.script or _is_main_test(node.test)
                then, otherwise = _branches(node.test, guard)
                self._push((node.test,), deferred, guard)
                self._push(node.body, True, then)
                self._push(node.orelse, True, otherwise)
            case ast.Call():
                self._import_by_name(node, guard)
                self._enter(node, deferred, guard)
            case _:
                self._enter(node, deferred, guard)

    def _enter(self, node: ast.AST, deferred: bool, guard: Guard) -> None:
        self._push(ast.iter_child_nodes(node), deferred, guard)

    def _push(self, nodes: Iterable[ast.AST], deferred: bool, guard: Guard) -> None:
        self.stack.extend((node, deferred, guard) for node in nodes)

    def _import_by_name(self, node: ast.Call, guard: Guard) -> None:
        if _called(node.func) in _BY_NAME and node.args and isinstance(node.args[0], ast.Constant):
            value = node.args[0].value
            if isinstance(value, str) and value and not value.startswith("."):
                self.imports.append(Import(value, (), 0, node.lineno, True, guard or "optional"))


def _called(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _exception_names(node: ast.expr | None) -> Iterable[str]:
    if node is None:
        return ("BaseException",)
    return (_called(part) for part in (node.elts if isinstance(node, ast.Tuple) else [node]))


def _catches_import_failure(handlers: list[ast.ExceptHandler]) -> bool:
    return any(name in _IMPORT_FAILURES for handler in handlers for name in _exception_names(handler.type))


def _suppresses_import_failure(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and _called(node.func) == "suppress"
        and any(_called(a) in _IMPORT_FAILURES for a in node.args)
    )


def _is_main_test(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == "__name__"


def _branches(test: ast.expr, guard: Guard) -> tuple[Guard, Guard]:
    """The guards of an ``if``'s two branches."""
    if guard == "typing":
        return guard, guard
    if _called(test) == "TYPE_CHECKING":
        return "typing", guard
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _called(test.operand) == "TYPE_CHECKING":
        return guard, "typing"
    words = {_called(part) for part in ast.walk(test)}
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Attribute) and test.left.attr == "name":
        words.add("os.name" if _called(test.left.value) == "os" else "")
    if words & _MACHINE_TESTS or any(word.upper().lstrip("_").startswith("HAS_") for word in words):
        return "optional", "optional"
    return guard, guard
