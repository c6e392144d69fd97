"""One pass over a module in the order of its statements: keeps what is known of each variable, and shows each place to the rules."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from orchestrator_core.analysis.insecure.block_ends import ends
from orchestrator_core.analysis.insecure.guards import Checked, checked_by_statement, narrowed
from orchestrator_core.analysis.insecure.handlers import answers, parameters
from orchestrator_core.analysis.insecure.names import Names, last_name
from orchestrator_core.analysis.insecure.passed_functions import passed
from orchestrator_core.analysis.insecure.rules import Rules
from orchestrator_core.analysis.insecure.site import Check, Report, Site, Where
from orchestrator_core.analysis.insecure.taint import Evaluator
from orchestrator_core.analysis.insecure.values import ANYTHING, ERROR, Value, cleaned, holding, joined

_MAX_WORK = 3_000_000
"""Copies of variables' values that branches may cost: some seconds of the most hostile text, never reached by a person's."""

_ADDS = frozenset(("append", "extend", "add", "update", "insert", "write"))
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class TooComplex(Exception):
    """A text whose branches and variables multiply beyond reason."""


class Flow:
    """Walks one module."""

    def __init__(self, rules: Rules, path: str) -> None:
        self.rules = rules
        self.report = Report(path)
        self.evaluator = Evaluator(Names())
        self.where = Where()
        self._work = 0
        self._later: list[tuple[_Function, str]] = []

    def run(self, tree: ast.Module) -> Report:
        """The whole module: its own statements first, since functions see what stands below them.

        Raises:
            TooComplex: the text was made to be expensive.
            RecursionError: it is nested too deep.
        """
        self.evaluator.module = tree
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.evaluator.names.add(node)
        self._block(tree.body)
        known = self.evaluator.variables
        self.evaluator.whole = known
        for function, in_class in self._later:
            self._copy(known)
            self._function(function, in_class)
        self.evaluator.variables = known
        return self.report

    # -- statements

    def _block(self, body: Sequence[ast.stmt], in_class: str = "") -> None:
        for statement in body:
            self._statement(statement, in_class)

    def _statement(self, node: ast.stmt, in_class: str) -> None:  # noqa: C901, PLR0912, PLR0915  # one case for each kind of statement
        match node:
            case ast.Expr():
                self._look(node.value)
                called = node.value.value if isinstance(node.value, ast.Await) else node.value
                if isinstance(called, ast.Call):
                    self._check_off(checked_by_statement(called))
                    self._mutated(called)
            case ast.Assign():
                self._look(node.value)
                self._show(self.rules.assignments, node)
                value = self.evaluator.value(node.value)
                self._add_origins(value, node.value, node.targets)
            case ast.AnnAssign():
                if node.value is not None:
                    self._look(node.value)
                    self._show(self.rules.assignments, node)
                    self._add_origins(self.evaluator.value(node.value), node.value, [node.target])
            case ast.AugAssign():
                self._look(node.value)
                self._show(self.rules.changes, node)
                name = self.evaluator.dotted(node.target)
                if name:
                    before = self.evaluator.value(node.target)
                    self._set(name, joined([before, self.evaluator.value(node.value)], before.head))
            case ast.Return():
                if node.value is not None:
                    self._look(node.value)
                    self._show(self.rules.returns, node)
            case ast.If():
                self._if(node)
            case ast.For() | ast.AsyncFor():
                self._look(node.iter)
                self._add_origins(
                    self.evaluator.value(node.iter)._replace(made="", head=""), node.iter, [node.target], whole=True
                )
                self._block(node.body)
                self._block(node.orelse)
            case ast.While():
                self._look(node.test)
                self._show(self.rules.loops, node)
                self._check_off(narrowed(node.test, self.evaluator)[0])
                self._block(node.body)
                self._block(node.orelse)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self._look(item.context_expr)
                    if item.optional_vars is not None:
                        self._add_origins(
                            self.evaluator.value(item.context_expr), item.context_expr, [item.optional_vars]
                        )
                self._block(node.body)
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._definition(node, in_class)
            case ast.ClassDef():
                for decorator in node.decorator_list:
                    self._look(decorator)
                bases = " ".join(self.evaluator.dotted(base) for base in node.bases) or "object"
                self._show(self.rules.classes, node)
                self._block(node.body, in_class=bases)
            case ast.Import() | ast.ImportFrom():
                self.evaluator.names.add(node)
            case ast.Match():
                self._match(node)
            case ast.Assert():
                self._look(node.test)
                self._show(self.rules.asserts, node)
                self._check_off(narrowed(node.test, self.evaluator)[0])
            case ast.Raise():
                if node.exc is not None:
                    self._look(node.exc)
            case ast.Delete():
                for target in node.targets:
                    self._look(target)
            case _:
                pass

    def _definition(self, node: _Function, in_class: str) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self._look(part)
        if self.where.node is None:
            self._later.append((node, in_class))
            return
        outer = self.evaluator.variables
        self._copy(outer)
        self._function(node, in_class)
        self.evaluator.variables = outer

    def _function(self, node: _Function, in_class: str) -> None:
        outer = self.where
        self.where = Where(node.name, node, answers(node, in_class, self.evaluator), in_class)
        self.evaluator.in_handler = "RequestHandler" in in_class or "HTTPRequest" in in_class
        self.evaluator.variables.update(parameters(node, self.where.answers, in_class))
        self._show(self.rules.functions, node)
        self._block(node.body)
        self.where = outer

    def _if(self, node: ast.If) -> None:
        before_merge: list[dict[str, Value]] = []
        while True:
            self._look(node.test)
            holds, fails = narrowed(node.test, self.evaluator)
            otherwise = self.evaluator.variables
            self._copy(otherwise)
            self._check_off(holds)
            self._block(node.body)
            if not ends(node.body):
                before_merge.append(self.evaluator.variables)
            self.evaluator.variables = otherwise
            self._check_off(fails)
            if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                node = node.orelse[0]
                continue
            break
        if node.orelse:
            self._block(node.orelse)
            if not ends(node.orelse) or not before_merge:
                before_merge.append(self.evaluator.variables)
        else:
            before_merge.append(self.evaluator.variables)
        self._merge(before_merge)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        start = self.evaluator.variables
        self._copy(start)
        self._block(node.body)
        self._block(node.orelse)
        after = self.evaluator.variables
        ways = [] if ends(node.body) and node.handlers else [after]
        for handler in node.handlers:
            self._copy(after)
            for name, value in start.items():
                mine = self.evaluator.variables.get(name)
                if mine is not None and mine is not value:
                    self.evaluator.variables[name] = joined([mine, value])._replace(made=mine.made)
            if handler.name:
                self.evaluator.variables[handler.name] = holding(ANYTHING, ERROR, 3)
            self._show(self.rules.handlers, handler)
            self._block(handler.body)
            if not ends(handler.body):
                ways.append(self.evaluator.variables)
        self._merge(ways or [after])
        self._block(node.finalbody)

    def _match(self, node: ast.Match) -> None:
        self._look(node.subject)
        before = self.evaluator.variables
        ways = []
        subjects = frozenset(n.id for n in ast.walk(node.subject) if isinstance(n, ast.Name))
        for case in node.cases:
            self._copy(before)
            if isinstance(case.pattern, ast.MatchValue | ast.MatchOr):
                self._check_off(((subjects, tuple(range(15))),))
            self._block(case.body)
            if not ends(case.body):
                ways.append(self.evaluator.variables)
        self._merge([*ways, before])

    # -- variables

    def _copy(self, variables: dict[str, Value]) -> None:
        self._spend(len(variables) + 1)
        self.evaluator.variables = dict(variables)

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > _MAX_WORK:
            raise TooComplex

    def _merge(self, ways: list[dict[str, Value]]) -> None:
        first, *others = ways
        for other in others:
            self._spend(len(other))
            for name, value in other.items():
                mine = first.get(name)
                if mine is None:
                    first[name] = value
                elif mine is not value:
                    first[name] = joined([mine, value], mine.head if mine.head == value.head else "")._replace(
                        made=mine.made or value.made
                    )
        self.evaluator.variables = first

    def _add_origins(self, value: Value, source: ast.expr, targets: Iterable[ast.expr], *, whole: bool = False) -> None:
        known = self.evaluator.variables
        origins = value.origins
        for inner in _loaded_names(source):
            if inner in known:
                origins |= {inner} | known[inner].origins
        value = value._replace(origins=origins)
        for target in targets:
            if isinstance(target, ast.Tuple | ast.List):
                parts = (
                    source.elts
                    if isinstance(source, ast.Tuple | ast.List) and len(source.elts) == len(target.elts) and not whole
                    else None
                )
                for number, part in enumerate(target.elts):
                    if parts is not None:
                        self._add_origins(self.evaluator.value(parts[number]), parts[number], [part])
                    else:
                        self._add_origins(value._replace(head=""), source, [part], whole=True)
            elif isinstance(target, ast.Subscript):
                name = self.evaluator.dotted(target.value)
                if name in known:
                    known[name] = joined([known[name], value])._replace(made=known[name].made)
            else:
                name = target.id if isinstance(target, ast.Name) else self.evaluator.dotted(target)
                if name:
                    self._set(name, value)

    def _set(self, name: str, value: Value) -> None:
        self.evaluator.variables[name] = value

    def _mutated(self, call: ast.Call) -> None:
        """``parts.append(x)`` makes ``parts`` as dangerous as ``x``."""
        if isinstance(call.func, ast.Attribute) and call.func.attr in _ADDS:
            name = self.evaluator.dotted(call.func.value)
            mine = self.evaluator.variables.get(name)
            if mine is not None:
                added = joined([mine, *(self.evaluator.value(a) for a in call.args)])
                self.evaluator.variables[name] = added._replace(made=mine.made)

    def _check_off(self, checked: Checked) -> None:
        """From here on these variables are harmless: they, what they were made from, and what was made from them."""
        known = self.evaluator.variables
        for names, purposes in checked:
            if not purposes:
                continue
            chosen = set(names)
            for name in names:
                if name in known:
                    chosen |= known[name].origins
            self._spend(len(known))
            for name, value in known.items():
                if name in chosen or value.origins & names:
                    known[name] = cleaned(value, purposes)

    # -- rules

    def _show(self, checks: tuple[Check, ...], node: ast.AST) -> None:
        for check in checks:
            check(Site(node, "", self.evaluator, self.where, self.report))

    def _look(self, expression: ast.expr) -> None:
        """Show each call and each text that is put together, inside one expression."""
        stack: list[ast.AST] = [expression]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Name | ast.Constant):
                continue
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.JoinedStr):
                self._show(self.rules.texts, node)
            elif isinstance(node, ast.Compare):
                self._show(self.rules.comparisons, node)
            elif isinstance(node, ast.Dict):
                self._show(self.rules.mappings, node)
            elif isinstance(node, ast.BinOp):
                self._show(self.rules.texts, node)
                left: ast.AST = node
                while isinstance(left, ast.BinOp):  # a sum is one text
                    stack.append(left.right)
                    left = left.left
                stack.append(left)
                continue
            elif isinstance(node, ast.NamedExpr):
                self._add_origins(self.evaluator.value(node.value), node.value, [node.target])
            elif isinstance(node, ast.IfExp):
                self._choice(node)
                continue
            elif isinstance(node, ast.Lambda):
                self._look_into(node)
                continue
            for field in node._fields:
                inner = getattr(node, field, None)
                if isinstance(inner, list):
                    stack.extend(part for part in inner if isinstance(part, ast.AST))
                elif isinstance(inner, ast.expr | ast.keyword | ast.comprehension):
                    stack.append(inner)

    def _choice(self, node: ast.IfExp) -> None:
        self._look(node.test)
        holds, fails = narrowed(node.test, self.evaluator)
        before = self.evaluator.variables
        for part, checked in ((node.body, holds), (node.orelse, fails)):
            self._copy(before)
            self._check_off(checked)
            self._look(part)
        self.evaluator.variables = before

    def _look_into(self, node: ast.Lambda) -> None:
        before = self.evaluator.variables
        self._copy(before)
        self.evaluator.variables.update(parameters(node, ""))
        self._look(node.body)
        self.evaluator.variables = before

    def _call(self, node: ast.Call) -> None:
        rules = self.rules
        name = self.evaluator.dotted(node.func)
        checks = rules.calls.get(name, ())
        last = last_name(node.func)
        if isinstance(node.func, ast.Name):  # `from hashlib import sha256 as s`
            last = self.evaluator.names.imported.get(last, last).rpartition(".")[2]
        methods = rules.methods.get(last, ())
        if not name and isinstance(node.func, ast.Attribute):
            name = node.func.attr
        site = Site(node, name, self.evaluator, self.where, self.report)
        for check in checks:
            check(site)
        for check in methods:
            if check not in checks:
                check(site)
        for check in rules.every_call:
            check(site)
        handed = passed(node)
        if handed is not None:
            self._call(handed)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            self._show(rules.texts, node)


def _loaded_names(node: ast.AST) -> Iterable[str]:
    stack = [node]
    while stack:
        inner = stack.pop()
        if isinstance(inner, ast.Name):
            yield inner.id
        elif not isinstance(inner, ast.Constant):
            stack.extend(ast.iter_child_nodes(inner))
