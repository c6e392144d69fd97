"""Orders that hide from a reader of plain words: marks of chat templates, parts to put together, ciphers, endless repetition."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.analysis.orders.recogniser import speaks_as_system
from orchestrator_security.injection.evidence import Category, Piece

_TURNS = r"(?m)^[ \t>*#]{0,4}(?:human|user|assistant|system)[*]{0,2}: ?[^\n]"
_COMPLIES = r"assistant: ?(?:sure|of course|certainly|okay|ok\b|i will|yes|here|understood|absolutely)"
_AGREES = (
    r"(?:^|[ \n])(?:assistant|ai|bot|a|response|model|chatgpt): ?(?:sure|of course|certainly|okay|ok\b|i will|yes|with pleasure|here is|"
    r"here's|"
    r"understood|absolutely|gladly|no problem)"
)
_LEFT_OPEN = (
    r"\n[ \t>*#]{0,4}(?:assistant|ai|bot|a|response|model|chatgpt)[*]{0,2}:?[ \t]*(?:\n[^\n]{0,60})?\Z|(?:\?|\n) ?(?:a|"
    r"assistant|ai): ?\Z"
)
_IMAGE = r"!\[[^\]\n]{0,80}+\]\(https?://([^)\s]{0,300}+)"
_PLACEHOLDER = r"[?&/=][^)\s]{0,80}?(?:\[[a-z_ ]|\{\{?[a-z_ ]|<[a-z_]|\$\{?[a-z_]|%s)"
_IMAGES_MAX = 50
_ACTIVE = r"<script\b|\bonerror ?=|\bonload ?=|<svg/|javascript:|<iframe\b"
_CLASSIC = (
    r"\b(?:caesar|rot ?-?1?3|rot-?\d{1,2}|vigen[eè]re|atbash|pig ?latin|morse(?: code)?|leet ?speak|backwards|anagram|ubbi "
    r"dubbi|scrambled|unscramble|unjumble|jumbled|reversed)\b"
)
_ENCODED = r"\b(?:base ?-?64|base ?-?32|hex(?:adecimal)?|binary|ascii codes?|unicode code ?points?|emoji)\b"
_SOLVE = r"\b(?:decode|decrypt|decipher|unscramble|unjumble|rearrange|interpret|translate|convert|solve|read|reverse|crack)\b"
_THEN = (
    r"\b(?:(?:follow|execute|obey|carry out|comply with|respond to|answer|act on|run) (?:it|the|what|that|this|its)|do what "
    "it says|"
    "tell me what it says|what (?:does|do) (?:it|they|this) say|and (?:answer|respond|follow|tell|give|provide|execute|do)|"
    r"without (?:saying|revealing|mentioning)|what it (?:says|asks|means))\b"
)
_PAYLOAD = r"[\"'“‘`:][^\"'”’`]{8,}"
_FIRST_PART = r"part ?(?:#? ?1|one|a|i)\b|first (?:part|half|piece|string)\b"
_SECOND_PART = r"part ?(?:#? ?2|two|b|ii)\b|second (?:part|half|piece|string)\b"
_TOGETHER = (
    r"\b(?:combine|concatenat\w{1,4}|interla\w{1,4}|interleav\w{1,3}|join|put (?:it |them |the parts )?together|assemble|"
    "merge|answer|respond|using|"
    r"append|weave|glue|stitch|add|complete|execute|follow|sentence|question)\b"
)
_VARIABLES = r"\b[a-z]\d?\b ?= ?[\"'“][^\"'”\n]{1,80}[\"'”]"
_SUM = (
    r"\b(?:answer|respond|reply|follow|execute|say|tell|what|solve|complete|do|output|write|"
    r"give)\b[^\n]{0,60}?[\s(\"'{][a-z]\d? ?\+ ?[a-z]\d?\b"
)
_PRIVATE = (
    "['’]s (?:[a-z]{1,12} ){0,2}?(?:e-?mail(?: address)?|home address|address|phone(?: number)?|bank (?:account|balance|"
    "details)|account (?:number|balance)|balance|ssn|"
    "social security number|salary|passwords?|medical (?:history|records?|condition|information)|city of residence|place "
    "of residence|residence|credit card|private information|"
    r"personal (?:information|data|details)|diagnosis)\b(?! (?:field|column|regex|attribute|property|format|in the (?:table|"
    "config|database)))"
)
_ASKED = (
    r"(?:\b[Ww]hat(?:['’]s| is| are| was| were)?|\b(?:[Tt]ell|[Gg]ive|[Ss]how) me|\b[Ss]hare|\b[Pp]rovide|\b[Rr]eveal|"
    r"\b[Dd]isclose|\b[Kk]now|\b[Ss]end|\b[Oo]utput|\b[Ss]ay|\b[Ll]ist|"
    r"\b[Ss]tate)\b[^.?!\n]{0,50}?\b[A-Z][a-z]{1,20}(?: [A-Z][a-z]{1,20})?\Z"
)
_LIVES = r"here does [A-Z][a-z]{1,20} [A-Z][a-z]{1,20} (?:live|reside|work)\b"
_PLUS = r"\+ ?[a-z]"
_CODED = r"[a-z0-9+/=]{16}|(?:[01]{7,8} ){3}"
_CIPHER_STEMS = (
    "caesar", "rot", "vigen", "atbash", "latin", "morse", "leet", "backwards", "anagram", "dubbi", "scramb", "jumbl", "reversed",
    "base", "hex", "binary", "ascii", "unicode", "emoji",
)  # fmt: skip
_VERBS_MAX = 40
_REPEATED = 10
_FACTS_MAX = 100
_UNIT_MAX = 5


def smuggled(text: str, plain: str, *, untrusted: bool) -> list[Piece]:
    """What was found; ``plain`` is what ``unmasking.plain`` makes of the text."""
    return list(_found(text, plain, untrusted=untrusted))


def _found(text: str, plain: str, *, untrusted: bool) -> Iterator[Piece]:
    if speaks_as_system(plain):
        yield _piece("system-voice", "order", 0.8 if untrusted else 0.35)
    if untrusted:
        if "assistant:" in plain and compiled(_COMPLIES).search(plain):
            yield _piece("turns", "new-task", 0.5)
        if ("assistant" in plain or "human:" in plain) and len(set(_lower_all(_TURNS, plain))) > 1:
            yield _piece("turns", "new-task", 0.35)
        if "](http" in plain and _sends_data(plain):
            yield _piece("image-with-data", "exfiltration", 0.5)
        if ("<" in plain or "=" in plain) and compiled(_ACTIVE).search(plain):
            yield _piece("active-content", "active", 0.25)
    elif ":" in plain and _many(_AGREES, plain):
        # Turns that were never taken, in which a model gives everything away; the last one is left for it to go on with.
        yield _piece(
            "turns", "faked-turns", 0.8 if compiled(_LEFT_OPEN).search(plain, max(0, len(plain) - 100)) else 0.3
        )
    if "part" in plain and (first := compiled(_FIRST_PART).search(plain)):
        near = plain[max(0, first.start() - 200) : first.end() + 400]
        quoted = sum(map(near.count, "\"'“`")) > 1
        if quoted and compiled(_SECOND_PART).search(near) and compiled(_TOGETHER).search(near):
            yield _piece("split-payload", "split", 1.0, "jailbreak")
    if (
        "+" in plain
        and "=" in plain
        and compiled(_PLUS).search(plain)
        and compiled(_SUM).search(plain)
        and _many(_VARIABLES, plain)
    ):
        yield _piece("split-payload", "split", 1.0, "jailbreak")
    yield from _ciphers(plain)
    if ("'s " in text or "’s " in text or "here does " in text) and (_private(text) or compiled(_LIVES).search(text)):
        yield _piece("private-fact", "private", 0.3 if untrusted else 1.0, "prompt_extraction")
    if _repeats(plain):
        yield _piece("repetition", "repetition", 0.5 if untrusted else 1.0, "jailbreak")


def _ciphers(plain: str) -> Iterator[Piece]:
    """What is to be decoded, as long as the cipher, the coded text and what to do with it stand close together."""
    if not any(stem in plain for stem in _CIPHER_STEMS):
        return
    for verb, _ in zip(compiled(_SOLVE).finditer(plain), range(_VERBS_MAX), strict=False):
        near = plain[verb.start() : verb.start() + 300]
        orders = compiled(_THEN).search(near) is not None
        if compiled(_CLASSIC).search(near[:120]) and compiled(_PAYLOAD).search(near):
            yield _piece("cipher", "cipher", 1.0 if orders else 0.6, "jailbreak")
            return
        if orders and compiled(_ENCODED).search(near[:120]) and compiled(_CODED).search(near):
            yield _piece("encoded-order", "cipher", 0.8, "jailbreak")
            return


def _private(text: str) -> bool:
    for number, fact in enumerate(compiled(_PRIVATE).finditer(text)):
        if compiled(_ASKED).search(text[max(0, fact.start() - 90) : fact.start()]):
            return True
        if number == _FACTS_MAX:
            break
    return False


def _piece(name: str, group: str, weight: float, category: Category = "prompt_injection") -> Piece:
    return Piece(f"injection.{name}", category, group, weight)


def _sends_data(plain: str) -> bool:
    """Whether an image's address has a place for data in it; not the fixed parameters of a badge."""
    images = zip(compiled(_IMAGE).finditer(plain), range(_IMAGES_MAX), strict=False)
    return any(compiled(_PLACEHOLDER).search(image[1]) for image, _ in images)


def _many(source: str, plain: str) -> bool:
    return sum(1 for _, _ in zip(compiled(source).finditer(plain), range(2), strict=False)) > 1


def _lower_all(source: str, plain: str) -> Iterator[str]:
    for match in compiled(source).finditer(plain):
        yield match[0].strip(" \t>*#").partition(":")[0]


def _repeats(plain: str) -> bool:
    """Whether a text begins or ends with the same few words ten times in a row, on one line, and has little else to say."""
    for part in (plain[:400], plain[-400:]):
        words = part.split()
        if len(words) <= _REPEATED * 2:
            continue
        for size in range(1, _UNIT_MAX + 1):
            unit = words[4 : 4 + size]
            again = " ".join(unit) + " "
            if len(again) > 3 and any(map(str.isalpha, again)) and "\n" not in part and again * _REPEATED in part + " ":
                return len(set(plain.split())) < 60
    return False
