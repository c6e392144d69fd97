"""Which of Presidio's entities are looked for, what stands in their place, and when a find is believed.

Presidio gives a low score to whatever has the shape of a number it knows: of bare digits every third is a bank account to it. Text that
developers store is full of digits, so a find is believed in two cases only. Either its form alone proves it (a checksum over a rare
shape, an address with a true public suffix), or a word beside it says what it is. The words are our own: Presidio's own lists hold
``document``, ``number``, ``account`` and ``us``, which mean nothing in a log.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from msgspec import Struct

from orchestrator_core.records import Severity

Proof = Literal["form", "context", "phone", "ip", "name"]
"""``form``: the score is enough. ``context``: a telling word stands near. The others have a rule of their own."""


class DeepEntity(Struct, frozen=True):
    """One kind of personal data that Presidio can see."""

    name: str
    """Presidio's name."""
    word: str
    """The placeholder's; the inline patterns use the same ones."""
    severity: Severity
    what: str
    proof: Proof
    min_score: float
    recognizer: str
    """The class in Presidio; empty for what a spaCy model finds."""
    context: tuple[str, ...] = ()
    """Words near it that prove it, in lower case."""


def _number(name: str, word: str, what: str, recognizer: str, *context: str, score: float = 0.4) -> DeepEntity:
    return DeepEntity(name, word, "high", what, "context", score, recognizer, context)


_ID, _TAX, _HEALTH, _PASS = (
    "a national identity number",
    "a personal tax number",
    "a health number",
    "a passport number",
)

