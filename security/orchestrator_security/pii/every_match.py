"""Every pattern of personal data over one text, as they come: they may overlap."""

from __future__ import annotations

from collections.abc import Iterator

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
from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.stated_documents import find_stated_documents
from orchestrator_security.pii.us_ssn import find_us_ssns


def every_match(text: str, *, domains: bool) -> Iterator[PiiMatch]:
    """What each pattern finds; domain names, which fill developers' texts, only where they are asked for."""
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
    if domains:
        yield from find_domain_names(text)
