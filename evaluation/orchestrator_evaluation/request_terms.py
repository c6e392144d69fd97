"""What a request names: its key terms, and the form and number of things it asks for. Pure."""

from __future__ import annotations

import re

from msgspec import Struct

MAX_REQUEST_CHARS = 4_000

_WORD = re.compile(r"[^\W_]+")
_STEM_CHARS = 6
_COMMON: frozenset[str] = frozenset(
    """
    about above across after again against also although always among another answer around because been before
    being below between both cannot could does doing done during each either else every example few find first
    following from further give given have having here hers himself however into itself just kind know known least
    less like likely list made make makes many might more most much must need never next none nothing often once
    only other others ours over please provide rather really same several shall should show since some something
    still such sure take tell than thank that their them then there these they thing things this those though
    through thus together under until upon used using very want well were what when where whether which while whom
    whose will with within without would write your yours include including explain describe sentence sentences
    paragraph words text question the and for are was but not you all can had her his one our out has him how its
    may new now old see two way who did get let put say she too use
    """.split()  # noqa: SIM905 - a list of quoted words cannot be read
)
_NUMBERS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_COUNTED = re.compile(
    r"\b(\d{1,3}|" + "|".join(_NUMBERS) + r")\s+(?:[a-z-]+\s+){0,2}?"
    r"(bullet points?|bullets?|items?|points?|examples?|ways?|reasons?|steps?|tips?|ideas?|names?|titles?|facts?|questions?"
    r"|sentences?|words?|paragraphs?|lines?|haikus?|options?|suggestions?|things?)\b",
    re.IGNORECASE,
)
_LONG_TASK = re.compile(
    r"\b(explain|describe|write|essay|story|article|letter|email|design|discuss|analy[sz]e|compare|summari[sz]e|review|plan"
    r"|guide|report|why|how)\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^[ \t]*(?:[-*+•][ \t]+|\(?\d{1,3}[.):][ \t]*|[a-zA-Z][.)][ \t]+)\S", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*(?:\s|$)")
_ITEMS: tuple[str, ...] = (
    "bullet",
    "item",
    "point",
    "example",
    "way",
    "reason",
    "step",
    "tip",
    "idea",
    "name",
    "title",
    "fact",
    "question",
    "option",
    "suggestion",
    "thing",
)


class Wanted(Struct, frozen=True):
    """A number of parts that a request asks for: ``five reasons``, ``two sentences``."""

    number: int
    unit: str


def words_of(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower())


def stems(words: list[str]) -> set[str]:
    """The words that carry meaning, cut to their first six letters so that endings do not matter."""
    return {word[:_STEM_CHARS] for word in words if len(word) > 2 and word not in _COMMON}


def wanted_count(request: str) -> Wanted | None:
    """The first number of parts that a request asks for, if any."""
    match = _COUNTED.search(request[:MAX_REQUEST_CHARS])
    if match is None:
        return None
    number = _NUMBERS.get(match[1].lower()) or int(match[1])
    unit = match[2].lower()
    return Wanted(number, unit) if number else None


def counted(text: str, unit: str) -> int | None:
    """How many of a unit a text has; None where that cannot be told."""
    if unit.startswith("sentence"):
        return len(_SENTENCE_END.findall(text.strip() + "\n"))
    if unit.startswith("word"):
        return len(words_of(text))
    if unit.startswith("paragraph"):
        return sum(1 for part in text.split("\n\n") if part.strip())
    if unit.startswith(("line", "haiku")):
        return sum(1 for line in text.splitlines() if line.strip())
    if unit.startswith(_ITEMS):
        return len(_ITEM.findall(text)) or None
    return None


def expected_words(request: str) -> int:
    """How many words an answer has at least, roughly: a question of fact needs few, an explanation about forty."""
    wanted = wanted_count(request)
    if wanted and wanted.unit.startswith("word"):
        return max(wanted.number * 3 // 4, 1)
    if wanted and wanted.unit.startswith("sentence"):
        return 8 * wanted.number
    return 40 if _LONG_TASK.search(request[:MAX_REQUEST_CHARS]) else 6
