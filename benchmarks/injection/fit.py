"""Fits the weights of the injection scanner's model of wordings, shows what they are worth on texts of another set, and writes them.

    python benchmarks/injection/fit.py [--write] [--show]

A logistic regression with an L2 penalty over the features of ``wording.described``. Which sentences of a text count is not written in
the data: each round takes those that the last round's weights find strongest (Andrews et al. 2003, "Support vector machines for
multiple-instance learning"). The texts were written in several turns; every turn is held out once, so a rate is one for wordings that
the weights have not seen. Orders for texts of others are put into documents at three places.
"""

from __future__ import annotations

import argparse
import ast
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from orchestrator_core.analysis.orders import unmasking
from orchestrator_security.injection import wording
from orchestrator_security.injection.quoting import own_words

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[2]
ROOMS = ("orchestrator", "core", "memory", "evaluation", "dashboards", "security")
PENALTY = 1.5
ROUNDS = 3
STEPS = 200
HOSTILE = 0.3
"""What the hostile texts weigh together against the harmless ones."""
SINGLE = 0.2
"""What a sentence of a harmless text weighs, beside the text itself."""
FEATURES_MAX = 2_300
TURNS = ("old", "first", "wording", "second", "fourth")


class Text(NamedTuple):
    """A text, its features by sentence, whether it is hostile, and the turn in which it was written."""

    turn: str
    hostile: bool
    text: str
    sentences: list[tuple[float, set[str]]]
    order: list[tuple[float, set[str]]]
    """Of a hostile text that stands in a document only the sentences that are hostile."""


def _lines(name: str) -> list[str]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.rpartition("\t")[2].replace("\\n", "\n") for line in lines if line]


def _parts(name: str) -> list[str]:
    return [part.strip() for part in (DATA / name).read_text(encoding="utf-8").split("\n---\n")]


def _planted(orders: Sequence[str], documents: Sequence[str], times: int) -> list[list[str]]:
    """Each order and a document around it: what stands before it, itself, what stands after it."""
    result = []
    for number, order in enumerate(orders):
        for turn in range(times):
            document = documents[(number * 7 + turn * 13) % len(documents)]
            middle = {0: len(document), 1: 0}.get((number + turn) % 3, document.find(". ", len(document) // 3) + 1)
            result.append([document[:middle] + "\n", order, "\n" + document[middle:]])
    return result


def _own_pages() -> list[str]:
    """Paragraphs of this project's pages, and what its code says of itself: technical texts, some of which give their readers orders."""
    pages = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
    texts = [part for page in pages if "security" not in page.name for part in page.read_text("utf-8").split("\n\n")]
    for file in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "injection" not in path.parts):
        tree = ast.parse(file.read_text("utf-8"))
        holders = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module))
        texts += filter(None, map(ast.get_docstring, holders))
    return [text.strip() for text in texts if 40 < len(text) < 1_500]


def texts(place: wording.Place) -> list[Text]:
    """All texts of one place: ``request``, ``told`` and ``task`` in texts of others."""
    raw: list[tuple[str, bool, str | list[str]]] = []
    old_direct = _lines("direct.txt") + _lines("later_direct.txt")
    if place != "request":
        documents = [part for turn in ("wording", "second", "fourth") for part in _parts(f"{turn}_documents.txt")]
        old = _parts("documents.txt") + _parts("harmless_documents.txt")
        orders = {
            "old": [*filter(_told, _lines("indirect.txt") + _lines("later_indirect.txt")), *old_direct],
            "wording": _lines("wording_told.txt") + _lines("wording_direct.txt"),
            "first": _lines("first_told.txt") + _lines("first_direct.txt"),
            "second": _lines("second_told.txt") + _lines("second_direct.txt"),
            "third": _lines("third_told.txt") + _lines("third_direct.txt"),
            "fourth": _lines("fourth_told.txt") + _lines("fourth_direct.txt"),
        }
        if place == "task":
            orders = {
                "old": [t for t in _lines("indirect.txt") + _lines("later_indirect.txt") if not _told(t)],
                "wording": _lines("wording_stray.txt"),
                "first": [t.splitlines()[-1] for t in _lines("first_tasks.txt")],
                "second": _lines("second_stray.txt"),
                "fourth": _lines("fourth_stray.txt"),
            }
        for turn, texts_of_it in orders.items():
            raw += [(turn, True, t) for t in _planted(texts_of_it, old if turn == "old" else documents, 2)]
        raw += [(turn, False, t) for turn in ("wording", "second", "fourth") for t in _parts(f"{turn}_documents.txt")]
        raw += [("old", False, t) for t in old]
        raw += [("first", False, t) for t in _lines("first_documents.txt")]
        raw += [(TURNS[n % len(TURNS)], False, t) for n, t in enumerate(_own_pages())]
    else:
        raw += [("old", True, t) for t in old_direct]
        raw += [("old", False, t) for t in _lines("harmless_requests.txt") + _lines("later_requests.txt")]
        for turn in TURNS[1:]:
            raw += [(turn, True, t) for t in _lines(f"{turn}_direct.txt")]
            raw += [(turn, False, t) for t in _lines(f"{turn}_requests.txt")]
        raw += [("third", True, t) for t in _lines("third_direct.txt")]
        raw += [("wording", False, t) for t in _parts("wording_documents.txt")]
        raw += [("second", False, t) for t in _parts("second_documents.txt")]
        raw += [("fourth", False, t) for t in _parts("fourth_documents.txt")]
        raw += [(TURNS[n % len(TURNS)], False, t) for n, t in enumerate([*_lines("long_requests.txt"), *_own_pages()])]
    return [_read(turn, hostile, text, place) for turn, hostile, text in raw]


