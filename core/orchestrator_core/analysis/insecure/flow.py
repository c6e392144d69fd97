"""One pass over a module in the order of its statements: keeps what is known of each variable, and shows each place to the rules."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from orchestrator_core.analysis.insecure.block_ends import ends
from orchestrator_core.analysis.insecure.guards import checked_by_statement, narrowed
from orchestrator_core.analysis.insecure.handlers import answers, parameters
from orchestrator_core.analysis.insecure.names import Names
from orchestrator_core.analysis.insecure.places import Places
from orchestrator_core.analysis.insecure.rules import Rules
from orchestrator_core.analysis.insecure.site import Report, Where
from orchestrator_core.analysis.insecure.taint import Evaluator
from orchestrator_core.analysis.insecure.values import ANYTHING, ERROR, Value, holding, joined
from orchestrator_core.analysis.insecure.variables import Variables

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Flow:
    """Walks one module."""

    def __init__(self, rules: Rules, path: str) -> None:
        self.rules = rules
        self.evaluator = Evaluator(Names())
        self.variables = Variables(self.evaluator)
        self.places = Places(rules, self.evaluator, self.variables, path)
        self.report = self.places.report
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
            self.variables.copy(known)
            self._function(function, in_class)
        self.evaluator.variables = known
        return self.report

    def _block(self, body: Sequence[ast.stmt], in_class: str = "") -> None:
        for statement in body:
            self._statement(statement, in_class)

    def _statement(self, node: ast.stmt, in_class: str) -> None:  # noqa: C901, PLR0912, PLR0915  # one case for each kind of statement
        match node:
            case ast.Expr():
                self.places.look(node.value)
                called = node.value.value if isinstance(node.value, ast.Await) else node.value
                if isinstance(called, ast.Call):
                    self.places.show(self.rules.alone, called)
                    self.variables.check_off(checked_by_statement(called))
                    self.variables.mutated(called)
            case ast.Assign():
                self.places.look(node.value)
                self.places.show(self.rules.assignments, node)
                value = self.evaluator.value(node.value)
                self.variables.assign(value, node.value, node.targets)
            case ast.AnnAssign():
                if node.value is not None:
                    self.places.look(node.value)
                    self.places.show(self.rules.assignments, node)
                    self.variables.assign(self.evaluator.value(node.value), node.value, [node.target])
            case ast.AugAssign():
                self.places.look(node.value)
                self.places.show(self.rules.changes, node)
                name = self.evaluator.dotted(node.target)
                if name:
                    before = self.evaluator.value(node.target)
                    self.evaluator.variables[name] = joined([before, self.evaluator.value(node.value)], before.head)
            case ast.Return():
                if node.value is not None:
                    self.places.look(node.value)
                    self.places.show(self.rules.returns, node)
            case ast.If():
                self._if(node)
            case ast.For() | ast.AsyncFor():
                self.places.look(node.iter)
                self.variables.assign(
                    self.evaluator.value(node.iter)._replace(made="", head=""), node.iter, [node.target], whole=True
                )
                self._block(node.body)
                self._block(node.orelse)
            case ast.While():
                self.places.look(node.test)
                self.places.show(self.rules.loops, node)
                self.variables.check_off(narrowed(node.test, self.evaluator)[0])
                self._block(node.body)
                self._block(node.orelse)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self.places.look(item.context_expr)
                    if item.optional_vars is not None:
                        self.variables.assign(
                            self.evaluator.value(item.context_expr), item.context_expr, [item.optional_vars]
                        )
                self._block(node.body)
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._definition(node, in_class)
            case ast.ClassDef():
                for decorator in node.decorator_list:
                    self.places.look(decorator)
                bases = " ".join(self.evaluator.dotted(base) for base in node.bases) or "object"
                self.places.show(self.rules.classes, node)
                self._block(node.body, in_class=bases)
            case ast.Import() | ast.ImportFrom():
                self.evaluator.names.add(node)
            case ast.Match():
                self._match(node)
            case ast.Assert():
                self.places.look(node.test)
                self.places.show(self.rules.asserts, node)
                self.variables.check_off(narrowed(node.test, self.evaluator)[0])
            case ast.Raise():
                if node.exc is not None:
                    self.places.look(node.exc)
            case ast.Delete():
                for target in node.targets:
                    self.places.look(target)
            case _:
                pass

    def _definition(self, node: _Function, in_class: str) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self.places.look(part)
        if self.places.where.node is None:
            self._later.append((node, in_class))
            return
        outer = self.evaluator.variables
        self.variables.copy(outer)
        self._function(node, in_class)
        self.evaluator.variables = outer

    def _function(self, node: _Function, in_class: str) -> None:
        outer = self.places.where
        self.places.where = Where(node.name, node, answers(node, in_class, self.evaluator), in_class)
        self.evaluator.in_handler = "RequestHandler" in in_class or "HTTPRequest" in in_class
        self.evaluator.variables.update(parameters(node, self.places.where.answers, in_class))
        self.places.show(self.rules.functions, node)
        self._block(node.body)
        self.places.where = outer

    def _if(self, node: ast.If) -> None:
        before_merge: list[dict[str, Value]] = []
        while True:
            self.places.look(node.test)
            holds, fails = narrowed(node.test, self.evaluator)
            otherwise = self.evaluator.variables
            self.variables.copy(otherwise)
            self.variables.check_off(holds)
            self._block(node.body)
            if not ends(node.body):
                before_merge.append(self.evaluator.variables)
            self.evaluator.variables = otherwise
            self.variables.check_off(fails)
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
        self.variables.merge(before_merge)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        start = self.evaluator.variables
        self.variables.copy(start)
        self._block(node.body)
        self._block(node.orelse)
        after = self.evaluator.variables
        ways = [] if ends(node.body) and node.handlers else [after]
        for handler in node.handlers:
            self.variables.copy(after)
            for name, value in start.items():
                mine = self.evaluator.variables.get(name)
                if mine is not None and mine is not value:
                    self.evaluator.variables[name] = joined([mine, value])._replace(made=mine.made)
            if handler.name:
                self.evaluator.variables[handler.name] = holding(ANYTHING, ERROR, 3)
            self.places.show(self.rules.handlers, handler)
            self._block(handler.body)
            if not ends(handler.body):
                ways.append(self.evaluator.variables)
        self.variables.merge(ways or [after])
        self._block(node.finalbody)

    def _match(self, node: ast.Match) -> None:
        self.places.look(node.subject)
        before = self.evaluator.variables
        ways = []
        subjects = frozenset(n.id for n in ast.walk(node.subject) if isinstance(n, ast.Name))
        for case in node.cases:
            self.variables.copy(before)
            if isinstance(case.pattern, ast.MatchValue | ast.MatchOr):
                self.variables.check_off(((subjects, tuple(range(15))),))
            self._block(case.body)
            if not ends(case.body):
                ways.append(self.evaluator.variables)
        self.variables.merge([*ways, before])