ENTITIES: dict[str, DeepEntity] = {
    each.name: each
    for each in (
        DeepEntity("EMAIL_ADDRESS", "EMAIL", "medium", "an e-mail address", "form", 0.9, "EmailRecognizer"),
        DeepEntity("CREDIT_CARD", "CARD", "high", "a payment card number", "form", 0.9, "CreditCardRecognizer"),
        DeepEntity("IBAN_CODE", "IBAN", "high", "a bank account (IBAN)", "form", 0.9, "IbanRecognizer"),
        DeepEntity("CRYPTO", "CRYPTO", "medium", "a crypto address", "form", 0.9, "CryptoRecognizer"),
        DeepEntity("IP_ADDRESS", "IP", "low", "a public IP address", "ip", 0.6, "IpRecognizer"),
        DeepEntity("MAC_ADDRESS", "MAC", "low", "a hardware address", "form", 0.6, "MacAddressRecognizer"),
        DeepEntity(
            "PHONE_NUMBER", "PHONE", "medium", "a phone number", "phone", 0.4, "PhoneRecognizer",
            ("phone", "telephone", "tel", "cell", "cellphone", "mobile", "call", "fax", "sms", "text", "whatsapp", "telefon", "handy"),
        ),
        DeepEntity(
            "US_SSN", "SSN", "high", "a US social security number", "form", 0.5, "UsSsnRecognizer", ("social", "ssn", "ssns")
        ),
        DeepEntity("US_ITIN", "ITIN", "high", "a US taxpayer number", "form", 0.5, "UsItinRecognizer", ("itin", "taxpayer")),
        DeepEntity("IT_FISCAL_CODE", "TAXID", "high", _TAX, "form", 0.9, "ItFiscalCodeRecognizer"),
        DeepEntity("ES_NIE", "NATIONALID", "high", _ID, "form", 0.9, "EsNieRecognizer"),
        DeepEntity("FI_PERSONAL_IDENTITY_CODE", "NATIONALID", "high", _ID, "form", 0.9, "FiPersonalIdentityCodeRecognizer"),
        _number("ES_NIF", "NATIONALID", _ID, "EsNifRecognizer", "nif", "dni", "identidad"),
        _number("UK_NINO", "NATIONALID", _ID, "UkNinoRecognizer", "nino", "insurance", "ni"),
        _number("PL_PESEL", "NATIONALID", _ID, "PlPeselRecognizer", "pesel"),
        _number("SE_PERSONNUMMER", "NATIONALID", _ID, "SePersonnummerRecognizer", "personnummer", "samordningsnummer"),
        _number("IN_AADHAAR", "NATIONALID", _ID, "InAadhaarRecognizer", "aadhaar", "uidai"),
        _number("IN_VOTER", "NATIONALID", _ID, "InVoterRecognizer", "voter", "epic", "elector"),
        _number("SG_NRIC_FIN", "NATIONALID", _ID, "SgFinRecognizer", "nric", "fin", "singpass"),
        _number("KR_RRN", "NATIONALID", _ID, "KrRrnRecognizer", "resident", "rrn", "주민등록번호", "주민번호"),
        _number("TH_TNIN", "NATIONALID", _ID, "ThTninRecognizer", "citizen", "tnin", "national", "บัตรประชาชน"),
        _number("TR_NATIONAL_ID", "NATIONALID", _ID, "TrNationalIdRecognizer", "tckn", "kimlik", "tc"),
        _number("ZA_ID_NUMBER", "NATIONALID", _ID, "ZaIdNumberRecognizer", "identity", "rsa", "national", "said"),
        _number("NG_NIN", "NATIONALID", _ID, "NgNinRecognizer", "nin", "nimc", "national"),
        _number("CA_SIN", "NATIONALID", _ID, "CaSinRecognizer", "sin", "social"),
        _number("IT_IDENTITY_CARD", "NATIONALID", _ID, "ItIdentityCardRecognizer", "identità", "identita", score=0.3),
        _number("DE_ID_CARD", "NATIONALID", _ID, "DeIdCardRecognizer", "personalausweis", "ausweis", "ausweisnummer", "perso"),
        _number("DE_SOCIAL_SECURITY", "NATIONALID", _ID, "DeSocialSecurityRecognizer", "sozialversicherung",
                "sozialversicherungsnummer", "rentenversicherungsnummer", "rvnr", "svnr"),
        _number("DE_TAX_ID", "TAXID", _TAX, "DeTaxIdRecognizer", "steuer", "steueridentifikationsnummer", "idnr", "tin"),
        _number("IN_PAN", "TAXID", _TAX, "InPanRecognizer", "pan", "permanent"),
        _number("AU_TFN", "TAXID", _TAX, "AuTfnRecognizer", "tfn", "tax"),
        _number("UK_NHS", "HEALTHID", _HEALTH, "NhsRecognizer", "nhs", "patient"),
        _number("US_MBI", "HEALTHID", _HEALTH, "UsMbiRecognizer", "mbi", "medicare", "beneficiary"),
        _number("AU_MEDICARE", "HEALTHID", _HEALTH, "AuMedicareRecognizer", "medicare"),
        _number("DE_HEALTH_INSURANCE", "HEALTHID", _HEALTH, "DeHealthInsuranceRecognizer", "krankenversicherung",
                "versichertennummer", "krankenkasse", "kvnr", "egk"),
        _number("MEDICAL_LICENSE", "LICENSE", "a medical licence", "MedicalLicenseRecognizer", "dea", "medical", "prescriber"),
        _number("US_PASSPORT", "PASSPORT", _PASS, "UsPassportRecognizer", "passport"),
        _number("UK_PASSPORT", "PASSPORT", _PASS, "UkPassportRecognizer", "passport"),
        _number("IN_PASSPORT", "PASSPORT", _PASS, "InPassportRecognizer", "passport"),
        _number("ES_PASSPORT", "PASSPORT", _PASS, "EsPassportRecognizer", "pasaporte"),
        _number("IT_PASSPORT", "PASSPORT", _PASS, "ItPassportRecognizer", "passaporto", score=0.3),
        _number("DE_PASSPORT", "PASSPORT", _PASS, "DePassportRecognizer", "reisepass", "pass", "passnummer"),
        _number("KR_PASSPORT", "PASSPORT", _PASS, "KrPassportRecognizer", "passport", "여권"),
        _number("US_DRIVER_LICENSE", "LICENSE", "a driver's licence number", "UsLicenseRecognizer", "driver", "drivers", "dl",
                score=0.35),
        _number("UK_DRIVING_LICENCE", "LICENSE", "a driver's licence number", "UkDrivingLicenceRecognizer", "driving", "driver",
                "dvla"),
        _number("IT_DRIVER_LICENSE", "LICENSE", "a driver's licence number", "ItDriverLicenseRecognizer", "patente"),
        _number("DE_FUEHRERSCHEIN", "LICENSE", "a driver's licence number", "DeFuehrerscheinRecognizer", "führerschein",
                "fuehrerschein", "führerscheinnummer"),
        _number("US_BANK_NUMBER", "ACCOUNT", "a bank account number", "UsBankRecognizer", "bank", "checking", "savings", "acct"),
        _number("ABA_ROUTING_NUMBER", "ROUTING", "a bank routing number", "AbaRoutingRecognizer", "routing", "aba", "rtn"),
        DeepEntity("PERSON", "PERSON", "medium", "a person's name", "name", 0.0, ""),
        DeepEntity("LOCATION", "PLACE", "low", "a place", "name", 0.0, ""),
    )
}  # fmt: skip
"""By Presidio's name."""

