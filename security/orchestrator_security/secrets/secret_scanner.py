"""Secrets in text: known formats, private keys, passwords in addresses, and values that are assigned to a telling name."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator_core.analysis.assigned_values import find_assigned
from orchestrator_core.analysis.secret_commands import find_command_passwords
from orchestrator_core.analysis.secret_matches import (
    EXAMPLE_PASSWORDS,
    SecretMatch,
    find_address_passwords,
    find_authorization,
    find_formats,
)
from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.redaction.crowded import joined
from orchestrator_security.scanner import Hit
from orchestrator_security.secrets.assigned_secret import is_secret

_SINGLE_MAX = 512
_GAP = 24
"""Between two of hundreds of secrets stands a name, or nothing that anybody will miss."""


class SecretScanner:
    """All that the ground knows of secrets, over one text."""

    name = "secrets"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return len(text) >= 6

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        hits = [_hit(match, text, 0.95) for match in find_formats(text)]
        hits.extend(
            _hit(match, text, 0.9)
            for match, _ in find_address_passwords(text)
            if not _is_example_password(text[match.start : match.end])
        )
        hits.extend(_hit(match, text, 0.9) for match in find_authorization(text))
        hits.extend(_hit(match, text, 0.85) for match in find_command_passwords(text))
        for found in find_assigned(text, is_secret):
            what = "a password" if found.password else "an assigned secret"
            hits.append(_hit(SecretMatch("assigned", what, found.start, found.end), text, 0.8))
        return joined(hits, _GAP, _SINGLE_MAX)


def _is_example_password(value: str) -> bool:
    return value.lower() in EXAMPLE_PASSWORDS or value[0] in "${%<*[" or set(value) <= set("*x.X")


def _hit(match: SecretMatch, text: str, confidence: float) -> Hit:
    value = text[match.start : match.end]
    # Issuers mark the keys of their documentation this way, and writers blank out theirs.
    lowered = value[:200].lower()
    example = (
        "example" in lowered
        or "xxxxx" in lowered
        or "your-" in lowered
        or "your_" in lowered
        or "placeholder" in lowered
    )
    severity: Severity = "info" if example else "high"
    return Hit(
        f"secret.{match.rule}",
        "secret",
        match.start,
        match.end,
        severity=severity,
        confidence=0.1 if example else confidence,
        kind="SECRET",
        message=match.what,
        cwe="CWE-798",
        owasp_llm="LLM02",
    )
