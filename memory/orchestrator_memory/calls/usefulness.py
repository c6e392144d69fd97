"""Learning from use: did a memory that the agent read help it?

Only calls that succeeded teach, and only memories that the agent looked at. Whether it used one is read from its output:

    share(m) = sum of weight(w) over telling words w of m that the output repeats / sum of weight(w) over all telling words of m
    used(m)  = (share - 0.05) / 0.20, within 0 and 1

Telling are words of m that the request does not hold: an agent has those anyway. A number or a name weighs 3 and another word 1, divided
by how many of the recalled memories hold it: what all of them say does not tell which one was used. A twentieth of the words comes back
by chance; a quarter is as good as all, since nobody repeats a memory whole.

With value = (judge's score - 1) / 9, or 1 where nothing was judged, a memory gets

    helped  += used x value
    ignored += used x (1 - value) + 0.5 x (1 - used)

Not being repeated counts half: an agent may follow a memory without its words. The ranking reads these as the odds of a Beta posterior,
(helped + 1) / (ignored + 1).

Of two memories of a call whose ``helped`` differ by 0.3 or more, the ranking should have put the more helpful one first. That is one step
of pairwise logistic regression (RankNet, Burges et al. 2005) on the logarithm of each view's weight:

    step(view) = 0.05 x mean over pairs of (helped_i - helped_j) x (1 - sigmoid(s_i - s_j)) x (view_i - view_j), within -0.05 and 0.05
    weight     = 1 + (weight x exp(step) - 1) x 0.998, within 0.5 and 2

where s is the sum of all views. A view's contribution is its weight times what it measured, so the step is the exact gradient without
the weight being read first: the statements of two processes need not know of each other. The factor 0.998 lets old evidence fade, half of
it over 350 calls.

A memory of the same request teaches nothing: its answer comes again whether it was read or not. Nor does a shared namespace learn from
another one's calls.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import permutations

from msgspec import Struct

from orchestrator_core.records import RecalledMemory, Write
from orchestrator_memory.contract import Episode
from orchestrator_memory.text.words import stems, words

BY_CHANCE = 0.05
AS_GOOD_AS_ALL = 0.25
TELLING_WEIGHT = 3.0
UNUSED_WEIGHT = 0.5
LEAST_DIFFERENCE = 0.3
LEARNING_RATE = 0.05
STEP_MAX = 0.05
FADE = 0.998
WEIGHT_MIN, WEIGHT_MAX = 0.5, 2.0
_WORDS_MIN = 3
"""An output with fewer words of its own says only what was used, not what was ignored."""
_WEIGHT_MIN = 3.0
"""A memory whose telling words weigh less than one name could be repeated by chance."""
_PRIORS = "priors"
"""What the ranking adds apart from its views; it takes part in the order and is not learned here."""

_USED = "UPDATE memories SET helped = helped + ?, ignored = ignored + ? WHERE id = ?"
_WEIGHED = f"""INSERT INTO memory_weights (namespace, view, weight, n) VALUES (?, ?, ?, 1)
ON CONFLICT (namespace, view) DO UPDATE SET
    weight = min({WEIGHT_MAX}, max({WEIGHT_MIN}, 1 + (weight * ? - 1) * {FADE})), n = n + 1"""


class Use(Struct, frozen=True):
    """One memory of a call, and what came of it."""

    memory: RecalledMemory
    share: float
    """How much of it the output used, 0 to 1."""
    helped: float
    ignored: float


def uses(episode: Episode, *, own_key: str) -> tuple[Use, ...]:
    """What a call says of the memories its agent read; empty where it says nothing."""
    if episode.status != "succeeded" or not episode.recalled:
        return ()
    asked = frozenset(stems(words(episode.request)))
    repeated = frozenset(stems(words(episode.outcome))) - asked
    short = len(repeated) < _WORDS_MIN
    own = [m for m in episode.recalled if m.namespace == episode.namespace and m.key != own_key]
    told = [_telling(_content(memory), asked) for memory in own]
    holders = Counter(word for telling in told for word in telling)
    value = 1.0 if episode.overall is None else min(max((episode.overall - 1) / 9, 0.0), 1.0)
    found = []
    for memory, telling in zip(own, told, strict=True):
        if sum(telling.values()) < _WEIGHT_MIN:
            continue
        total = sum(weight / holders[word] for word, weight in telling.items())
        share = sum(weight / holders[word] for word, weight in telling.items() if word in repeated) / total
        used = min(max((share - BY_CHANCE) / (AS_GOOD_AS_ALL - BY_CHANCE), 0.0), 1.0)
        if short and not used:
            continue
        found.append(Use(memory, used, used * value, used * (1 - value) + UNUSED_WEIGHT * (1 - used)))
    return tuple(found)


def learned_from(used: Sequence[Use], namespace: str) -> list[Write]:
    """The statements that keep what a call taught. They add up, in nearly any order and from any process."""
    writes = [Write(_USED, (round(use.helped, 4), round(use.ignored, 4), use.memory.id)) for use in used]
    for view, step in sorted(steps(used).items()):
        factor = math.exp(step)
        writes.append(Write(_WEIGHED, (namespace, view, next_weight(1.0, factor), factor)))
    return writes


def steps(used: Sequence[Use]) -> dict[str, float]:
    """By view, the step of its weight's logarithm that would have ordered the memories of a call better; 0 steps are left out."""
    pairs = [
        (more, less)
        for more, less in permutations((use for use in used if use.memory.views), 2)
        if more.helped - less.helped >= LEAST_DIFFERENCE
    ]
    slope: dict[str, float] = {}
    for more, less in pairs:
        ahead = sum(more.memory.views.values()) - sum(less.memory.views.values())
        push = (more.helped - less.helped) / (1 + math.exp(min(max(ahead, -30.0), 30.0)))
        for view in more.memory.views.keys() | less.memory.views.keys():
            difference = more.memory.views.get(view, 0.0) - less.memory.views.get(view, 0.0)
            slope[view] = slope.get(view, 0.0) + push * difference
    return {
        view: min(max(LEARNING_RATE * total / len(pairs), -STEP_MAX), STEP_MAX)
        for view, total in slope.items()
        if total and view != _PRIORS
    }


def next_weight(weight: float, factor: float) -> float:
    """A view's weight after one call, as the statement in the store computes it."""
    return min(WEIGHT_MAX, max(WEIGHT_MIN, 1 + (weight * factor - 1) * FADE))


def _content(memory: RecalledMemory) -> str:
    """What a memory has to say: of an earlier call its outcome, since its request only says what it is about."""
    if memory.key.startswith("task:"):
        return memory.text.partition("\n")[2].partition(": ")[2]
    return memory.text


def _telling(text: str, asked: frozenset[str]) -> dict[str, float]:
    """The stems that tell a memory from the request, each with its weight."""
    names = frozenset(stems(name.lower() for name in _name().findall(text)))
    return {
        stem: 1.0 if stem.isalpha() and stem not in names else TELLING_WEIGHT
        for stem in frozenset(stems(words(text))) - asked
    }


@cache
def _name() -> re.Pattern[str]:
    # A capital word after a small one: a name rather than the beginning of a sentence.
    return re.compile(r"(?<=[a-z,;] )[A-Z]\w+")
