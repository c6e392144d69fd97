"""What the injection scanner finds, and what it wrongly flags, among texts that its model of wordings was not fitted on.

    python benchmarks/injection/measure.py [--show] [--turn NAME]...

The turns of writing are dealt into folds; the model is fitted anew without those of a fold, and the whole scanner is run on them. Orders
for texts of others are put at the start, in the middle or at the end of a document. The phrases of the scanner were written while looking
at the turns "old" to "fourth"; all later ones were written by people who had seen neither. This project's own pages, and those of
packages, count in no total.
What a request is after is told by models that are not fitted anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

from fit import fit, rows
from texts import OWN_PAGES, PACKAGE_PAGES, Text, texts, turns

from orchestrator_security.contract import ScanContext
from orchestrator_security.injection import wording
from orchestrator_security.injection.injection_scanner import InjectionScanner, evidence

FOLDS = 6
REQUEST = ScanContext("in", "model", "user")
THEIRS = ScanContext("memory", "model", "untrusted")
LONG_DOCUMENT = 1_500
UNCOUNTED = (OWN_PAGES, PACKAGE_PAGES)

Models = dict[wording.Place | wording.Kind, wording.Model]
KEPT: Models = wording.models()


def planted(orders: Sequence[Text]) -> Iterator[Text]:
    """Each order within a document: at its start, in its middle, at its end."""
    documents = [text for text in texts("documents") if len(text.text) <= LONG_DOCUMENT]
    for number, order in enumerate(orders):
        document = documents[number * 37 % len(documents)].text
        match number % 3:
            case 0:
                yield Text(order.turn, f"{order.text}\n{document}")
            case 1:
                yield Text(order.turn, f"{document}\n{order.text}")
            case _:
                middle = document.find(". ", len(document) // 2) + 1 or document.find("\n", len(document) // 2) + 1
                yield Text(order.turn, f"{document[:middle]}\n{order.text}\n{document[middle:]}")


def folds() -> Iterator[frozenset[str]]:
    """The turns, dealt out."""
    names = turns()
    for number in range(FOLDS):
        yield frozenset(names[number::FOLDS])


def fitted_without(some: frozenset[str]) -> Callable[[], Models]:
    """Weights from all other turns, in the form in which the scanner asks for them."""
    models: Models = {**KEPT, **{place: fit(place, rows(place, some)) for place in wording.PLACES}}
    return lambda: models


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print the evidence of wrong answers")
    parser.add_argument("--turn", action="append", help="only the folds of these turns, and nothing else of them")
    options = parser.parse_args()
    scanner = InjectionScanner()
    tables: list[tuple[str, bool, ScanContext, list[Text]]] = [
        ("orders in requests", True, REQUEST, texts("orders")),
        ("harmless requests", False, REQUEST, texts("requests")),
        ("orders to a model, in documents", True, THEIRS, list(planted(texts("told")))),
        ("tasks for nobody, in documents", True, THEIRS, list(planted(texts("tasks")))),
        ("orders and tasks, where they stood", True, THEIRS, texts("poisoned")),
        ("documents", False, THEIRS, texts("documents")),
    ]
    flagged: dict[str, dict[str, list[bool]]] = {name: {} for name, *_ in tables}
    for some in folds():
        asked = some & set(options.turn or some)
        if not asked:
            continue
        wording.models = fitted_without(some)  # type: ignore[assignment]
        for name, hostile, context, all_texts in tables:
            for turn, text in (each for each in all_texts if each.turn in asked):
                found = scanner.prefilter(text, context) and bool(scanner.scan(text, context))
                flagged[name].setdefault(turn, []).append(found)
                if options.show and found != hostile:
                    pieces = evidence(text, theirs=context is THEIRS).pieces
                    print(name, turn, repr(text[:300]), [(p.name, round(p.weight, 2), p.words[:40]) for p in pieces])
    for name, by_turn in flagged.items():
        every = [one for turn, some_of_it in by_turn.items() for one in some_of_it if turn not in UNCOUNTED]
        print(f"{name:34}{sum(every) / max(1, len(every)):7.3f} of {len(every):5}   ", end="")
        print(", ".join(f"{turn} {sum(some_of_it) / len(some_of_it):.2f}" for turn, some_of_it in by_turn.items()))


if __name__ == "__main__":
    main()
