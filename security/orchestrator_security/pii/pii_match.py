"""One place of personal data, and what is known of each kind of it.

Names of entities are those of Presidio, so that the patterns here and the deep engine speak of the same things.
"""

from __future__ import annotations

from msgspec import Struct

from orchestrator_core.records import Severity


class PiiMatch(Struct, frozen=True):
    """``start`` and ``end`` are offsets; the value itself is not held."""

    entity: str
    start: int
    end: int
    example: bool = False
    """From documentation, so hardly a person's."""


class PiiEntity(Struct, frozen=True):
    """A kind of personal data."""

    name: str
    word: str
    """The placeholder's: capitals only, 2 to 16 letters."""
    severity: Severity
    what: str
    redacted: bool = True
    """Whether it is replaced where nothing else is set."""


ENTITIES: dict[str, PiiEntity] = {
    each.name: each
    for each in (
        # From the surest to the vaguest: where two overlap, the first stays.
        PiiEntity("EMAIL_ADDRESS", "EMAIL", "medium", "an e-mail address"),
        PiiEntity("IBAN_CODE", "IBAN", "high", "a bank account (IBAN)"),
        PiiEntity("CREDIT_CARD", "CARD", "high", "a payment card number"),
        PiiEntity("CRYPTO", "CRYPTO", "medium", "a crypto address"),
        PiiEntity("US_SSN", "SSN", "high", "a US social security number"),
        PiiEntity("US_ITIN", "ITIN", "high", "a US taxpayer number"),
        PiiEntity("NATIONAL_ID", "NATIONALID", "high", "a national identity number"),
        PiiEntity("TAX_ID", "TAXID", "high", "a personal tax number"),
        PiiEntity("HEALTH_ID", "HEALTHID", "high", "a health insurance or patient number"),
        PiiEntity("PASSPORT", "PASSPORT", "high", "a passport number"),
        PiiEntity("DRIVER_LICENSE", "LICENSE", "high", "a driver's licence number"),
        PiiEntity("BANK_ACCOUNT", "ACCOUNT", "high", "a bank account number"),
        PiiEntity("ABA_ROUTING_NUMBER", "ROUTING", "low", "a bank routing number"),
        PiiEntity("DEVICE_ID", "DEVICE", "medium", "a phone's hardware number (IMEI)"),
        PiiEntity("DATE_OF_BIRTH", "BIRTHDATE", "medium", "a date of birth"),
        PiiEntity("IP_ADDRESS", "IP", "low", "a public IP address"),
        PiiEntity("MAC_ADDRESS", "MAC", "low", "a hardware address"),
        PiiEntity("PHONE_NUMBER", "PHONE", "medium", "a phone number"),
        # A host name alone tells of no person, and developers' texts are full of them.
        PiiEntity("DOMAIN_NAME", "DOMAIN", "info", "a domain name", redacted=False),
    )
}
"""By name, in the order of precedence."""

REDACTED_BY_DEFAULT: tuple[str, ...] = tuple(each.name for each in ENTITIES.values() if each.redacted)
