"""Looks for orders to a model: in requests, and with half the threshold in texts of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

from msgspec.structs import replace

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.analysis.orders import phrases as orders
from orchestrator_core.analysis.orders import unmasking
from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.injection import (
    about_answer,
    addressed,
    extraction,
    jailbreak,
    sentences,
    stray_order,
    supposing,
    untrusted,
    wording,
)
from orchestrator_security.injection.evidence import Category, Evidence, Phrase, PhraseTable, Piece, tokens
from orchestrator_security.injection.other_scripts import in_other_scripts
from orchestrator_security.injection.quoting import own_words
from orchestrator_security.injection.sentence_rules import RuleTable
from orchestrator_security.injection.small_talk import small_talk
from orchestrator_security.injection.smuggling import smuggled
from orchestrator_security.injection.stray_code import harmful_orders, stray_code
from orchestrator_security.injection.stray_task import stray_tasks
from orchestrator_security.injection.veiled import unveiled
from orchestrator_security.scanner import Hit

REQUEST_THRESHOLD = 0.8
UNTRUSTED_THRESHOLD = 0.5
WORDING_SHARE: dict[wording.Place, float] = {"request": 0.5, "told": 0.3, "task": 0.28}
WORDING_EVEN: dict[wording.Place, float] = {"request": 0.0, "told": 0.0, "task": 0.7}
WORDING_MOST = 1.5
"""What one of log-odds of the wording counts, from where on it counts, and what it counts at most. So that a wording alone flags one in a
hundred harmless requests whose turn of writing was left out of the fit (``benchmarks/injection/measure.py``)."""
WORDING_AGAINST, SHORT_WORDS = 0.3, 50
"""What a wording that speaks against an order takes at most from what phrases say of a short request: "disregard the previous prompt for
the essay; the teacher gave us a new one". A long one could be padded until it does; in a short one no sentence may speak for it."""
_WORDED = frozenset(("order", "own", "free"))
"""Groups of phrases for what the wording is fitted on, unlike ciphers, secrets and what is hidden."""
PARTED_MIN, PARTED_WEIGHT = 3, 0.4
_PARTED = r"(?<=[A-Za-z])[\xad\x00-\x08\x0e-\x1a\u200b-\u200d\u2060-\u2064\ufeff](?=[A-Za-z])"
LIKELY = frozenset(("wording", "stray"))
_ADDRESSED = frozenset(("YOU", "BEING", "MODEL", "PERSONA", "ANSWER", "SAY"))
"""Classes of words for who is spoken to, and for what it shall say."""
_TALKS_OUT = frozenset(("free", "wording"))
_NOT_ADDRESSED = 0.5
"""A jailbreak speaks to somebody: without a word for who is spoken to, or for what it shall say, "unrestricted" is about a container."""
SCAN_MAX_CHARS = 200_000
"""More of a text is looked at from both ends only: half of this each."""

_OWASP = {"prompt_injection": "LLM01", "jailbreak": "LLM01", "prompt_extraction": "LLM07"}
_SAYS = {
    "prompt_injection": "it gives orders to the model that reads it",
    "jailbreak": "it talks a model out of its rules",
    "prompt_extraction": "it asks for what the model was told",
}
_ORDERS: dict[str, tuple[str, Category, float, float]] = {
    orders.LEAVE: ("ignore-instructions", "prompt_injection", 1.0, 1.0),
    orders.ROLE: ("new-role", "jailbreak", 0.8, 0.8),
    orders.SYSTEM: ("system-voice", "prompt_injection", 0.6, 0.8),
    orders.HIDE: ("hide-from-user", "prompt_injection", 0.4, 0.8),
    orders.REVEAL: ("reveal-instructions", "prompt_extraction", 1.0, 1.0),
    orders.ADDRESS: ("to-the-model", "prompt_injection", 0.4, 0.8),
}
"""Of each kind of order: rule, category, and what it counts in a request and in a text of others."""


class InjectionScanner:
    """Prompt injection, jailbreaks and prompt extraction in what a model will read."""

    name = "injection"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        # A reply gives nobody orders yet: what is kept of it is looked at when it comes back as a memory.
        return context.sink == "model" and context.direction != "out" and len(text) > 8 and not text.isspace()

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        theirs = context.trust == "untrusted"
        whole = len(text)
        if whole > SCAN_MAX_CHARS:
            text = f"{text[: SCAN_MAX_CHARS // 2]}\n{text[-SCAN_MAX_CHARS // 2 :]}"
        threshold = _threshold(theirs=theirs)
        found = evidence(text, theirs=theirs)
        if not found.enough(threshold):
            return ()
        if not theirs:
            own = own_words(text)
            if own is not None:
                found = evidence(own, theirs=False)
                if not found.enough(threshold):
                    return ()
        return (_hit(text, whole, found, threshold),)


def _threshold(*, theirs: bool) -> float:
    return UNTRUSTED_THRESHOLD if theirs else REQUEST_THRESHOLD


