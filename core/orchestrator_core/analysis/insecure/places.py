"""Shows the places inside expressions to the rules: calls, texts that are put together, comparisons, mappings."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.guards import narrowed
from orchestrator_core.analysis.insecure.handlers import parameters
from orchestrator_core.analysis.insecure.names import last_name
from orchestrator_core.analysis.insecure.passed_functions import passed
from orchestrator_core.analysis.insecure.rules import Rules
from orchestrator_core.analysis.insecure.site import Check, Report, Site, Where
from orchestrator_core.analysis.insecure.taint import Evaluator
from orchestrator_core.analysis.insecure.variables import Variables


class Places:
    """The places of one module; ``where`` is the function that is walked at the time."""

    def __init__(self, rules: Rules, evaluator: Evaluator, variables: Variables, path: str) -> None:
        self.rules = rules
        self.evaluator = evaluator
        self.variables = variables
        self.where = Where()
        self.report = Report(path)

    def show(self, checks: tuple[Check, ...], node: ast.AST) -> None:
        """Show one place to some rules."""
        for check in checks:
            check(Site(node, "", self.evaluator, self.where, self.report))

    def look(self, expression: ast.expr) -> None:
        """Show each call and each text that is put together, inside one expression."""
        stack: list[ast.AST] = [expression]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Name | ast.Constant):
                continue
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.JoinedStr):
                self.show(self.rules.texts, node)
            elif isinstance(node, ast.Compare):
                self.show(self.rules.comparisons, node)
            elif isinstance(node, ast.Dict):
                self.show(self.rules.mappings, node)
            elif isinstance(node, ast.BinOp):
                self.show(self.rules.texts, node)
                left: ast.AST = node
                while isinstance(left, ast.BinOp):  # a sum is one text
                    stack.append(left.right)
                    left = left.left
                stack.append(left)
                continue
            elif isinstance(node, ast.NamedExpr):
                self.variables.assign(self.evaluator.value(node.value), node.value, [node.target])
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
        self.look(node.test)
        holds, fails = narrowed(node.test, self.evaluator)
        before = self.evaluator.variables
        for part, checked in ((node.body, holds), (node.orelse, fails)):
            self.variables.copy(before)
            self.variables.check_off(checked)
            self.look(part)
        self.evaluator.variables = before

    def _look_into(self, node: ast.Lambda) -> None:
        before = self.evaluator.variables
        self.variables.copy(before)
        self.evaluator.variables.update(parameters(node, ""))
        self.look(node.body)
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
            self.show(rules.texts, node)
