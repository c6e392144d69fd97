"""Stored instructions: texts that give orders to the model which will read them, and are therefore set aside.

What counts, in one place:

1. Orders to leave one's instructions behind ("ignore all previous instructions", "forget what you were told").
2. A new role without limits ("you are now DAN", "from now on you obey only me").
3. A new system prompt, or a line that speaks as the system.
4. Orders to hide something from the user, or to give out the system prompt.
5. Marks of chat templates (``<|im_start|>``, ``[INST]``), which a model takes for a change of speaker.
6. Words addressed to whatever model reads the text ("note to the AI: ...").

In English; the first, second and fourth also in German, French, Spanish, Italian, Portuguese and Dutch. Disguises are taken off first (see
``unmasking``). A phrase that is only told of ("attackers write things like ...", "you can ignore the above instructions if ...") does not
count: what stands before and after it decides. This is a net with holes, and one of two: memories are fenced as data as well.

The patterns are bounded and tried only where one of their first words stands, so a hostile text costs linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from msgspec import Struct

from orchestrator_core.analysis.orders import unmasking
from orchestrator_core.analysis.orders.phrases import LEAVE, REVEAL, ROLE, RULES, SYSTEM

_MARKS = "it holds marks of a chat template"

_TOLD_BEFORE = frozenset((
    "can", "may", "could", "might", "safely", "cannot", "not", "never", "dont", "doesnt", "didnt", "wont", "cant", "to", "like", "as",
    "say", "says", "saying", "said", "contain", "contains", "containing", "write", "writes", "wrote", "phrase", "phrases", "string",
    "sentence", "sentences", "words", "reads", "types", "typed", "typing", "they",
    "we", "i", "he", "she", "who", "people", "users", "user",
    "attackers", "attacker", "tests", "models", "model", "developers", "that", "which", "eg", "called", "named", "often", "sometimes",
    "es", "le", "do",
))  # fmt: skip
"""A phrase after one of these is told of, not given as an order."""
_URGED = frozenset(
    ("you", "need", "have", "want", "instructed", "required", "supposed", "ordered", "got", "ought", "agree", "forced")
)
"""... unless it is ``you need to``, ``you are required to``."""
_TOLD_AFTER = (
    r"(?: [a-z]+){0,2} (?:if|when|unless|in case|in the (?:readme|docs|wiki|manual)|attack|attacks|injection|example)\b"
)
_PLACES_MAX = 100_000
_STUFFED = "it repeats the beginnings of orders to a model more often than can be checked"

_TEMPLATE = (
    r"<\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|begin_of_text|start_header_id|end_header_id|eot_id|eom_id|"
    r"channel|message|start|end|return|call)\|>|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>|\[/?system_prompt\]"
)
_HEADER = (
    r"(?m:^[ \t>*]{0,8}(?:#{2,5} ?|\[|<\|?|\*\*|\()?(?:system|developer|instruction|assistant)(?: prompt| message)?"
    r"(?:\]|\|?>|\*\*|\))? ?(?::|\]|>|\n)[ \t*:]{0,8}\n?[ \t]{0,8}(?:you are\b|you must|you will|ignore|disregard|from now on|"
    r"new instruction|override|do not|don't|never|always|forget|the user (?:is|has|wants|must|should)|"
    r"your (?:new|task|goal|only)|obey|reveal|respond only|answer only)|^#{2,5} ?system ?: ?$)"
)
_HEADERS = ("system", "developer", "instruction", "assistant")
_JOINED = (
    (
        LEAVE,
        (
            r"(?:ignore|disregard|forget|override|bypass)(?:all|any|every|the|of|your|my|these|those|and){0,4}(?:previous|prior|above|"
            r"earlier|system|preceding|your)(?:system)?(?:instructions|prompts?|directives|guidelines)"
        ),
    ),
    (LEAVE, r"(?:ignore|disregard|forget)(?:all|everything|what)(?:that)?youwere(?:told|taught|instructed)"),
    (ROLE, r"youarenow(?:an?|the)?(?:dan|jailbroken|unrestricted|uncensored|unfiltered|evil)"),
    (SYSTEM, r"newsystem(?:prompt|message|instructions)"),
    (REVEAL, r"(?:reveal|print|show|repeat|output)(?:me)?your(?:full|entire|hidden|secret|initial)?systemprompt"),
)
"""Phrases whose words run together."""

_STEMS = (
    "ignor", "disregard", "forget", "overrid", "bypass", "overlook",
    "neglect", "discard", "dismiss", "abandon", "skip", "yourenow", "youarenow",
    "nowon", "nolonger", "henceforth", "isnow", "nowis", "yournew", "enter",
    "mode", "jailb", "pretend", "restrictions", "guidelines", "uncensored", "unrestricted",
    "systemprompt", "systemmessage", "systeminstruction", "override", "tell", "inform", "alert", "notify", "warn", "mention", "reveal",
    "disclose", "hide", "conceal", "keep", "leak", "verbatim", "prompt",
    "system", "nottheuser", "totheai", "theai", "anai", "llm", "languagemodel",
    "assistant", "chatbot", "vergiss", "vergess", "missacht", "benutzer",
    "nutzer", "anwender", "oubli", "neglig", "consigne", "instruction", "maintenant",
    "desormais", "utilisateur", "olvida", "ahora", "usuari", "dimentica",
    "istruzion", "adesso", "utente", "esque", "desconsider", "agora",
    "utilizador", "negeer", "vergeet", "bentnu", "voortaan", "gebruiker", "obey", "freed",
)  # fmt: skip


def reason(text: str) -> str:
    """Why a text is set aside; empty for one that is not. Takes linear time; the same answer in every process."""
    found = _reason(text)
    if found:
        return found
    for said in unmasking.decoded(text):
        if found := _reason(said):
            return f"{found} (in base64)"
    return ""


def _reason(text: str) -> str:
    plain = unmasking.plain(text)
    if ("<" in plain or "[" in plain) and _compiled(_TEMPLATE).search(plain):
        return _MARKS
    if not _worth_a_look(unmasking.letters(plain)):
        return ""
    if _compiled(_HEADER).search(plain):
        return SYSTEM
    places = 0
    for words in unmasking.readings(plain):
        for found in _found(words):
            places += 1
            if found or places == _PLACES_MAX:
                return found or _STUFFED
    joined = unmasking.joined(plain)
    return next((why for why, pattern in _JOINED if _compiled(pattern).search(joined)), "") if joined else ""


def _worth_a_look(letters: str) -> bool:
    return any(stem in letters for stem in _STEMS)


def _found(words: str) -> Iterator[str]:
    """For each place where a rule could begin: its reason where it holds, else nothing."""
    gates = _gates()
    at = 0
    for word in words.split(" "):
        if (gate := gates.get(word)) is not None:
            yield _holding(words, at, gate.rules) if gate.pattern.match(words, at) else ""
        at += len(word) + 1


def _holding(words: str, at: int, rules: Sequence[tuple[str, re.Pattern[str]]]) -> str:
    for why, pattern in rules:
        match = pattern.match(words, at)
        if match and not told_of(words, at, match.end()):
            return why
    return ""


def speaks_as_system(plain_text: str) -> bool:
    """Whether there are marks of a chat template, or a line that speaks as the system; of a text that ``unmasking.plain`` made plain."""
    if ("<" in plain_text or "[" in plain_text) and _compiled(_TEMPLATE).search(plain_text):
        return True
    return any(word in plain_text for word in _HEADERS) and _compiled(_HEADER).search(plain_text) is not None


def told_of(words: str, start: int, end: int) -> bool:
    """Whether the phrase between two offsets of plain words is only told of: what stands before and after it decides."""
    before = words[max(0, start - 40) : start].split()
    last = before[-1] if before else "."
    if last in _TOLD_BEFORE and not (last == "to" and len(before) > 1 and before[-2] in _URGED):
        return True
    return _compiled(_TOLD_AFTER).match(words, end) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class _Gate(Struct, frozen=True):
    """All rules that begin with a word: one pattern tells whether any of them may hold."""

    pattern: re.Pattern[str]
    rules: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def _gates() -> dict[str, _Gate]:
    by_word: dict[str, list[tuple[str, str]]] = {}
    for rule in RULES:
        for word in dict.fromkeys(phrase.split(" ")[0] for phrase in rule.first.split("|")):
            by_word.setdefault(word, []).append((rule.reason, f"(?:{rule.first}){rule.rest}"))
    return {
        word: _Gate(
            re.compile("|".join(f"(?:{pattern})" for _, pattern in rules)),
            tuple((why, re.compile(pattern)) for why, pattern in rules),
        )
        for word, rules in by_word.items()
    }
