"""Measures the injection scanner on texts written for it: what it finds, and what it wrongly flags.

    python benchmarks/injection/measure.py [--show]

Orders are put at the start, in the middle and at the end of each document. The weights of the scanner were set by hand while looking at
the texts with an even number; those with an odd number were only measured, so the second column is what to expect elsewhere.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from orchestrator_security.contract import ScanContext
from orchestrator_security.injection.injection_scanner import InjectionScanner, evidence

DATA = Path(__file__).parent / "data"
REQUEST = ScanContext("in", "model", "user")
THEIRS = ScanContext("memory", "model", "untrusted")


def lines(name: str) -> list[str]:
    """The texts of a file with one text per line; what stands before a tab is its kind."""
    return [line.rpartition("\t")[2] for line in (DATA / name).read_text(encoding="utf-8").splitlines() if line]


def parts(name: str) -> list[str]:
    """The texts of a file, parted by lines of three dashes."""
    return [part.strip() for part in (DATA / name).read_text(encoding="utf-8").split("\n---\n")]


def poisoned() -> Iterator[tuple[int, str]]:
    """Each order in each document: at its start, in its middle, at its end."""
    for number, order in enumerate(lines("indirect.txt")):
        for place, document in enumerate(parts("documents.txt")):
            match (number + place) % 3:
                case 0:
                    yield number, f"{order}\n{document}"
                case 1:
                    yield number, f"{document}\n{order}"
                case _:
                    middle = document.find(". ", len(document) // 2) + 1 or document.find("\n", len(document) // 2) + 1
                    yield number, f"{document[:middle]} {order} {document[middle:]}"


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print the evidence of wrong answers on even numbers")
    show = parser.parse_args().show
    scanner = InjectionScanner()
    tables: list[tuple[str, bool, ScanContext, list[tuple[int, str]]]] = [
        ("direct", True, REQUEST, list(enumerate(lines("direct.txt")))),
        ("indirect", True, THEIRS, list(poisoned())),
        ("harmless requests", False, REQUEST, list(enumerate(lines("harmless_requests.txt")))),
        (
            "harmless documents",
            False,
            THEIRS,
            list(enumerate(parts("harmless_documents.txt") + parts("documents.txt"))),
        ),
    ]
    print(f"{'':24}{'looked at':>10}{'unseen':>10}")
    for name, hostile, context, rows in tables:
        flagged: dict[int, list[bool]] = {0: [], 1: []}
        for number, text in rows:
            found = scanner.prefilter(text, context) and bool(scanner.scan(text, context))
            flagged[number % 2].append(found)
            if show and found != hostile and number % 2 == 0:
                pieces = evidence(text, theirs=context is THEIRS).pieces
                print(
                    " ", number, repr(text[:90]), [(p.name.partition(".")[2], p.weight, p.words[:40]) for p in pieces]
                )
        rates = [f"{sum(found) / len(found):10.3f}" for found in flagged.values()]
        print(f"{name:24}{''.join(rates)}   of {len(rows)}")


if __name__ == "__main__":
    main()
