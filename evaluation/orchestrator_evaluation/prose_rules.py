"""Rules for prose, without a model and without a heavy import: what a careful reader sees at first glance.

Each rule takes a share of one criterion away or gives it back by degrees, so that scores spread instead of clustering.
Whether a statement is true cannot be seen this way: correctness is left open.
"""

from __future__ import annotations

import math
import re

from msgspec import Struct

from orchestrator_core.records import Criterion
from orchestrator_evaluation.request_terms import (
    MAX_REQUEST_CHARS,
    counted,
    expected_words,
    stems,
    wanted_count,
    words_of,
)
from orchestrator_evaluation.scoring import bounded

READ_CHARS = 20_000
"""So much of a long text is read from its beginning, and a fifth of it from its end."""

_FEW_WORDS = 8

CONFIDENCE = 0.4
"""Rules see form rather than sense: their word counts less than a model's."""

_REFUSAL = re.compile(
    r"\b(?:i(?:'m| am)|we(?:'re| are)) (?:sorry|afraid|unable|not able)\b|\bas an ai\b|\bas a (?:large )?language model\b"
    r"|\bi (?:can(?:'|no)t|could not|couldn't|won't|do not|don't) (?:help|assist|answer|provide|do that|complete|fulfil|have access)",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"Traceback \(most recent call last\)|^\s*(?:[A-Za-z_.]*(?:Error|Exception)\b\s*:|error[:\s]|fatal:|failed to\b|exception:)"
    r"|\b(?:HTTP(?:/1\.1)? [45]\d\d|status code [45]\d\d|internal server error|segmentation fault|connection refused)\b"
    r"|\[object Object\]",
    re.IGNORECASE | re.MULTILINE,
)
_PLACEHOLDER = re.compile(
    r"\bTODO\b|\bFIXME\b|\bTBD\b|\bXXX\b|\blorem ipsum\b|\[(?:your|insert|add|name|date|company)\b[^\]\n]{0,40}\]"
    r"|<(?:your|insert|add)\b[^>\n]{0,40}>|\{\{[^}\n]{0,40}\}\}|^\s*\.\.\.\s*$|\b(?:rest of|and so on\.\.\.|content goes here)\b",
    re.IGNORECASE | re.MULTILINE,
)
_CUT_WORD = re.compile(
    r"\b(?:and|or|but|the|a|an|of|to|in|for|with|that|which|because|is|are|as|by|from)\s*$", re.IGNORECASE
)
_ITEM_LINE = re.compile(r"\s*(?:[-*+•|#>]|\d{1,3}[.)])")
_CLOSED = tuple(".!?:;\"')]}*`_|>…。！？”’»")


class Prose(Struct, frozen=True):
    """What the rules found in a text: three criteria with their evidence."""

    instruction: Criterion
    completeness: Criterion
    clarity: Criterion


def judge_prose(text: str, request: str, *, cut: bool = False) -> Prose:
    """Judge prose against its request. Under 0.5 ms of CPU for 1,500 characters. Total."""
    seen = text if len(text) <= READ_CHARS else f"{text[: READ_CHARS * 4 // 5]}\n{text[-READ_CHARS // 5 :]}"
    seen = seen.strip()
    words = words_of(seen)
    asked = request[:MAX_REQUEST_CHARS]
    failed = _failure(seen)
    lines = [line for line in seen.split("\n") if line.strip()]
    repeated = _repetition(words, lines)
    return Prose(
        _instruction(seen, words, asked, failed),
        _completeness(seen, words, asked, failed, repeated=repeated, cut=cut),
        _clarity(seen, words, lines, repeated),
    )


def _failure(text: str) -> str:
    """``refusal`` or ``error`` when the text is one rather than an answer; both stand at the beginning."""
    head = text[:400]
    if _REFUSAL.search(head[:200]):
        return "refusal"
    match = _ERROR.search(head)
    # A long text that mentions an error tells of it; a short one, or one that begins with it, is one.
    return "error" if match and (match.start() < 20 or len(text) < 300) else ""


def _criterion(name: str, score: float, notes: list[str], confidence: float = CONFIDENCE) -> Criterion:
    return Criterion(name, bounded(score), confidence, "rules", "; ".join(notes) or "nothing against it was seen")


