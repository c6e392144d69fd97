"""A scanner of another package whose finds a policy redacts: it takes part wherever text is redacted."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache

from msgspec import structs

from orchestrator_security.contract import ScanContext
from orchestrator_security.policy.table import PolicyRule
from orchestrator_security.scanner import Hit, Scanner

_WORD_MAX = 16


class Replacing:
    """Gives each hit of the categories a placeholder's word, and passes over what lies inside a placeholder.

    A scanner that saw its finds in placeholders would have them replaced for ever.
    """

    def __init__(self, scanner: Scanner, categories: Iterable[str]) -> None:
        self._scanner = scanner
        self._words = {category: word_of(category) for category in categories}
        self.name = scanner.name

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return self._scanner.prefilter(text, context)

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        """The scanner's hits; what is no sensible hit is handed on as it is, for the gate to name.

        Raises:
            Exception: whatever the scanner raised.
        """
        hits = self._scanner.scan(text, context)
        if not hits:
            return hits
        spans = [match.span() for match in _placeholder().finditer(text)] if "<" in text else []
        starts = [start for start, _ in spans]
        kept = []
        for hit in hits:
            try:
                before = bisect_right(starts, hit.start) - 1
                if before >= 0 and hit.end <= spans[before][1]:
                    continue
                word = word_of(hit.kind) if hit.kind else self._words.get(hit.category, "")
                kept.append(structs.replace(hit, kind=word))
            except (TypeError, AttributeError):
                kept.append(hit)
        return kept


def redacted_categories(categories: Iterable[str], rules: Sequence[PolicyRule]) -> tuple[str, ...]:
    """Those that some line of the policy redacts."""
    return tuple(
        category
        for category in categories
        if any(rule.action == "redact" and rule.category in ("*", category) for rule in rules)
    )


def word_of(name: str) -> str:
    """The word of a placeholder: 2 to 16 capital letters of the name."""
    letters = "".join(char for char in name.upper() if "A" <= char <= "Z")[:_WORD_MAX]
    return letters if len(letters) > 1 else "VALUE"


@cache
def _placeholder() -> re.Pattern[str]:
    return re.compile(r"<[A-Z]{2,16}_[0-9a-f]{1,14}>")
