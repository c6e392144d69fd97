"""What went wrong, put together: failures by fingerprint, findings by category. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from orchestrator_dashboards.queries import Failure, FindingRow

_SEVERITIES = ("info", "low", "medium", "high", "critical")


class Problem(Struct, frozen=True):
    """Failures with one fingerprint."""

    key: str
    """The fingerprint; empty where the failure has none."""
    error_type: str
    error_class: str
    message: str
    """Of the newest one, as are ``explanation`` and ``advice``."""
    failures: int
    """Failed attempts; ``calls`` of them in how many calls."""
    calls: int
    healed: int
    """Calls that succeeded all the same."""
    agents: tuple[str, ...]
    last_at: float
    advice: str
    explanation: str

    @property
    def unresolved(self) -> int:
        return self.calls - self.healed


def problems(failures: Iterable[Failure]) -> list[Problem]:
    """Failures, oldest first, by fingerprint; those that cost most calls first, the newest before older ones."""
    groups: dict[tuple[str, str, str], list[Failure]] = {}
    for failure in failures:
        key = (failure.fingerprint, "", "") if failure.fingerprint else ("", failure.error_type, failure.error_class)
        groups.setdefault(key, []).append(failure)
    found = [_problem(key[0], group) for key, group in groups.items()]
    return sorted(found, key=lambda problem: (-problem.unresolved, -problem.last_at, problem.key, problem.error_type))


def _problem(key: str, group: Sequence[Failure]) -> Problem:
    newest = group[-1]
    status = {failure.execution_id: failure.call_status for failure in group}
    return Problem(
        key=key,
        error_type=newest.error_type,
        error_class=newest.error_class,
        message=newest.message,
        failures=len(group),
        calls=len(status),
        healed=sum(value == "succeeded" for value in status.values()),
        agents=tuple(dict.fromkeys(failure.agent for failure in reversed(group))),
        last_at=newest.started_at,
        advice=next((failure.advice for failure in reversed(group) if failure.advice), ""),
        explanation=next((failure.explanation for failure in reversed(group) if failure.explanation), ""),
    )


class Concern(Struct, frozen=True):
    """Security findings of one category."""

    category: str
    severity: str
    """The worst among them."""
    n: int
    calls: int
    actions: tuple[tuple[str, int], ...]
    rules: tuple[str, ...]
    """The most frequent first."""
    last_at: float


def concerns(findings: Iterable[FindingRow]) -> list[Concern]:
    """Findings by category: the worst first, then the most frequent."""
    groups: dict[str, list[FindingRow]] = {}
    for finding in findings:
        groups.setdefault(finding.category, []).append(finding)
    found = [_concern(category, group) for category, group in groups.items()]
    return sorted(found, key=lambda concern: (-_rank(concern.severity), -concern.n, concern.category))


def _concern(category: str, group: Sequence[FindingRow]) -> Concern:
    actions: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for finding in group:
        actions[finding.action] += finding.n
        rules[finding.rule_id] += finding.n
    return Concern(
        category=category,
        severity=max((finding.severity for finding in group), key=lambda severity: (_rank(severity), severity)),
        n=sum(finding.n for finding in group),
        calls=len({finding.execution_id for finding in group}),
        actions=tuple(sorted(actions.items(), key=lambda item: (-item[1], item[0]))),
        rules=tuple(name for name, _ in sorted(rules.items(), key=lambda item: (-item[1], item[0]))),
        last_at=max(finding.started_at for finding in group),
    )


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else -1