FROM_MODEL = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "LOCATION": "LOCATION",
    "FAC": "LOCATION",
}
"""A spaCy model's labels, and what they are here. Organisations, dates and the like name nobody."""

_VERSION_WORDS = (
    "version",
    "versions",
    "release",
    "releases",
    "build",
    "v",
    "ver",
    "upgrade",
    "downgrade",
    "firmware",
    "oid",
)
_WORDS_BEFORE = 40
_IPV6_GROUPS_MIN = 3
# Single words that small models take for persons or places and that developers write all day.
_TECHNICAL = frozenset((
    "docker", "kubernetes", "redis", "kafka", "jenkins", "ansible", "terraform", "python", "java", "kotlin", "ruby", "swift", "rust",
    "django", "flask", "celery", "pandas", "numpy", "torch", "keras", "spark", "hadoop", "nginx", "apache", "ubuntu", "debian",
    "fedora", "linux", "windows", "github", "gitlab", "bitbucket", "jira", "slack", "vue", "react", "angular", "svelte", "node",
    "deno", "bun", "maven", "gradle", "groovy", "scala", "julia", "perl", "bash", "markdown", "json", "yaml", "xml", "html", "css",
    "sql", "postgres", "mysql", "sqlite", "mongo", "cassandra", "elastic", "prometheus", "grafana", "ollama", "claude", "gemini",
    "llama", "alexa", "siri", "copilot", "chroma", "bandit", "ruff", "pytest", "selenium", "jinja", "pydantic", "fastapi", "traceback",
    "todo", "fixme", "note", "warning", "error", "exception", "none", "null", "true", "false", "readme", "changelog", "luhn", "bearer",
))  # fmt: skip
# RFC 2606 and RFC 6761.
_RESERVED = ("example", "test", "invalid", "localhost", "example.com", "example.org", "example.net")
# The test numbers that payment services publish.
_TEST_CARDS = frozenset((
    "4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "5555555555554444", "5105105105105100",
    "2223003122003222", "5200828282828210", "378282246310005", "371449635398431", "6011111111111117", "6011000990139424",
    "30569309025904", "38520000023237", "3530111333300000", "3566002020360505",
))  # fmt: skip
_PHONE_DIGITS = (7, 21)
"""The most that numbers have is 15; an extension may follow."""
_PHONE_DIGITS_ALONE = 9
_CODE_BEFORE = frozenset("._/\\@#$`<>[{=:-+*&|\"'(")
_CODE_AFTER = frozenset("_/\\@`<>({[=+*&|")


def visible_words(*, with_names: bool) -> tuple[str, ...]:
    """The placeholders' words of what the engine finds, with a model that knows names or without one."""
    return tuple(dict.fromkeys(each.word for each in ENTITIES.values() if each.recognizer or with_names))


class Candidate(Struct, frozen=True):
    """What a recogniser says about one place in a text."""

    entity: str
    start: int
    end: int
    score: float
    supported: bool
    """A word of its context stands near."""


def believed(text: str, found: Candidate) -> bool:
    """Whether a find counts. Pure, and bounded by a few words around the find."""
    entity = ENTITIES.get(found.entity)
    if entity is None or found.score < entity.min_score:
        return False
    value = text[found.start : found.end]
    if entity.proof == "name":
        return _reads_as_name(text, found.start, found.end)
    if _within_word(text, found.start, found.end):
        return False
    if entity.proof == "ip":
        return _reads_as_address(text, found.start, value)
    if _within_number(text, found.start, found.end) or _published(text, found, value):
        return False
    if entity.proof == "form":
        return True
    if entity.proof == "context":
        return found.supported
    return _reads_as_phone(value, supported=found.supported)


