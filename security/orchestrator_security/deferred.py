"""Scanners whose patterns are loaded with the first text that they may look at.

A program that never sends a text to a shell or a database need not load what knows of them, and the import of the room stays short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator_security.contract import ScanContext, Sink
from orchestrator_security.scanner import Hit, Scanner


class Deferred:
    """A scanner that is made with the first text of a context that ``wants`` says yes to; of any context where that is None.

    Where it cannot be loaded, the gate reports it as incomplete.
    """

    steady = True
    """What is found depends on the text, the sink and the trust alone, today and tomorrow."""

    def __init__(
        self, name: str, make: Callable[[], Scanner], wants: Callable[[ScanContext], bool] | None = None
    ) -> None:
        self.name = name
        self._wants = wants
        self._make = make
        self._made: Scanner | None = None

    def prefilter(self, text: str, context: ScanContext) -> bool:
        if self._wants is not None and not self._wants(context):
            return False
        return (self._made or self._scanner()).prefilter(text, context)

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        return (self._made or self._scanner()).scan(text, context)

    def _scanner(self) -> Scanner:
        self._made = self._make()  # two threads may make one each: scanners hold nothing
        return self._made


def secrets_scanner() -> Scanner:
    """Secrets in any text."""

    def make() -> Scanner:
        from orchestrator_security.secrets.secret_scanner import SecretScanner

        return SecretScanner()

    return Deferred("secrets", make)


def injection_scanner() -> Scanner:
    """Orders to a model in any text."""

    def make() -> Scanner:
        from orchestrator_security.injection.injection_scanner import InjectionScanner

        return InjectionScanner()

    return Deferred("injection", make)


def code_scanner() -> Scanner:
    """Insecure code in what an agent answers."""

    def make() -> Scanner:
        from orchestrator_security.code.scan import CodeScanner

        return CodeScanner()

    return Deferred("code", make, lambda context: context.direction == "out")


def sink_scanners() -> tuple[Scanner, ...]:
    """One for each place that would execute a text."""
    return (
        _for_sink("sql", _sql),
        _for_sink("html", _html),
        _for_sink("shell", _shell),
        _for_sink("path", _path),
        _for_sink("template", _template),
    )


def _for_sink(sink: Sink, make: Callable[[], Scanner]) -> Deferred:
    return Deferred(sink, make, lambda context: context.sink == sink)


def _sql() -> Scanner:
    from orchestrator_security.sinks.sql import SqlScanner

    return SqlScanner()


def _html() -> Scanner:
    from orchestrator_security.sinks.html import HtmlScanner

    return HtmlScanner()


def _shell() -> Scanner:
    from orchestrator_security.sinks.shell import ShellScanner

    return ShellScanner()


def _path() -> Scanner:
    from orchestrator_security.sinks.path import PathScanner

    return PathScanner()


def _template() -> Scanner:
    from orchestrator_security.sinks.template import TemplateScanner

    return TemplateScanner()
