"""How far a stranger decides what an expression gives, as far as one function alone can tell."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from orchestrator_core.analysis.insecure.called_values import called, of_environment
from orchestrator_core.analysis.insecure.guards import narrowed
from orchestrator_core.analysis.insecure.names import Names
from orchestrator_core.analysis.insecure.put_together import binary, formatted
from orchestrator_core.analysis.insecure.short_functions import ShortFunction
from orchestrator_core.analysis.insecure.sources import OF_REQUEST, source_of
from orchestrator_core.analysis.insecure.values import (
    ANYTHING,
    CONSTANT,
    HANDED_IN,
    HOST,
    OUTSIDE,
    PATH,
    SCHEME,
    SECRET,
    TYPE,
    Value,
    cleaned,
    constant,
    joined,
)

_MAX_DEPTH = 40
_MAX_PARTS = 200


class Evaluator:
    """Values of expressions, given those of variables. Makes no copy: ``variables`` is the flow's own, changed between statements."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.variables: dict[str, Value] = {}
        self.module: ast.Module | None = None
        self.whole: dict[str, Value] = {}
        """What the module's own names stand for, known after its last statement."""
        self.short: dict[str, ShortFunction] | None = None
        """Short functions of the text, once they were asked for."""
        self.inside = 0
        """How many of them are being followed."""
        self.in_handler = False
        """Inside a class that answers requests."""

    def dotted(self, node: ast.AST) -> str:
        return self.names.dotted(node, self.variables)

    def value(self, node: ast.AST | None, depth: int = 0) -> Value:
        """Total: what is too deep or not understood is ``ANYTHING``."""
        if node is None:
            return CONSTANT
        if isinstance(node, ast.Constant):
            return constant(node.value)
        if depth > _MAX_DEPTH:
            return ANYTHING
        handler = _KINDS.get(type(node))
        if handler is None:
            return CONSTANT if isinstance(node, ast.Compare | ast.UnaryOp) else ANYTHING
        return handler(self, node, depth + 1)


def _name(evaluator: Evaluator, node: ast.Name, _depth: int) -> Value:
    known = evaluator.variables.get(node.id)
    if known is not None:
        return known
    # A name in capitals is a constant that is imported or defined further down.
    return CONSTANT if node.id.isupper() else ANYTHING._replace(made=evaluator.names.imported.get(node.id, ""))


def _attribute(evaluator: Evaluator, node: ast.Attribute, depth: int) -> Value:
    name = evaluator.dotted(node)
    if name:
        kept = evaluator.variables.get(name)
        if kept is not None:
            return kept
        found = source_of(name, in_handler=evaluator.in_handler)
        if found is not None:
            return found
    if node.attr.isupper() and node.attr not in OF_REQUEST:
        return CONSTANT
    base = evaluator.value(node.value, depth)
    if node.attr in ("filename", "name") and (base.levels[TYPE] > HANDED_IN > base.levels[PATH]):
        return OUTSIDE._replace(made=name)
    if node.attr in ("file", "stream"):  # an open file, neither a name of one nor an address
        return cleaned(base._replace(head="", made=name), (PATH, HOST, SCHEME))
    if node.attr in ("name", "stem", "suffix") and "Path()" in base.made:
        return cleaned(base, (PATH,))
    return (
        base._replace(head="", made=name)
        if base.levels != ANYTHING.levels
        else ANYTHING._replace(made=name, origins=base.origins)
    )


def _subscript(evaluator: Evaluator, node: ast.Subscript, depth: int) -> Value:
    value = evaluator.value(node.value, depth)
    if value.levels[SECRET]:
        return of_environment(value, node.slice)
    return value._replace(head="")


def _choice(evaluator: Evaluator, node: ast.IfExp, depth: int) -> Value:
    checked, checked_otherwise = narrowed(node.test, evaluator)
    body, other = evaluator.value(node.body, depth), evaluator.value(node.orelse, depth)
    for names, purposes in checked:
        if _mentions(node.body, names):
            body = cleaned(body, purposes)
    for names, purposes in checked_otherwise:
        if _mentions(node.orelse, names):
            other = cleaned(other, purposes)
    return joined((body, other))


def _several(evaluator: Evaluator, node: ast.List | ast.Tuple | ast.Set | ast.BoolOp, depth: int) -> Value:
    parts = node.values if isinstance(node, ast.BoolOp) else node.elts
    return joined([evaluator.value(part, depth) for part in parts[:_MAX_PARTS]])


def _mapping(evaluator: Evaluator, node: ast.Dict, depth: int) -> Value:
    return joined(
        [
            evaluator.value(part, depth)
            for part in (*node.values[:_MAX_PARTS], *node.keys[:_MAX_PARTS])
            if part is not None
        ]
    )


def _comprehension(
    evaluator: Evaluator, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, depth: int
) -> Value:
    hidden: dict[str, Value | None] = {}
    for generator in node.generators:
        item = evaluator.value(generator.iter, depth)
        targets = [n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)]
        for name in targets:
            hidden.setdefault(name, evaluator.variables.get(name))
            evaluator.variables[name] = item._replace(made="")
        for test in generator.ifs:
            for checked, purposes in narrowed(test, evaluator)[0]:
                for name in checked & set(targets):
                    evaluator.variables[name] = cleaned(evaluator.variables[name], purposes)
    found = (
        joined([evaluator.value(node.key, depth), evaluator.value(node.value, depth)])
        if isinstance(node, ast.DictComp)
        else evaluator.value(node.elt, depth)
    )
    for name, before in hidden.items():
        if before is None:
            del evaluator.variables[name]
        else:
            evaluator.variables[name] = before
    return found._replace(head="", made="")


def _inner(
    evaluator: Evaluator, node: ast.Await | ast.Starred | ast.FormattedValue | ast.NamedExpr, depth: int
) -> Value:
    return evaluator.value(node.value, depth)


def _mentions(node: ast.AST, names: frozenset[str]) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node))


_KINDS: dict[type[ast.AST], Callable[[Evaluator, Any, int], Value]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: called,
    ast.BinOp: binary,
    ast.JoinedStr: formatted,
    ast.IfExp: _choice,
    ast.List: _several,
    ast.Tuple: _several,
    ast.Set: _several,
    ast.BoolOp: _several,
    ast.Dict: _mapping,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.FormattedValue: _inner,
    ast.NamedExpr: _inner,
}
