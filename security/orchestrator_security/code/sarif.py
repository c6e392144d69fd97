"""Findings as SARIF 2.1.0 (OASIS, https://docs.oasis-open.org/sarif/sarif/v2.1.0/), which code hosts and editors show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from orchestrator_core.analysis.findings import CodeFinding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"info": "note", "low": "note", "medium": "warning", "high": "error", "critical": "error"}
_SCORES = {"info": "1.0", "low": "3.0", "medium": "5.5", "high": "8.0", "critical": "9.5"}
"""Numbers that GitHub turns back into these words (its ``security-severity``: over 9.0 critical, 7.0 high, 4.0 medium)."""


def to_sarif(findings: Sequence[CodeFinding], *, version: str, problems: Iterable[str] = ()) -> dict[str, Any]:
    """One run as a SARIF log. Paths become relative URIs with forward slashes; ``problems`` are what was not scanned."""
    rules: dict[str, dict[str, Any]] = {}
    results = []
    for finding in findings:
        rules.setdefault(finding.rule, _rule(finding))
        results.append(
            {
                "ruleId": finding.rule,
                "ruleIndex": list(rules).index(finding.rule),
                "level": _LEVELS[finding.severity],
                "message": {"text": f"{finding.message.rstrip('.')}. {finding.fix}".strip()},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": uri(finding.path)},
                            "region": {"startLine": max(finding.line, 1)},
                        }
                    }
                ],
                "properties": {"confidence": finding.confidence, "severity": finding.severity},
            }
        )
    notes = [{"level": "warning", "message": {"text": problem}} for problem in problems]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Magnus",
                        "version": version,
                        "semanticVersion": version,
                        "informationUri": "https://pypi.org/project/magnus-orchestrator/",
                        "rules": list(rules.values()),
                    }
                },
                "results": results,
                "columnKind": "unicodeCodePoints",
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
            }
        ],
    }


def uri(path: str) -> str:
    """A path as a URI reference."""
    return quote(path.replace("\\", "/").removeprefix("./"), safe="/-._~!$&'()*+,;=@")


def _rule(finding: CodeFinding) -> dict[str, Any]:
    number = finding.cwe.removeprefix("CWE-")
    rule: dict[str, Any] = {
        "id": finding.rule,
        "shortDescription": {"text": finding.message.rstrip(".")},
        "help": {"text": finding.fix or finding.message},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "tags": ["security", *([f"external/cwe/cwe-{number.zfill(3)}"] if number else [])],
            "security-severity": _SCORES[finding.severity],
        },
    }
    if number:
        rule["helpUri"] = f"https://cwe.mitre.org/data/definitions/{number}.html"
    else:
        rule["helpUri"] = "https://cwe.mitre.org/"
    return rule