def _told(order: str) -> bool:
    """Whether an order speaks of a model, its answer, its user or its rules; the others are tasks that stray into a text."""
    kinds = {wording.classes().get(word) for word in unmasking.plain(order).replace("'", "").split()}
    return bool(kinds & {"YOU", "BEING", "ANSWER", "USER", "TOLD", "LEAVE", "REVEAL", "NOT"})


def _featured(plain: str) -> list[tuple[float, set[str]]]:
    text = wording.described(plain)
    return [(share, set(wording.features(one))) for share, one in zip(text.shares, text.sentences, strict=True)]


def _plain(text: str) -> str:
    return unmasking.plain(wording.lines_parted(text))


def _read(turn: str, hostile: bool, text: str | list[str], place: wording.Place) -> Text:
    if isinstance(text, str) and place == "request" and (own := own_words(text)) is not None:
        text = own or "."
    whole = _plain(text if isinstance(text, str) else "".join(text))
    found = _featured(whole)
    if isinstance(text, str):
        return Text(turn, hostile, whole, found, found)
    before = len(list(wording.sentences(_plain(text[0]))))
    after = len(list(wording.sentences(_plain(text[2]))))
    return Text(turn, hostile, whole, found, found[before : len(found) - after])


class Fitted(NamedTuple):
    names: dict[str, int]
    weights: NDArray[np.float64]
    bias: float
    place: wording.Place

    def score(self, sentences: list[tuple[float, set[str]]]) -> float:
        return wording.combined(self._scores(sentences), self.place) + self.bias

    def _scores(self, sentences: list[tuple[float, set[str]]]) -> list[float]:
        return [
            share * float(sum(self.weights[self.names[f]] for f in found if f in self.names))
            for share, found in sentences
        ]

    def chosen(self, sentences: list[tuple[float, set[str]]]) -> list[tuple[float, set[str]]]:
        """The sentences that count, with their shares."""
        ranked = sorted(zip(self._scores(sentences), range(len(sentences)), strict=True), reverse=True)[:3]
        return [
            (share * sentences[number][0], sentences[number][1])
            for (score, number), share in zip(ranked, (1.0, 0.5, 0.25), strict=False)
            if share == 1.0 or score > 0
        ]


def fit(some: list[Text], place: wording.Place, penalty: float = PENALTY) -> Fitted:
    """The weights for some texts: hostile ones by their strongest sentences, harmless ones by these and by each sentence alone."""
    seen = Counter(feature for text in some for feature in set().union(*(found for _, found in text.order)))
    names = {feature: number for number, feature in enumerate(sorted(f for f, n in seen.items() if n >= 2))}
    fitted = Fitted(names, np.zeros(len(names)), 0.0, place)
    single = [[sentence] for text in some if not text.hostile for sentence in text.sentences]
    for round_number in range(ROUNDS):
        hostile, harmless = (
            [
                fitted.chosen(text.order)
                if round_number
                else [(share / len(text.order), found) for share, found in text.order]
                for text in some
                if text.hostile is kind and text.order
            ]
            for kind in (True, False)
        )
        fitted = _logistic(
            place,
            names,
            [*hostile, *harmless, *single],
            np.repeat([1.0, 0.0], [len(hostile), len(harmless) + len(single)]),
            np.repeat(
                [HOSTILE * (len(harmless) + SINGLE * len(single)) / len(hostile), 1.0, SINGLE],
                [len(hostile), len(harmless), len(single)],
            ),
            penalty,
        )
    return fitted


