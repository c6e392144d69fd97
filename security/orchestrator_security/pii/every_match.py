"""Every pattern of personal data over one text, as they come: they may overlap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from orchestrator_security.pii.crypto_address import find_crypto_addresses
from orchestrator_security.pii.digit_runs import DigitRun, find_digit_runs, is_dotted_quad
from orchestrator_security.pii.domain_name import find_domain_names
from orchestrator_security.pii.email import find_emails
from orchestrator_security.pii.iban import find_ibans
from orchestrator_security.pii.ip_address import find_ip_addresses
from orchestrator_security.pii.national_id_codes import find_national_codes
from orchestrator_security.pii.national_id_numbers import find_national_numbers
from orchestrator_security.pii.payment_card import find_payment_cards
from orchestrator_security.pii.phone import find_phone_numbers
from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.stated_documents import find_stated_documents
from orchestrator_security.pii.us_ssn import find_us_ssns


def every_match(text: str, *, domains: bool) -> Iterator[PiiMatch]:
    """What each pattern finds; domain names, which fill developers' texts, only where they are asked for."""
    sure = [PiiMatch("EMAIL_ADDRESS", *found) for found in find_emails(text)]
    sure += find_ibans(text)
    sure += find_stated_documents(text)
    yield from sure
    runs = _outside([run for run in find_digit_runs(text) if not is_dotted_quad(text, run)], sure)
    if runs:
        cards = list(find_payment_cards(text, runs))
        yield from cards
        runs = _outside(runs, cards)
        for find in (find_us_ssns, find_national_numbers):
            numbers = list(find(text, runs))
            yield from numbers
            runs = _outside(runs, numbers)
        yield from find_phone_numbers(text, runs)
    yield from find_national_codes(text)
    yield from find_ip_addresses(text)
    yield from find_crypto_addresses(text)
    if domains:
        yield from find_domain_names(text)


def _outside(runs: list[DigitRun], matches: Iterable[PiiMatch]) -> list[DigitRun]:
    """The runs of digits that are not part of what is known already: there is no need to ask what else they might be."""
    spans = sorted((match.start, match.end) for match in matches)
    if not spans:
        return runs
    starts = [start for start, _ in spans]
    return [run for run in runs if not (at := bisect_right(starts, run.start)) or spans[at - 1][1] < run.end]