def _instruction(text: str, words: list[str], request: str, failed: str) -> Criterion:
    asked = stems(words_of(request))
    if failed:
        return _criterion("instruction", 1.5, [f"the text is a {failed}, not an answer"], 0.8)
    notes: list[str] = []
    if not asked:
        return Criterion("instruction", None, 0.0, "rules", "the request names nothing to compare with")
    found = stems(words)
    covered = len(asked & found) / len(asked)
    notes.append(f"takes up {covered:.0%} of the request's terms")
    # A short answer to a short question cannot take up its words: it starts in the middle of the scale.
    floor = 0.1 if len(words) >= 25 else 0.45 if expected_words(request) <= _FEW_WORDS else 0.2
    score = 1.5 + 8.0 * max(covered, floor * (1 - covered) + covered) ** 0.7
    own = len(found - asked) / len(found) if found else 1.0
    if own < 0.2 and len(words) >= 6:
        score, notes = score - 4.0, [*notes, "says little but the request's own words"]
    wanted = wanted_count(request)
    if wanted is not None:
        number = counted(text, wanted.unit)
        if number is not None:
            off = abs(number - wanted.number) / max(wanted.number, 1)
            slack = 0.3 if wanted.unit.startswith("word") else 0.0
            score -= min(max(off - slack, 0.0) * 3.0, 3.0)
            notes.append(f"has {number} of {wanted.number} {wanted.unit}")
    return _criterion("instruction", score, notes)


def _completeness(text: str, words: list[str], request: str, failed: str, *, repeated: float, cut: bool) -> Criterion:
    if not words:
        return _criterion("completeness", 1.0, ["there are no words in it"], 0.9)
    if failed:
        return _criterion("completeness", 2.0, [f"the text is a {failed}"], 0.8)
    expected = expected_words(request)
    said = len(words) * (1 - repeated)  # what is said again adds nothing
    score = 3.0 + 6.6 * (1 - math.exp(-1.6 * said / expected))
    notes = [f"{said:.0f} words of its own where about {expected} are expected at least"] if said < expected else []
    if repeated > 0.5:
        score -= 3.0
        notes.append(f"{repeated:.0%} of it repeats itself")
    if not cut and (sign := _truncation(text)):
        score, notes = score - 3.0, [*notes, sign]
    holes = len(_PLACEHOLDER.findall(text))
    if holes:
        score, notes = score - min(1.5 + holes, 5.0), [*notes, f"{holes} placeholder{'s' if holes > 1 else ''}"]
    return _criterion("completeness", score, notes)


def _truncation(text: str) -> str:
    if text.count("```") % 2:
        return "a code block is not closed"
    last = text.rstrip().rsplit("\n", 1)[-1].strip()
    if last.endswith((",", " -")) or _CUT_WORD.search(last[-20:]):
        return "it ends in the middle of a sentence"
    open_end = len(last) > 60 and not last.endswith(_CLOSED) and not _ITEM_LINE.match(last)
    return "the last sentence has no end" if open_end else ""


def _clarity(text: str, words: list[str], lines: list[str], repeated: float) -> Criterion:
    if not words:
        return _criterion("clarity", 1.0, ["there are no words in it"], 0.9)
    notes: list[str] = []
    score = 9.5
    if repeated > 0.08:
        score, notes = score - min(repeated * 14.0, 7.0), [*notes, f"{repeated:.0%} of it repeats itself"]
    sentences = max(sum(text.count(mark) for mark in ".!?"), len(lines), 1)
    mean = len(words) / sentences
    score -= min(max(mean - 8, 0.0) * 0.07, 4.0)
    if mean > 25:
        notes.append(f"{mean:.0f} words to a sentence")
    longest = max(map(len, lines))
    if longest > 900:
        score -= min((longest - 900) / 1_200, 2.0)
        notes.append(f"a block of {longest} characters without a break")
    letters = sum(map(len, words))
    noise = 1 - letters / max(len(text) - text.count(" ") - text.count("\n"), 1)
    if noise > 0.25:
        score -= min((noise - 0.25) * 10, 4.0)
        notes.append(f"{noise:.0%} of it is no words")
    if len(words) > 20 and text.upper() == text and text.lower() != text:
        score, notes = score - 2.0, [*notes, "all in capitals"]
    # Longer words make harder reading; plain English has about 4.5 letters to a word, official English 5.5.
    score -= min(max(letters / len(words) - 4.3, 0.0) * 0.8, 2.5)
    return _criterion("clarity", score, notes)


def _repetition(words: list[str], lines: list[str]) -> float:
    """The share of repeated four-word runs or repeated lines, whichever is larger."""
    by_lines = 1 - len(set(lines)) / len(lines) if len(lines) > 3 else 0.0
    if len(words) < 12:
        return by_lines
    runs = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    return max(by_lines, 1 - len(set(runs)) / len(runs))
