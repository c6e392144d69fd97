"""What every workbench agent returns: structured data, and the same as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from orchestrator_core.records import Severity


class Issue(Struct, frozen=True):
    """One thing worth a person's attention. ``path`` is relative to the project, ``line`` is 1-based, 0 for the whole file."""

    rule: str
    message: str
    path: str = ""
    line: int = 0
    severity: Severity = "medium"
    fix: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; pipes and line breaks in cells are escaped."""
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


_ORDER = {"critical": 0, "high": 1, "medium": 2, "low": 3, "info": 4}


def build_report(
    agent: str,
    *,
    title: str,
    summary: dict[str, Any],
    issues: Sequence[Issue],
    sections: Sequence[tuple[str, str]] = (),
    limits: dict[str, Any],
    data: dict[str, Any] | None = None,
    most: int = 200,
) -> dict[str, Any]:
    """The return value of a workbench agent.

    Keys: ``agent``, ``summary`` (counts and facts), ``issues`` (a list of dictionaries, worst first, at most ``most``), ``issue_count``
    (all of them), ``data`` (an agent's own lists, JSON-ready), ``limits`` (time limits, caps, what was skipped and why), ``markdown``.
    """
    ranked = sorted(issues, key=lambda issue: (_ORDER[issue.severity], issue.path, issue.line, issue.rule))
    shown = ranked[:most]
    parts = [f"# {title}", table(("fact", "value"), summary.items())]
    if shown:
        rows = ((i.severity, i.rule, i.place, i.message + (f" *Fix:* {i.fix}" if i.fix else "")) for i in shown)
        parts.append(f"## Issues ({len(ranked)})\n\n" + table(("severity", "rule", "where", "what"), rows))
        if len(ranked) > len(shown):
            parts.append(f"{len(ranked) - len(shown)} more are not shown.")
    else:
        parts.append("## Issues\n\nNone found.")
    parts += [f"## {heading}\n\n{body}" for heading, body in sections if body]
    parts.append("## Limits\n\n" + table(("limit", "value"), limits.items()))
    return {
        "agent": agent,
        "summary": summary,
        "issues": [to_builtins(issue) for issue in shown],
        "issue_count": len(ranked),
        "data": to_builtins(data or {}),
        "limits": limits,
        "markdown": "\n\n".join(parts) + "\n",
    }
