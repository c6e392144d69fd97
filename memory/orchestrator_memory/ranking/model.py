"""The linear model that turns features into a score, and what each feature gave to it.

    logit = bias + sum over groups g of learned(g) x sum over features f of g of weight(f) x (value(f) - mean(f))
            + 0.5 x ln((helped + 1) / (ignored + 1)), within -1 and 1
            + 0.4 x (judge's score - 5.5) / 4.5
            + 0.8 x (trust - 1)
            + 0.3 x 0.5 ** (age / 7 days)
    score = 1 / (1 + exp(-logit)), the estimated probability that the memory answers the query

Weights, means and bias are fitted by ``benchmarks/ranking/fit.py`` on dialogues written for it (conditional logit over the candidates of
each question, McFadden 1974, with an L2 penalty; then Platt's scaling for the bias). ``learned`` comes from use (``usefulness.py``) and
is 1 where there was none. The other terms are priors set by hand: they order what matches about equally well.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from orchestrator_memory.index.namespace_index import Floats, NamespaceIndex
from orchestrator_memory.ranking.features import FEATURES, GROUPS

WEIGHTS = Path(__file__).with_name("weights.json")
PRIORS = ("usefulness", "judge", "trust", "recency")
_HALF_LIFE_S = 7 * 86_400.0


class Weights(Struct, frozen=True, forbid_unknown_fields=True):
    """One fitted model. ``weight`` and ``mean`` are by feature; a feature that is not named has no say."""

    bias: float
    weight: dict[str, float]
    mean: dict[str, float]


class Scored(NamedTuple):
    """Per candidate its score from 0 to 1, the logit, and what gave it."""

    score: Floats
    logit: Floats
    gave: Floats
    """Per feature, shape ``(n, len(FEATURES))``."""
    priors: Floats
    """Shape ``(n, len(PRIORS))``."""


@cache
def shipped() -> dict[str, Weights]:
    """The fitted models: ``vectors`` for searches with vectors, ``keywords`` for those without."""
    return msgspec.json.decode(WEIGHTS.read_bytes(), type=dict[str, Weights])


@cache
def _arrays(kind: str) -> tuple[Floats, Floats, float]:
    model = shipped()[kind]
    weight = np.array([model.weight.get(name, 0.0) for name in FEATURES], np.float32)
    mean = np.array([model.mean.get(name, 0.0) for name in FEATURES], np.float32)
    return weight, mean, model.bias


_GROUP_OF = np.array([number for number, names in enumerate(GROUPS.values()) for _ in names])


def score(
    features: Floats,
    index: NamespaceIndex,
    slots: NDArray[np.int64],
    *,
    with_vectors: bool,
    learned: Mapping[str, float],
    now: float,
) -> Scored:
    """Score candidates. ``learned`` holds the weight of each group that use has taught; 1 where it is silent.

    A memory that has no vector yet is scored by its words alone also where the others have one: both models estimate the same probability.
    """
    group = np.array([learned.get(name, 1.0) for name in GROUPS], np.float32)
    embedded = index.column("embedded")[slots] & with_vectors
    gave, bias = np.empty_like(features), np.empty(len(slots), np.float32)
    for kind, rows in (("vectors", embedded), ("keywords", ~embedded)):
        if rows.any():
            weight, mean, bias[rows] = _arrays(kind)
            gave[rows] = (features[rows] - mean) * weight * group[_GROUP_OF]
    priors = _priors(index, slots, now)
    logit = gave.sum(axis=1) + priors.sum(axis=1) + bias
    return Scored(1 / (1 + np.exp(-logit)), logit, gave, priors)


def _priors(index: NamespaceIndex, slots: NDArray[np.int64], now: float) -> Floats:
    helped, ignored = index.column("helped")[slots], index.column("ignored")[slots]
    judged = index.column("judged")[slots]
    age = np.maximum(now - index.column("occurred")[slots], 0.0)
    return np.stack(
        (
            np.clip(0.5 * np.log((helped + 1) / (ignored + 1)), -1, 1),
            np.where(np.isnan(judged), 0.0, 0.4 * (np.nan_to_num(judged) - 5.5) / 4.5),
            0.8 * (index.column("trust")[slots] - 1),
            0.3 * 0.5 ** (age / _HALF_LIFE_S),
        ),
        axis=1,
    ).astype(np.float32)


def by_group(gave: Floats) -> dict[str, float]:
    """What one candidate's features gave, summed by group."""
    sums = np.bincount(_GROUP_OF, gave, len(GROUPS))
    return {name: round(float(value), 4) for name, value in zip(GROUPS, sums, strict=True)}


def priors_sum(priors: Floats) -> float:
    """What one candidate's priors gave together."""
    return round(float(priors.sum()), 4)