def _within_word(text: str, start: int, end: int) -> bool:
    """Part of a longer run of letters, digits and underscores: a hash, an identifier, a base64 blob."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (_wordlike(before) and _wordlike(text[start])) or (_wordlike(after) and _wordlike(text[end - 1]))


def _within_number(text: str, start: int, end: int) -> bool:
    """Digits of a decimal number or of a longer dotted one."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    return (text[start].isdigit() and before[-1:] == "." and before[:1].isdigit()) or (
        text[end - 1].isdigit() and after[:1] == "." and after[1:].isdigit()
    )


def _published(text: str, found: Candidate, value: str) -> bool:
    """Values that stand in everybody's documentation, and the logins of version control."""
    if found.entity == "EMAIL_ADDRESS":
        user, _, host = value.lower().rpartition("@")
        at_code_host = user in ("git", "hg", "svn") and text[found.end : found.end + 1] in (":", "/")
        return at_code_host or host in _RESERVED or host.endswith(tuple(f".{name}" for name in _RESERVED))
    return found.entity == "CREDIT_CARD" and "".join(filter(str.isdigit, value)) in _TEST_CARDS


def _wordlike(character: str) -> bool:
    return character.isalnum() or character == "_"


@cache
def _phone_shape() -> re.Pattern[str]:
    # As people write numbers: an area code in brackets, groups of the North American plan, or groups behind the trunk prefix 0.
    return re.compile(
        r"(?:\(?\d{3}\)[ .-]?\d{3}[ .-]\d{4}|1?[ .-]?\d{3}([ .-])\d{3}\1\d{4}|0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,5}"
        r"|\(?0\d{0,4}\)?\d{0,4}(?:[ .-]\d{2,4}){2,4})(?:[ ,;]{0,2}(?:x|ext\.?)[ ]?\d{1,6})?"
    )


def _reads_as_phone(value: str, *, supported: bool) -> bool:
    digits = sum(character.isdigit() for character in value)
    if not _PHONE_DIGITS[0] <= digits <= _PHONE_DIGITS[1]:
        return False
    if supported or value.lstrip("(").startswith("+"):
        return True
    return digits >= _PHONE_DIGITS_ALONE and _phone_shape().fullmatch(value) is not None


def _reads_as_address(text: str, start: int, value: str) -> bool:
    import ipaddress

    try:
        address = ipaddress.ip_address(value.partition("/")[0].strip("[]"))
    except ValueError:
        return False
    if address.version == 6 and sum(map(bool, value.split(":"))) < _IPV6_GROUPS_MIN:
        return False  # a slice such as ``[1::2]``
    if not address.is_global or address.is_multicast:
        return False
    before = text[max(0, start - _WORDS_BEFORE) : start].lower()
    if before.endswith(("==", "~=", ">=", "<=", "@", "^", "-")):
        return False
    words = re.findall(r"[a-z]+", before)[-2:]
    return not any(word in _VERSION_WORDS for word in words)


def _reads_as_name(text: str, start: int, end: int) -> bool:
    """Whether a model's person or place may be one, and is no identifier, option, path or product."""
    value = text[start:end]
    words = value.replace("-", " ").replace("'", " ").replace("’", " ").replace(".", " ").split()
    if not words or len(value) > 80 or len(words) > 6 or "\n" in value:
        return False
    if not all(word.isalpha() for word in words) or not any(len(word) > 1 for word in words):
        return False
    # Scripts without capitals are taken at the model's word.
    if words[0][0].islower() or words[-1][0].islower() or any(_camel(word) for word in words):
        return False
    if any(word.lower() in _TECHNICAL for word in words):
        return False
    if len(words) == 1 and (value.isupper() or len(value) < 3) and value.isascii():
        return False
    before, after = text[start - 1 : start], text[end : end + 2]
    if before in _CODE_BEFORE and before not in ("", "(", '"', "'", ":", "-"):
        return False
    if after[:1] in _CODE_AFTER and after[:1]:
        return False
    return not (after[:1] == "." and after[1:2].isalnum()) and not _within_word(text, start, end)


def _camel(word: str) -> bool:
    """``DataFrame``, but not ``McDonald`` or ``O``."""
    inner = [i for i, character in enumerate(word) if i and character.isupper()]
    return bool(inner) and not word.isupper() and not word.startswith(("Mc", "Mac", "De", "Le", "La", "Di", "Van"))
