"""Measures the injection scanner on texts written for it: what it finds, and what it wrongly flags.

    python benchmarks/injection/measure.py [--show]

Orders are put at the start, in the middle or at the end of each document. The weights of the scanner were set by hand while looking at
the wrong answers among these texts. The ``later`` ones were written in two turns after that, in words that the patterns were not written
for; when they were first measured, 0.56 of the direct and 0.50 of the indirect ones were found, and 4 of 16 mails wrongly flagged. That is
what to expect of wordings nobody has seen; the known families fare better. Since then the patterns have been widened.
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


def poisoned(name: str) -> Iterator[str]:
    """Each order in each document: at its start, in its middle, at its end."""
    for number, order in enumerate(lines(name)):
        for place, document in enumerate(parts("documents.txt")):
            match (number + place) % 3:
                case 0:
                    yield f"{order}\n{document}"
                case 1:
                    yield f"{document}\n{order}"
                case _:
                    middle = document.find(". ", len(document) // 2) + 1 or document.find("\n", len(document) // 2) + 1
                    yield f"{document[:middle]} {order} {document[middle:]}"


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print the evidence of wrong answers")
    show = parser.parse_args().show
    scanner = InjectionScanner()
    tables: list[tuple[str, bool, ScanContext, list[str]]] = [
        ("direct", True, REQUEST, lines("direct.txt")),
        ("direct, later", True, REQUEST, lines("later_direct.txt")),
        ("indirect", True, THEIRS, list(poisoned("indirect.txt"))),
        ("indirect, later", True, THEIRS, list(poisoned("later_indirect.txt"))),
        ("harmless requests", False, REQUEST, lines("harmless_requests.txt")),
        ("harmless requests, later", False, REQUEST, lines("later_requests.txt")),
        ("harmless documents", False, THEIRS, parts("harmless_documents.txt") + parts("documents.txt")),
    ]
    for name, hostile, context, texts in tables:
        flagged = 0
        for text in texts:
            found = scanner.prefilter(text, context) and bool(scanner.scan(text, context))
            flagged += found
            if show and found != hostile:
                pieces = evidence(text, theirs=context is THEIRS).pieces
                print(" ", repr(text[:90]), [(p.name.partition(".")[2], p.weight, p.words[:40]) for p in pieces])
        print(f"{name:28}{flagged / len(texts):8.3f}   of {len(texts)}")


if __name__ == "__main__":
    main()
