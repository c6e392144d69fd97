"""Fits the weights of the injection scanner's model of wordings and writes them into the package.

    python benchmarks/injection/fit.py

A logistic regression with an L2 penalty for each place. A request is one row of features. Of an order that is hidden in a text of
somebody else each sentence may be the telling one; which it is nobody wrote down, so each round takes those that the last round's
weights find strongest (Andrews et al. 2003, "Support vector machines for multiple-instance learning").
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression
from texts import ORDERS_OF, Text, texts

from orchestrator_security.injection import sentences, wording
from orchestrator_security.injection.quoting import own_words

Features = AbstractSet[str]

INVERSE_PENALTY = 10.0
RARITY_USUAL = 4.0
"""A feature that is seldom seen is held down less: by the logarithm of how seldom (inverse document frequency), against that of 1 in 55."""
ROUNDS = 3
HARMLESS_SHARE: dict[wording.Place | wording.Kind, float] = {"told": 2.0, "task": 2.0}
"""What all harmless rows weigh together, against all hostile ones: 1, where nothing else is said."""
SEEN_LEAST = 2
FEATURES_MOST: dict[wording.Place | wording.Kind, int] = {"request": 24_000, "told": 12_000, "task": 4_000}
FEATURES_OF_KIND = 1_500
"""A feature that stands in one text only tells nothing; of the others the lightest are left out, by weight times root of number."""
PLACEHOLDER = re.compile(
    r"(?i:[\[<{](?:your|insert|my|the|any|some|topic|question|request|prompt|task|query|harmful)\b[^\[\]<>{}\n]{0,40}[\]>}])|\b[XYZ]\b"
)
"""Stands in many texts where a harmful question would: it tells a written text from a real one, not a hostile one from a harmless one."""


class Rows(NamedTuple):
    """Hostile texts, each as the parts of which one or more are telling, and harmless parts."""

    hostile: list[list[Features]]
    harmless: list[Features]


def request_parts(text: str) -> list[Features]:
    """The features of each part of a request, without what it only quotes, and without what its writer left open."""
    text = PLACEHOLDER.sub(" ", text)
    own = own_words(text)
    return list(wording.windows(sentences.sentences(sentences.plain(text if own is None else own))))


def sentence_parts(text: str) -> list[Features]:
    """The features of each sentence of a text of somebody else."""
    return [wording.features(sentence) for sentence in sentences.sentences(sentences.plain(text))]


def rows(place: wording.Place, without: Collection[str] = ()) -> Rows:
    """What the weights of one place are fitted on, without some turns of writing."""

    def chosen(some: Iterable[Text]) -> list[str]:
        return [text.text for text in some if text.turn not in without]

    if place == "request":
        harmless = chosen([*texts("requests"), *texts("documents")])
        return Rows(
            [request_parts(text) for text in chosen(texts("orders"))],
            [part for text in harmless for part in request_parts(text)],
        )
    hostile = texts("tasks") if place == "task" else [*texts("told"), *texts("poisoned")]
    return Rows(
        [parts for text in chosen(hostile) if (parts := sentence_parts(text))],
        [part for text in chosen(texts("documents")) for part in sentence_parts(text)],
    )


def rows_of_kind(kind: wording.Kind) -> Rows:
    """Orders that are after one thing, against those that are after another."""

    def parts(kinds: Collection[str]) -> list[list[Features]]:
        turns = {turn for one in kinds for turn in ORDERS_OF[one]}
        return [request_parts(text.text) for text in texts("orders") if text.turn in turns]

    return Rows(parts({kind}), [part for some in parts(ORDERS_OF.keys() - {kind}) for part in some])


def fit(place: wording.Place | wording.Kind, data: Rows) -> wording.Model:
    """The weights for some rows, in hundredths, the lightest left out."""
    parts = [*data.harmless, *(part for parts in data.hostile for part in parts)]
    seen = Counter(feature for part in parts for feature in part)
    names = {name: number for number, name in enumerate(sorted(f for f, count in seen.items() if count >= SEEN_LEAST))}
    rarity = np.array([math.log(len(parts) / seen[name]) / RARITY_USUAL for name in names])
    every = _matrix(parts, names).multiply(rarity).tocsr()
    harmless, hostile = every[: len(data.harmless)], every[len(data.harmless) :]
    owner = np.repeat(np.arange(len(data.hostile)), [len(parts) for parts in data.hostile])
    share = 1 / np.bincount(owner, minlength=len(data.hostile))[owner]
    weights, bias = np.zeros(len(names)), 0.0
    for _ in range(ROUNDS if place in HARMLESS_SHARE else 1):
        telling = np.flatnonzero(share)
        weights, bias = _logistic(place, hostile[telling], share[telling], harmless)
        share = _telling(hostile @ weights + bias, owner)
    weights *= rarity
    often = np.sqrt([seen[name] for name in names])
    heaviest = np.argsort(-abs(weights) * often)[: FEATURES_MOST.get(place, FEATURES_OF_KIND)]
    by_number = sorted(names, key=names.__getitem__)
    kept = {by_number[number]: round(float(weights[number]) * 100) for number in sorted(heaviest)}
    return wording.Model(round(bias * 100), {name: weight for name, weight in kept.items() if weight})


def _matrix(parts: Sequence[Features], names: dict[str, int]) -> csr_matrix:
    values, columns, starts = [], [], [0]
    for part in parts:
        known = [names[feature] for feature in part if feature in names]
        columns += known
        values += [wording.share_of_each(part)] * len(known)
        starts.append(len(columns))
    return csr_matrix((values, columns, starts), shape=(len(parts), len(names)))


def _logistic(
    place: wording.Place | wording.Kind, hostile: csr_matrix, share: NDArray[np.float64], harmless: csr_matrix
) -> tuple[NDArray[np.float64], float]:
    count = harmless.shape[0]
    each = HARMLESS_SHARE.get(place, 1.0) * float(share.sum()) / count
    fitted = LogisticRegression(C=INVERSE_PENALTY, max_iter=400).fit(
        vstack([hostile, harmless]),
        np.repeat([1, 0], [hostile.shape[0], count]),
        sample_weight=np.concatenate([share, np.full(count, each)]),
    )
    return fitted.coef_[0], float(fitted.intercept_[0])


def _telling(odds: NDArray[np.float64], owner: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each part counts in the next round: the strongest of its text wholly, the second by half where it is hostile by itself."""
    share = np.zeros(len(odds))
    seen: dict[int, int] = {}
    for number in np.argsort(-odds):
        before = seen.get(int(owner[number]), 0)
        seen[int(owner[number])] = before + 1
        share[number] = 1.0 if before == 0 else 0.5 * (before == 1 and odds[number] > 0)
    return share


def main() -> None:
    """Fit and write."""
    data: dict[wording.Place | wording.Kind, Rows] = {place: rows(place) for place in wording.PLACES}
    data |= {kind: rows_of_kind(kind) for kind in wording.KINDS}
    fitted = {name: fit(name, some) for name, some in data.items()}
    for name, model in fitted.items():
        hostile, harmless = (len(some) for some in data[name])
        print(f"{name}: {hostile} texts against {harmless} parts, {len(model.weights)} weights")
    wording.WEIGHTS.write_bytes(msgspec.json.encode(fitted).replace(b",", b",\n") + b"\n")
    print(f"{wording.WEIGHTS.name}: {wording.WEIGHTS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
