"""When two texts say the same.

Two measures, for two uses:

``near_duplicate`` decides whether a new memory merges into an older one, whose text stays. Nothing may get lost there, so it is
strict by construction: the texts must be equal, word for word and in order, but for case, white space, punctuation around words,
spelt-out contractions and a handful of words that carry nothing (``_LIGHT``). A number, a name, a negation, a unit or a swapped
order can therefore never be among what differs. Texts of fewer than five words must be equal in the light words as well.

``same_said`` decides whether a recalled text is shown although one like it is shown already. Nothing gets lost there, so it is
looser: nine tenths of the words are shared (Jaccard), in the same order, and none of those that differ is a telling one.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache, lru_cache

from msgspec import Struct

_SHORT_WORDS = 5
_SAME_SHARE = 0.9
_COMPARED_CHARS = 2_000
"""``same_said`` looks at so many characters of each text."""

_OPENING = "([{\"'`“‘„«‹¿¡"
_CLOSING = ")]}\"'`”’»›,;:.。，、」"
_ENDING = ".!?:…"
_DASHES = frozenset("-–—•*·")

_LIGHT = frozenset((
    "a", "an", "the", "that", "of", "very", "really", "just", "quite", "also", "now", "currently", "actually", "simply",
    "basically", "please", "so", "oh", "um", "uh", "hey",
))  # fmt: skip

_CONTRACTED = {"n't": "not", "'m": "am", "'re": "are", "'ll": "will", "'ve": "have"}
_IRREGULAR = {"can't": ("can", "not"), "cannot": ("can", "not"), "won't": ("will", "not"), "shan't": ("shall", "not")}

_NEGATIONS = frozenset((
    "no", "not", "cannot", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without", "hardly", "barely", "longer",
    "stopped", "failed", "fails", "fail", "unless", "except", "kein", "keine", "keinen", "nicht", "nie", "ohne", "pas", "jamais",
    "sans", "ne", "sin", "nunca", "nada", "senza", "mai", "non", "não", "sem", "niet", "geen", "zonder",
))  # fmt: skip
_PAIRS = (
    "enabled disabled", "enable disable", "enables disables", "on off", "before after", "increase decrease",
    "increased decreased", "increases decreases", "allow deny", "allowed denied", "allowed forbidden", "allow forbid", "true false",
    "open close", "opened closed", "open closed", "start stop", "started stopped", "starts stops", "more less", "more fewer", "up down",
    "left right", "succeeded failed", "success failure", "pass fail", "passed failed", "passes fails", "accept reject",
    "accepted rejected", "approved rejected", "add remove", "added removed", "adds removes", "install uninstall", "first last",
    "min max", "minimum maximum", "high low", "higher lower", "above below", "over under", "in out", "to from", "with without",
    "always never", "all none", "everyone nobody", "buy sell", "bought sold", "win lose", "won lost", "love hate", "loves hates",
    "like dislike", "likes dislikes", "good bad", "better worse", "best worst",
    "old new", "older newer", "early late", "earlier later", "hot cold",
    "push pull", "read write", "input output", "public private", "safe unsafe", "valid invalid", "possible impossible",
    "connected disconnected", "online offline", "sync async", "internal external", "local remote", "next previous", "and or",
    "he she", "his her", "him her", "i you", "my your", "we they", "our their", "must may", "is was", "are were", "will did",
    "can must", "should must", "yes no", "import export", "upload download", "encrypt decrypt", "lock unlock", "include exclude",
    "morning evening", "today tomorrow", "today yesterday", "yesterday tomorrow", "mother father", "son daughter", "brother sister",
)  # fmt: skip
_UNITS = frozenset((
    "ns", "us", "µs", "ms", "s", "sec", "second", "seconds", "min", "minute", "minutes", "h", "hour", "hours", "day", "days", "week",
    "weeks", "month", "months", "year", "years", "b", "kb", "mb", "gb",
    "tb", "kib", "mib", "gib", "tib", "byte", "bytes", "bit", "bits", "g",
    "kg", "mg", "t", "ton", "tons", "mm", "cm", "m", "km", "mile",
    "miles", "inch", "inches", "feet", "foot", "yard", "yards", "l", "ml", "liter",
    "liters", "litre", "litres", "pound", "pounds", "ounce", "ounces", "dollar", "dollars", "euro", "euros", "cent", "cents", "yen",
    "percent", "degree", "degrees", "celsius", "fahrenheit", "volt", "volts", "watt", "watts", "hz", "khz", "mhz", "ghz",
))  # fmt: skip
_NUMBERS = frozenset((
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    "hundred", "thousand", "million", "billion", "half", "quarter", "double", "twice", "thrice", "once", "third", "fourth", "fifth",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
))  # fmt: skip


class _Word(Struct, frozen=True):
    key: str
    """In lower case."""
    written: str
    opens: bool
    """Stands at the beginning of a sentence, where a capital tells nothing."""


def near_duplicate(one: str, other: str) -> bool:
    """True when both texts say the same so exactly that one of them can stand for both. Symmetric."""
    if one == other:
        return True
    words, others = _words(one), _words(other)
    if min(len(words), len(others)) >= _SHORT_WORDS:
        words = [word for word in words if word.key not in _LIGHT]
        others = [word for word in others if word.key not in _LIGHT]
    return (
        bool(words)
        and len(words) == len(others)
        and all(_same_word(word, twin) for word, twin in zip(words, others, strict=True))
    )


def _same_word(word: _Word, other: _Word) -> bool:
    if word.key != other.key:
        return False
    return word.written == other.written or (_case_tells_nothing(word) and _case_tells_nothing(other))


def _case_tells_nothing(word: _Word) -> bool:
    written = word.written
    return word.key in (written, "i") or (word.opens and written[1:] == word.key[1:])


def print_of(text: str, *group: str) -> int:
    """A number that near-duplicates of one group share, from -2 ** 63 to 2 ** 63 - 1; 0 for a text without words.

    The same in every process and on every machine. ``group`` is what must be equal besides the text.
    """
    words = [word.key for word in _words(text) if word.key not in _LIGHT] or [word.key for word in _words(text)]
    if not words:
        return 0
    content = "\0".join((*group, "", *words)).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big", signed=True) or 1


def _words(text: str) -> list[_Word]:
    """The words of a text as they count: without punctuation around them, contractions spelt out."""
    words: list[_Word] = []
    opens, dash = True, ""
    for chunk in text.replace("’", "'").split():
        if chunk in _DASHES or chunk == "--":
            opens, dash = True, chunk
            continue
        core = chunk.lstrip(_OPENING)
        stripped = core.rstrip(_CLOSING + "!?…！？")
        ends = core[len(stripped) :]
        if stripped:
            if dash and stripped[0].isdigit():
                words.append(_Word(dash, dash, False))  # it may be a minus
            for part in _spelt_out(stripped):
                words.append(_Word(part.lower(), part, opens))
                opens = False
        if "?" in ends or "？" in ends:
            words.append(_Word("?", "?", False))
        dash = ""
        opens = any(mark in _ENDING for mark in ends) or (opens and not stripped)
    return words


def _spelt_out(word: str) -> tuple[str, ...]:
    if "'" not in word and word not in ("cannot", "Cannot"):
        return (word,)
    lower = word.lower()
    if len(lower) != len(word) or (word.isupper() and len(word) > 1):
        return (word,)
    if lower in _IRREGULAR:
        first, second = _IRREGULAR[lower]
        return (word[0] + first[1:], second)
    for ending, spelt in _CONTRACTED.items():
        if len(word) > len(ending) and word.endswith(ending):
            return (word[: -len(ending)], spelt)
    return (word,)


class _Bag(Struct, frozen=True):
    words: frozenset[str]
    sequence: tuple[str, ...]
    telling: frozenset[str]


def same_said(one: str, other: str) -> bool:
    """True when it is enough to show one of the two texts. Symmetric; looks at the first 2,000 characters."""
    if one == other:
        return True
    bag, twin = _bag(one[:_COMPARED_CHARS]), _bag(other[:_COMPARED_CHARS])
    both = len(bag.words & twin.words)
    either = len(bag.words) + len(twin.words) - both
    if not either or both < _SAME_SHARE * either or bag.telling != twin.telling:
        return False
    only, twin_only = bag.words - twin.words, twin.words - bag.words
    if any(_opposites().get(word, frozenset()) & twin_only for word in only):
        return False
    common = bag.words & twin.words - _LIGHT
    return [word for word in bag.sequence if word in common] == [word for word in twin.sequence if word in common]


@lru_cache(maxsize=512)
def _bag(text: str) -> _Bag:
    written = _plain_words().findall(text.replace("’", "'"))
    words = tuple(word.lower() for word in written)
    telling = frozenset(
        word
        for i, word in enumerate(words)
        if word in _NEGATIONS
        or word.endswith("n't")
        or word in _UNITS
        or word in _NUMBERS
        or not word.replace("'", "").isalpha()
        or (i and written[i][0].isupper() and word != "i" and not word.startswith("i'"))
    )
    return _Bag(frozenset(words), words, telling)


@cache
def _plain_words() -> re.Pattern[str]:
    # A number with its sign, decimals and percent, a word with its apostrophe, or a sign that is no punctuation.
    return re.compile(r"[-+]?\d[\d.,:]*%?|[^\W\d_]+(?:'[^\W\d_]+)?|[^\w\s.,;:!\"'()\[\]{}…–—`-]")


@cache
def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in _PAIRS:
        one, other = pair.split()
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}
