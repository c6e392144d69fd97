"""bandit's checks on one Python text, in this process.

bandit's command line spends seconds on start-up; its per-file parser, called directly, a few milliseconds per hundred lines. That
parser is private API, so ``pyproject.toml`` pins bandit to one version. ``# nosec`` is ignored: whoever wrote the text that is
checked must not be the one who switches the check off.
"""

from __future__ import annotations

import io
import logging
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from orchestrator_core.analysis.findings import CodeFinding
from orchestrator_core.analysis.syntax import mute_parse_warnings, parse, plain
from orchestrator_core.errors import MissingDependency

if TYPE_CHECKING:
    from orchestrator_core.records import Severity

_SEVERITY: dict[str, Severity] = {"LOW": "low", "MEDIUM": "medium", "HIGH": "high"}
_CONFIDENCE = {"LOW": 0.3, "MEDIUM": 0.6, "HIGH": 0.9}
"""bandit grades confidence in three words; these are the middles of the three thirds of 0 to 1, rounded."""

_QUOTES_SECRETS = ("B105", "B106", "B107")
"""Checks whose message ends with the hard-coded password itself, which must not reach a report."""

_NAME = "./text.py"
"""bandit derives a module name from the path and logs a warning for one without a folder."""


class BanditReport(Struct, frozen=True):
    """What bandit found. A text that was not scanned has no findings and says why in ``error``."""

    findings: tuple[CodeFinding, ...] = ()
    error: str = ""


def _is_no_formatter(record: logging.LogRecord) -> bool:
    """bandit loads all its output formats when imported; that one of them lacks its own package is nobody's concern here."""
    return not str(record.msg).startswith("Could not load")


@cache
def _bandit() -> tuple[Any, Any]:
    # bandit's plug-in loader warns about its own argument while it is imported.
    warnings.filterwarnings("ignore", message="The verify_requirements argument", category=DeprecationWarning)
    loader = logging.getLogger("stevedore.extension")
    loader.addFilter(_is_no_formatter)
    try:
        from bandit.core.config import BanditConfig  # type: ignore[import-untyped]
        from bandit.core.manager import BanditManager  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingDependency("bandit", "the check for insecure code", str(error)) from error
    finally:
        loader.removeFilter(_is_no_formatter)
    # Without a handler of its own, bandit's log would reach stderr through logging's last resort.
    logging.getLogger("bandit").addHandler(logging.NullHandler())
    return BanditManager, BanditConfig()


def scan_source(source: str, name: str = "<text>") -> BanditReport:
    """Scan one Python text; ``name`` becomes the findings' path. About 3 ms of CPU per hundred lines.

    A syntax error or a crash inside bandit means "not scanned" and is named in ``error``; it is never raised.

    Raises:
        MissingDependency: bandit is absent or broken.
    """
    manager_type, config = _bandit()
    data = plain(source).encode("utf-8")
    scanned = [_NAME]
    manager = manager_type(config, "file", ignore_nosec=True)
    mute_parse_warnings()
    try:
        manager._parse_file(_NAME, io.BytesIO(data), scanned)  # noqa: SLF001  # see above: its version is pinned
    except (RecursionError, MemoryError) as error:
        return BanditReport(error=f"not scanned: {str(error) or type(error).__name__}")
    if manager.skipped:
        return BanditReport(error=f"not scanned: {parse(source).error or manager.skipped[0][1]}")
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
        for issue in manager.results
    )
    return BanditReport(tuple(sorted(findings, key=lambda f: (f.line, f.rule))))
