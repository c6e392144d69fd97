"""Code nothing reaches or uses. vulture names the candidates; what frameworks, exports and texts may use is taken out again."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from orchestrator_core.analysis.file_roles import is_support_file
from orchestrator_core.analysis.imports import ModuleFacts, module_facts
from orchestrator_core.analysis.syntax import mute_parse_warnings
from orchestrator_core.errors import MissingDependency

_PREFIX = "<unknown>/"
"""The name under which texts are parsed; the filter that keeps Python's own warnings quiet matches it."""

_INERT_DECORATORS = frozenset(
    {
        "property", "cached_property", "staticmethod", "classmethod", "cache", "lru_cache", "wraps", "contextmanager",
        "asynccontextmanager", "final", "overload", "deprecated",
        "singledispatch", "total_ordering", "dataclass", "runtime_checkable", "no_type_check",
    }
)  # fmt: skip
"""Decorators that hand the function to nobody. Any other may register it, so its function counts as used."""
_PLAIN_BASES = frozenset({"object", "ABC", "Generic", "Exception", "Struct", "Enum"})
_HOOK_PREFIXES = ("pytest_", "visit_", "do_", "handle_")
_KINDS = {"function": "function", "class": "class", "method": "method", "property": "property"}


class Unused(Struct, frozen=True):
    """A definition nothing uses, or a statement nothing reaches (``kind`` is ``unreachable``)."""

    path: str
    line: int
    kind: str
    name: str
    message: str
    private: bool


class Source(Struct, frozen=True, dict=True):
    """One parsed file."""

    text: str
    tree: ast.Module

    @cached_property
    def facts(self) -> ModuleFacts:
        """What :func:`module_facts` reads: gathered when it is first asked for, since half of the agents never do."""
        return module_facts(self.tree)


def find_unused(sources: Mapping[str, Source], texts: Iterable[str] = ()) -> tuple[list[Unused], list[str]]:
    """Unused definitions and unreachable statements of product code, and the files that were too deep to look into.

    ``texts`` are the project's other files (settings, documentation): a name they mention counts as used, since entry points and
    documented interfaces are used from outside. Tests and tooling count as users but are not reported.

    Raises:
        MissingDependency: vulture is not installed.
    """
    try:
        from vulture import Vulture
    except ImportError as error:
        raise MissingDependency("vulture", "The search for dead code", str(error)) from error

    mute_parse_warnings()
    engine: Any = Vulture()
    left_out: list[str] = []
    for path, source in sources.items():
        if path.endswith(".pyi"):
            continue
        try:
            engine.scan(source.text, filename=_PREFIX + path)
        except (RecursionError, ValueError, MemoryError):
            left_out.append(path)
    _add_known_users(engine, sources.values())

    mentioned = set[str]()
    for source in sources.values():
        mentioned.update(_words(source.facts.strings))
        mentioned.update(name for found in source.facts.imports for name in found.names)
    for text in texts:
        mentioned.update(re.findall(r"[A-Za-z_]\w+", text))
    # "parse_" as a text of its own is the first half of getattr(self, "parse_" + kind)
    spelled = {
        word
        for source in sources.values()
        for word in source.facts.strings
        if word.isidentifier() and word.endswith("_")
    }
    prefixes = (*_HOOK_PREFIXES, *sorted(word for word in spelled if len(word.strip("_")) > 1))

    definitions: dict[str, dict[int, _Definition]] = {}
    found: list[Unused] = []
    for item in engine.get_unused_code(min_confidence=60):
        path = str(item.filename).replace("\\", "/").removeprefix(_PREFIX)
        if path not in sources or is_support_file(path):
            continue
        name, line = str(item.name), int(item.first_lineno)
        if item.typ == "unreachable_code":
            if _makes_a_generator(sources[path].text, line, int(item.last_lineno)):
                continue
            found.append(Unused(path, line, "unreachable", name, str(item.message), True))
            continue
        if item.typ not in _KINDS or name in mentioned or name.startswith(prefixes):
            continue
        if name.startswith("_") and name.endswith("_"):  # called by a protocol, such as Jupyter's _repr_html_
            continue
        if path not in definitions:
            definitions[path] = _definitions(sources[path].tree)
        definition = definitions[path].get(line)
        if definition is None or definition.used_from_outside:
            continue
        # a class of a private module may be public by another name, so only its methods' own names tell
        hidden = item.typ in {"function", "class"} and any(
            p.startswith("_") for p in path.removesuffix(".py").split("/") if p != "__init__"
        )
        private = name.startswith("_") or hidden
        found.append(
            Unused(path, line, _KINDS[item.typ], name, f"nothing here uses the {_KINDS[item.typ]} `{name}`", private)
        )
    return found, left_out


def _add_known_users(engine: Any, sources: Iterable[Source]) -> None:
    """vulture's own lists of names that the standard library calls (``visit_*`` of ``ast``, ``do_GET`` ...)."""
    import pkgutil

    for name in sorted(
        {found.module.partition(".")[0] for source in sources for found in source.facts.imports if not found.level}
    ):
        if not name.isidentifier():
            continue
        try:
            data = pkgutil.get_data("vulture", f"whitelists/{name}_whitelist.py")
        except OSError:
            continue
        if data:
            engine.scan(data.decode("utf-8"), filename=f"{_PREFIX}whitelists/{name}_whitelist.py")


def _words(strings: Iterable[str]) -> Iterable[str]:
    """Identifiers in text constants that look like names or paths (``pkg.mod:function``), not like prose."""
    for text in strings:
        if (text and " " not in text.strip()) or ("[" in text and len(text) < 80):
            yield from re.findall(r"[A-Za-z_]\w*", text)


def _makes_a_generator(text: str, first: int, last: int) -> bool:
    """``raise NotImplementedError`` before a bare ``yield``: the yield is there to make the function a generator."""
    lines = [line.strip() for line in text.split("\n")[first - 1 : last]]
    return bool(lines) and lines[0].startswith("yield")


class _Definition(Struct, frozen=True):
    used_from_outside: bool


def _definitions(tree: ast.Module) -> dict[int, _Definition]:
    """Every function and class by its first line (decorators included)."""
    own_classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    result: dict[int, _Definition] = {}
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, foreign = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            registered = any(_last_name(d) not in _INERT_DECORATORS for d in node.decorator_list)
            result[first] = _Definition(registered or foreign)
            foreign = isinstance(node, ast.ClassDef) and _has_foreign_base(node, own_classes, set())
        stack += ((child, foreign) for child in ast.iter_child_nodes(node))
    return result


def _has_foreign_base(node: ast.ClassDef, own: Mapping[str, ast.ClassDef], seen: set[str]) -> bool:
    """A class from elsewhere may call any method; a Protocol's or an abstract method is a promise, not code."""
    seen.add(node.name)
    for base in node.bases:
        name = _last_name(base)
        if name in own and name not in seen:
            if _has_foreign_base(own[name], own, seen):
                return True
        elif name not in _PLAIN_BASES:
            return True
    return any(keyword.arg in {None, "metaclass"} for keyword in node.keywords)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call | ast.Subscript):
        return _last_name(node.func if isinstance(node, ast.Call) else node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
