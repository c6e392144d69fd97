"""bandit's checks on one Python text, in this process.

bandit's command line spends seconds on start-up; its checks, asked directly, two milliseconds per hundred lines. How they are asked
is no public API, so ``pyproject.toml`` pins bandit to one version.
"""

from __future__ import annotations

import ast
import logging
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from orchestrator_core.analysis.bandit_checks import Check, adapted
from orchestrator_core.analysis.bandit_walk import Walk
from orchestrator_core.analysis.findings import CodeFinding
from orchestrator_core.analysis.syntax import parse, plain
from orchestrator_core.errors import MissingDependency

if TYPE_CHECKING:
    from orchestrator_core.records import Severity

_SEVERITY: dict[str, Severity] = {"LOW": "low", "MEDIUM": "medium", "HIGH": "high"}
_CONFIDENCE = {"LOW": 0.3, "MEDIUM": 0.6, "HIGH": 0.9}
"""bandit grades confidence in three words; these are the middles of the three thirds of 0 to 1, rounded."""

_QUOTES_SECRETS = ("B105", "B106", "B107")
"""Checks whose message ends with the hard-coded password itself, which must not reach a report."""


class BanditReport(Struct, frozen=True):
    """What bandit found. A text that was not scanned has no findings and says why in ``error``."""

    findings: tuple[CodeFinding, ...] = ()
    error: str = ""


def _is_no_formatter(record: logging.LogRecord) -> bool:
    """bandit loads all its output formats when imported; that one of them lacks its own package is nobody's concern here."""
    return not str(record.msg).startswith("Could not load")


@cache
def _bandit() -> Mapping[str, Sequence[Check]]:
    """bandit's checks, by the kind of node they are for."""
    # bandit's plug-in loader warns about its own argument while it is imported.
    warnings.filterwarnings("ignore", message="The verify_requirements argument", category=DeprecationWarning)
    loader = logging.getLogger("stevedore.extension")
    loader.addFilter(_is_no_formatter)
    try:
        from bandit.core.config import BanditConfig  # type: ignore[import-untyped]
        from bandit.core.test_set import BanditTestSet  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingDependency("bandit", "the check for insecure code", str(error)) from error
    finally:
        loader.removeFilter(_is_no_formatter)
    # Without a handler of its own, bandit's log would reach stderr through logging's last resort.
    logging.getLogger("bandit").addHandler(logging.NullHandler())
    return adapted(BanditTestSet(BanditConfig(), {}).tests)


def scan_source(source: str, name: str = "<text>", *, tree: ast.Module | None = None) -> BanditReport:
    """Scan one Python text; ``name`` becomes the findings' path. About 2 ms of CPU per hundred lines.

    ``tree`` is the text's, where the caller has parsed it already.
    A syntax error or a crash inside bandit means "not scanned" and is named in ``error``; it is never raised.

    Raises:
        MissingDependency: bandit is absent or broken.
    """
    checks = _bandit()
    if tree is None:
        parsed = parse(source)
        if parsed.tree is None:
            return BanditReport(error=f"not scanned: {parsed.error}")
        tree = parsed.tree
    walk = Walk(checks, plain(source).encode("utf-8"))
    try:
        walk.run(tree)
    except Exception as error:  # noqa: BLE001  # a check that trips over an odd text must not end the caller
        return BanditReport(error=f"not scanned: bandit failed with {type(error).__name__}: {str(error)[:200]}")
    findings = (
        CodeFinding(
            rule=issue.test_id,
            message=issue.text.partition(":")[0] if issue.test_id in _QUOTES_SECRETS else issue.text,
            path=name,
            line=issue.lineno,
            severity=_SEVERITY.get(issue.severity, "low"),
            cwe=f"CWE-{issue.cwe.id}" if issue.cwe.id else "",
            confidence=_CONFIDENCE.get(issue.confidence, 0.3),
        )
        for issue in walk.issues
    )
    return BanditReport(tuple(sorted(findings, key=lambda f: (f.line, f.rule))), walk.error)
