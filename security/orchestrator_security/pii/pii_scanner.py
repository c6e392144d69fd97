"""All patterns of personal data over one text, overlaps settled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from orchestrator_core.errors import UsageError
from orchestrator_security.contract import ScanContext
from orchestrator_security.pii.crypto_address import find_crypto_addresses
from orchestrator_security.pii.digit_runs import find_digit_runs
from orchestrator_security.pii.domain_name import find_domain_names
from orchestrator_security.pii.email import find_emails
from orchestrator_security.pii.iban import find_ibans
from orchestrator_security.pii.ip_address import find_ip_addresses
from orchestrator_security.pii.national_id_codes import find_national_codes
from orchestrator_security.pii.national_id_numbers import find_national_numbers
from orchestrator_security.pii.payment_card import find_payment_cards
from orchestrator_security.pii.phone import find_phone_numbers
from orchestrator_security.pii.pii_match import ENTITIES, REDACTED_BY_DEFAULT, PiiMatch
from orchestrator_security.pii.stated_documents import find_stated_documents
from orchestrator_security.pii.us_ssn import find_us_ssns
from orchestrator_security.scanner import Hit

_RANK = {name: i for i, name in enumerate(ENTITIES)}


@cache
def _anything() -> re.Pattern[str]:
    return re.compile(r"[0-9@.\uff20]|%40")


def find_pii(text: str, entities: Iterable[str] | None = None) -> list[PiiMatch]:
    """Personal data by its place in the text, none inside another; ``entities`` limits the kinds.

    Raises ``UsageError`` for a kind that no pattern knows.
    """
    wanted = known_entities(entities)
    taken: list[PiiMatch] = []
    end = 0
    for match in sorted(_found(text), key=lambda m: (m.start, _RANK[m.entity])):
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
        raise UsageError(f"unknown kind of personal data {unknown[0]!r}: use some of {', '.join(ENTITIES)}")
    return wanted


def _found(text: str) -> Iterator[PiiMatch]:
    for start, end, example in find_emails(text):
        yield PiiMatch("EMAIL_ADDRESS", start, end, example)
    runs = find_digit_runs(text)
    if runs:
        yield from find_payment_cards(text, runs)
        yield from find_us_ssns(text, runs)
        yield from find_national_numbers(text, runs)
        yield from find_phone_numbers(text, runs)
    yield from find_ibans(text)
    yield from find_national_codes(text)
    yield from find_ip_addresses(text)
    yield from find_crypto_addresses(text)
    yield from find_stated_documents(text)
    yield from find_domain_names(text)


class PiiScanner:
    """Finds personal data by patterns that are checked: e-mail addresses, phone numbers, cards, accounts, identity numbers and more.

    ``entities`` are the kinds to look for, all where it is None; ``redacted`` those that are replaced, a sensible choice where it
    is None. Raises ``UsageError`` for a kind that no pattern knows.
    """

    name = "pii"

    def __init__(self, entities: Iterable[str] | None = None, redacted: Iterable[str] | None = None) -> None:
        self._entities = known_entities(entities)
        self._redacted = known_entities(REDACTED_BY_DEFAULT if redacted is None else redacted)
        self.sees = tuple(sorted({ENTITIES[name].word for name in self._entities}))
        """The words of the kinds that are looked for."""

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return len(text) >= 5 and _anything().search(text) is not None

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        return [self._hit(match) for match in find_pii(text, self._entities)]

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
