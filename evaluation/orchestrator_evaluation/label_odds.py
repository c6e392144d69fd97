"""From token log-probabilities to the odds of each label that stands in a JSON answer. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from orchestrator_core.models.contract import TokenLogprob
from orchestrator_evaluation.scoring import LABELS


def label_odds(text: str, logprobs: Sequence[TokenLogprob], key: str) -> dict[str, float]:
    """The odds of the labels for one key of the answer; empty where the tokens do not tell.

    The label may be a token of its own (``3``) or share one with its quotes (``"3``, ``3"``): an alternative counts when it
    differs from the generated token in the digit alone.
    """
    if "".join(item.token for item in logprobs) != text:
        return {}
    found = list(re.finditer(rf'"{re.escape(key)}"\s*:\s*"([0-4])"', text))
    if not found:
        return {}
    place, at = found[-1].start(1), 0
    for item in logprobs:
        if at <= place < at + len(item.token):
            return _odds_at(item, place - at)
        at += len(item.token)
    return {}


def _odds_at(item: TokenLogprob, at: int) -> dict[str, float]:
    before, after = item.token[:at], item.token[at + 1 :]
    odds: dict[str, float] = {}
    for token, logprob in [(a.token, a.logprob) for a in item.alternatives] or [(item.token, item.logprob)]:
        digit = token[len(before) : len(before) + 1]
        if digit in LABELS and token == before + digit + after and not math.isnan(logprob):
            odds[digit] = odds.get(digit, 0.0) + math.exp(min(logprob, 0.0))
    return odds
