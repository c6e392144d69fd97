"""All patterns of personal data over one text, overlaps settled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from orchestrator_core.errors import UsageError
from orchestrator_security.contract import ScanContext
from orchestrator_security.pii.pii_match import ENTITIES, REDACTED_BY_DEFAULT, PiiMatch
from orchestrator_security.redaction.crowded import joined
from orchestrator_security.scanner import Hit

_RANK = {name: i for i, name in enumerate(ENTITIES)}


_DOMAINS = "DOMAIN_NAME"
_SINGLE_MAX = 256
_GAP = 6
"""A separator and white space, or a short word, in a list of hundreds of people."""


@cache
def _anything(domains: bool) -> re.Pattern[str]:
    # All but domain names hold a digit or the sign of an address.
    return re.compile(r"[0-9@.\uff20]|%40" if domains else r"[0-9@\uff20]|%40")


def find_pii(text: str, entities: Iterable[str] | None = None) -> list[PiiMatch]:
    """Personal data by its place in the text, none inside another; ``entities`` limits the kinds.

    Raises ``UsageError`` for a kind that no pattern knows.
    """
    # A dozen files, which the room's import need not wait for.
    from orchestrator_security.pii.every_match import every_match

    wanted = known_entities(entities)
    taken: list[PiiMatch] = []
    end = 0
    for match in sorted(every_match(text, domains=_DOMAINS in wanted), key=lambda m: (m.start, _RANK[m.entity])):
        if match.entity not in wanted or match.end <= match.start:
            continue
        if not taken or match.start >= end:
            taken.append(match)
            end = max(end, match.end)
        elif _RANK[match.entity] < _RANK[taken[-1].entity] and match.end >= taken[-1].end:
            # What is surer names the place; what it does not cover of the other stays covered.
            taken[-1] = PiiMatch(match.entity, taken[-1].start, match.end, match.example)
            end = match.end
        elif match.end > end:
            taken[-1] = PiiMatch(taken[-1].entity, taken[-1].start, match.end, taken[-1].example)
            end = match.end
    return taken


def known_entities(entities: Iterable[str] | None) -> frozenset[str]:
    """The kinds asked for, all of them for None. Raises ``UsageError`` for a kind that no pattern knows."""
    if entities is None:
        return frozenset(ENTITIES)
    wanted = frozenset(entities)
    unknown = sorted(wanted - ENTITIES.keys())
    if unknown:
        by_word = [name for name, entity in ENTITIES.items() if entity.word == unknown[0]]
        hint = f"did you mean {by_word[0]!r}? There are" if by_word else "use some of"
        raise UsageError(f"unknown kind of personal data {unknown[0]!r}: {hint} {', '.join(ENTITIES)}")
    return wanted


class PiiScanner:
    """Finds personal data by patterns that are checked: e-mail addresses, phone numbers, cards, accounts, identity numbers and more.

    ``entities`` are the kinds to look for, all where it is None; ``redacted`` those that are replaced, a sensible choice where it
    is None. Raises ``UsageError`` for a kind that no pattern knows.
    """

    name = "pii"
    steady = True

    def __init__(self, entities: Iterable[str] | None = None, redacted: Iterable[str] | None = None) -> None:
        self._entities = known_entities(entities)
        self._redacted = known_entities(REDACTED_BY_DEFAULT if redacted is None else redacted)
        self.sees = tuple(sorted({ENTITIES[name].word for name in self._entities}))
        """The words of the kinds that are looked for."""

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return len(text) >= 5 and _anything(_DOMAINS in self._entities).search(text) is not None

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        return joined([self._hit(match) for match in find_pii(text, self._entities)], _GAP, _SINGLE_MAX)

    def _hit(self, match: PiiMatch) -> Hit:
        entity = ENTITIES[match.entity]
        return Hit(
            # ``pii.email`` is older than the other names and stands in stored findings.
            "pii.email" if match.entity == "EMAIL_ADDRESS" else f"pii.{match.entity.lower().replace('_', '-')}",
            "pii",
            match.start,
            match.end,
            severity="info" if match.example else entity.severity,
            confidence=0.1 if match.example else 0.9,
            kind=entity.word if match.entity in self._redacted else "",
            message=entity.what,
            cwe="CWE-359",
            owasp_llm="LLM02",
        )