def _logistic(
    place: wording.Place,
    names: dict[str, int],
    instances: list[list[tuple[float, set[str]]]],
    right: NDArray[np.float64],
    share: NDArray[np.float64],
    penalty: float,
) -> Fitted:
    """Accelerated gradient descent (Nesterov 1983), on rows of few features each."""
    triples = [
        (row, names[feature], weight * _scale(feature))
        for row, parts in enumerate(instances)
        for weight, sentence in parts
        for feature in sentence
        if feature in names
    ]
    row = np.array([t[0] for t in triples])
    column = np.array([t[1] for t in triples])
    value = np.array([t[2] for t in triples])
    count = len(instances)
    largest = float(np.mean(np.bincount(row, np.square(value), count) * share) * count / 4)
    weights, bias = np.zeros(len(names)), 0.0
    ahead, ahead_bias = weights.copy(), bias
    rate = 8.0 / (largest + penalty)
    for step in range(STEPS):
        logit = np.bincount(row, value * ahead[column], count) + ahead_bias
        wrong = share * (1 / (1 + np.exp(-np.clip(logit, -30, 30))) - right)
        new = ahead - rate * (np.bincount(column, value * wrong[row], len(names)) + penalty * ahead)
        new_bias = ahead_bias - rate * wrong.sum()
        push = step / (step + 3)
        ahead, ahead_bias = new + push * (new - weights), new_bias + push * (new_bias - bias)
        weights, bias = new, new_bias
    scales = np.array([_scale(name) for name in names])
    return Fitted(names, weights * scales, float(bias), place)


def _scale(feature: str) -> float:
    """Single words are held down more than classes: a few hundred texts tell little about each."""
    return 0.5 if feature.islower() else 1.0


def _written(fitted: dict[wording.Place, Fitted]) -> wording.Model:
    """The weights as they are kept: hundredths, the lightest features left out."""
    rows: dict[str, list[int]] = {}
    for number, place in enumerate(wording.PLACES):
        one = fitted[place]
        for name, column in one.names.items():
            rows.setdefault(name, [0, 0, 0])[number] = round(float(one.weights[column]) * 100)
    heaviest = sorted(rows, key=lambda name: -max(map(abs, rows[name])))[:FEATURES_MAX]
    bias = [round(fitted[place].bias * 100) for place in wording.PLACES]
    weights = {name: (rows[name][0], rows[name][1], rows[name][2]) for name in sorted(heaviest) if any(rows[name])}
    return wording.Model((bias[0], bias[1], bias[2]), weights)


def _held_out(some: list[Text], place: wording.Place) -> None:
    for turn in TURNS:
        fitted = fit([text for text in some if text.turn != turn], place)
        scores = [(fitted.score(text.sentences), text) for text in some if text.turn == turn]
        harmless = sorted((score for score, text in scores if not text.hostile), reverse=True)
        hostile = [score for score, text in scores if text.hostile]
        rates = []
        for share in (0.01, 0.05, 0.1):
            least = harmless[int(share * len(harmless))]
            rates.append(f"{sum(score > least for score in hostile) / len(hostile):.2f} at {share:.0%}")
        print(f"  {turn:10}{len(hostile):5} hostile, {len(harmless):4} harmless: found {', '.join(rates)} false alarms")


def main() -> None:
    """Fit, show, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="hold out each turn and print the rates of the model alone")
    parser.add_argument("--write", action="store_true", help="write the weights into the package")
    options = parser.parse_args()
    fitted: dict[wording.Place, Fitted] = {}
    for place in wording.PLACES:
        some = texts(place)
        print(f"{place}: {len(some)} texts")
        if options.show:
            _held_out(some, place)
        fitted[place] = fit(some, place)
    if options.write:
        kept = msgspec.json.encode(_written(fitted))
        wording.WEIGHTS.write_bytes(kept.replace(b"],", b"],\n") + b"\n")
        print(f"{wording.WEIGHTS.name}: {wording.WEIGHTS.stat().st_size} bytes")


if __name__ == "__main__":
    main()
