"""The size limit, decided before a text is scanned, encoded or copied."""

from __future__ import annotations

from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit

SCAN_MAX_BYTES = 4_194_304
"""Outgoing and remembered text is scanned up to this size, whatever the limit for requests is; more is withheld."""


def exceeds(text: str, max_bytes: int) -> bool:
    """Whether the text takes more than ``max_bytes`` in UTF-8.

    A character takes one to four bytes, so only texts between a quarter and all of the limit are ever encoded.
    """
    if len(text) > max_bytes:
        return True
    if len(text) * 4 <= max_bytes or text.isascii():
        return False
    return len(text.encode("utf-8", "surrogatepass")) > max_bytes


def check_size(text: str, context: ScanContext, request_max_bytes: int) -> Hit | None:
    """A hit when the text is over the limit of its direction."""
    limit = request_max_bytes if context.direction == "in" else max(SCAN_MAX_BYTES, request_max_bytes)
    if not exceeds(text, limit):
        return None
    return Hit(
        "size.limit",
        "size",
        0,
        len(text),
        severity="high",
        message=f"{len(text):,} characters are over the limit of {limit:,} bytes",
        cwe="CWE-770",
        owasp_llm="LLM10",
    )


def withheld(length: int, reason: str) -> str:
    """What stands in the records for a text that must not be kept."""
    return f"<withheld: {length:,} characters, {reason}>"