def evidence(text: str, *, theirs: bool) -> Evidence:
    """All that speaks for an order to a model, each piece weighed for where the text comes from."""
    plain = sentences.plain(text)
    words = tokens(plain)
    table = _table()
    pieces = table.pieces(words, untrusted=theirs)
    for veil, said in unveiled(text, plain, words):
        seen = {piece.words for piece in pieces}
        clear = unmasking.plain(said)
        there = table.pieces(tokens(clear), untrusted=theirs)
        behind = Evidence(
            (
                *(piece for piece in there if piece.words not in seen),
                *worded(wording.described(clear), (), theirs=theirs),
            )
        )
        if behind.score >= _threshold(theirs=theirs):
            heaviest = behind.heaviest()
            # A wording is no more certain for being hidden.
            group = "veiled" if behind.without(LIKELY).score >= UNTRUSTED_THRESHOLD else "wording"
            pieces.append(Piece(f"injection.{veil}", heaviest.category, group, max(1.0, behind.score)))
    pieces += smuggled(text, plain, untrusted=theirs)
    wordings = wording.described(plain)
    if theirs:
        pieces += _rules().pieces(wordings)
        pieces += addressed.marked(plain)
        pieces += stray_tasks(text, wordings)
        pieces += stray_code(text)
        pieces += harmful_orders(wordings)
        pieces += small_talk(wordings)
    if not text.isascii():
        pieces += in_other_scripts(wordings)
    pieces += worded(wordings, pieces, theirs=theirs)
    if pieces and not theirs and all(_ADDRESSED.isdisjoint(sentence.row) for sentence in wordings.sentences):
        pieces = [_not_addressed(piece) for piece in pieces]
    if pieces and _parted_words(text):
        pieces.append(Piece("injection.parted-words", "prompt_injection", "veiled", PARTED_WEIGHT))
    return Evidence(tuple(pieces), len(words))


def worded(wordings: wording.Described, pieces: Sequence[Piece], *, theirs: bool) -> Iterator[Piece]:
    """What the wording counts, beside the phrases."""
    stray = any(piece.group == "stray" and piece.weight > 0 for piece in pieces)
    places: tuple[wording.Place, ...] = ("told",) if theirs and stray else ("told", "task") if theirs else ("request",)
    for place in places:
        weight = min(WORDING_MOST, WORDING_SHARE[place] * (wordings.log_odds(place) - WORDING_EVEN[place]))
        if weight > 0:
            kind = None if theirs else wordings.kind()
            yield Piece("injection.wording", kind or "prompt_injection", "wording", weight)
        elif not theirs and _is_doubtful(wordings, pieces):
            # Not where one sentence alone speaks for it: the others may be there to cover it up.
            alone = max(wording.log_odds(wording.features(sentence), "request") for sentence in wordings.sentences)
            yield Piece(
                "injection.wording",
                "prompt_injection",
                "wording",
                max(-WORDING_AGAINST, min(0.0, WORDING_SHARE[place] * max(alone, weight))),
            )


def _is_doubtful(wordings: wording.Described, pieces: Sequence[Piece]) -> bool:
    """Whether a wording may speak against what was found: by phrases alone, for what the wording is fitted on, in a short request."""
    words = sum(len(sentence.words) for sentence in wordings.sentences)
    return bool(pieces) and 0 < words <= SHORT_WORDS and all(piece.group in _WORDED for piece in pieces)


def _not_addressed(piece: Piece) -> Piece:
    talks_out = piece.category == "jailbreak" and piece.group in _TALKS_OUT
    return replace(piece, weight=piece.weight * _NOT_ADDRESSED) if talks_out else piece


def _parted_words(text: str) -> bool:
    """Whether several words hold characters that nobody sees: soft hyphens, zero-width and control characters."""
    parted = compiled(_PARTED).finditer(text)
    return sum(1 for _ in islice(parted, PARTED_MIN)) == PARTED_MIN


def _hit(text: str, whole: int, found: Evidence, threshold: float) -> Hit:
    heaviest = found.without(LIKELY).heaviest() if found.without(LIKELY).pieces else found.heaviest()
    start, end = _place(text, heaviest.words) if whole == len(text) else (0, whole)
    ratio = found.score / threshold
    # A wording is likely, never certain: only what phrases say is grave.
    certain = sum(weight for group, weight in found.by_group().items() if group not in LIKELY)
    severity: Severity = "high" if certain >= 2 * threshold else "medium"
    return Hit(
        heaviest.name,
        heaviest.category,
        start,
        end,
        severity=severity,
        confidence=round(min(0.95, 0.5 + 0.2 * ratio), 2),
        message=_SAYS[heaviest.category],
        cwe="CWE-1427",
        owasp_llm=_OWASP[heaviest.category],
    )


def _place(text: str, words: str) -> tuple[int, int]:
    """Where the words stand in the text; all of it where they are disguised."""
    parts = [re.escape(word) for word in words.split() if word != "."]
    if parts:
        match = re.compile(r"[^a-z]{1,24}+".join(parts), re.IGNORECASE).search(text)
        if match:
            return match.span()
    return 0, len(text)


def _order_phrases() -> Iterator[Phrase]:
    for rule in orders.RULES:
        name, category, request, theirs = _ORDERS[rule.reason]
        yield Phrase(f"injection.{name}", category, "order", request, theirs, rule.first, rule.rest, ordered=True)


@cache
def _table() -> PhraseTable:
    return PhraseTable(
        [
            *_order_phrases(),
            *extraction.PHRASES,
            *jailbreak.PHRASES,
            *about_answer.PHRASES,
            *untrusted.PHRASES,
        ]
    )


@cache
def _rules() -> RuleTable:
    return RuleTable((*addressed.RULES, *stray_order.RULES, *supposing.RULES))
