"""The texts that the injection scanner's model of wordings is fitted on, and measured with. All of them were written for it.

``data`` holds a folder for each turn of writing, and in it one file for each kind, with one text per line and ``\\n`` for a line's end. A
turn was written by one hand, so a model that is to be measured has to leave out whole turns: two texts of one hand resemble each other.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Literal, NamedTuple

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[2]
ROOMS = ("orchestrator", "core", "memory", "evaluation", "dashboards", "security")
OWN_PAGES, PACKAGE_PAGES = "own pages", "package pages"

PARAGRAPHS_MOST = 60
"""So many of one package are read: a list of all changes since the first release says the same again and again."""

Kind = Literal["orders", "requests", "told", "tasks", "poisoned", "documents"]
"""Hostile and harmless requests; orders to a model and tasks for nobody, as they are hidden in texts of others; such texts with one; and
without."""

ORDERS_OF: dict[str, tuple[str, ...]] = {
    "prompt_extraction": ("pretexts", "short", "voices"),
    "jailbreak": ("fiction", "genres", "personas"),
    "prompt_injection": ("overrides",),
}
"""Turns all of whose orders in requests are after the same."""


class Text(NamedTuple):
    """One text, and the turn in which it was written."""

    turn: str
    text: str


def turns() -> list[str]:
    """All turns, this project's own pages and those of packages among them."""
    return [*sorted(folder.name for folder in DATA.iterdir() if folder.is_dir()), OWN_PAGES, PACKAGE_PAGES]


def texts(kind: Kind) -> list[Text]:
    """All texts of one kind. This project's own pages are documents, and so are those of the packages that it is installed with."""
    found = [
        Text(file.parent.name, line.replace("\\n", "\n"))
        for file in sorted(DATA.glob(f"*/{kind}.txt"))
        for line in file.read_text("utf-8").splitlines()
        if line
    ]
    return [*found, *_own_pages(), *_package_pages()] if kind == "documents" else found


@cache
def _own_pages() -> list[Text]:
    """Paragraphs of the pages, and what the code says of itself: technical texts, some of which give their readers orders."""
    pages = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "LICENSE"])
    parts = [part for page in pages if "security" not in page.name for part in page.read_text("utf-8").split("\n\n")]
    for file in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "injection" not in path.parts):
        tree = ast.parse(file.read_text("utf-8"))
        holders = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module))
        parts += filter(None, map(ast.get_docstring, holders))
    return [Text(OWN_PAGES, part.strip()) for part in parts if 40 < len(part) < 1_500]


@cache
def _package_pages() -> list[Text]:
    """What packages say of themselves, a few hundred characters at a time: pages as they are, with badges, lists and licences."""
    pages = {str(one.name): str(one.metadata.get_payload()) for one in distributions()}
    found: dict[str, Text] = {}
    for name in sorted(pages):
        part = ""
        for paragraph in pages[name].replace("\r", "").split("\n\n")[:PARAGRAPHS_MOST]:
            part = f"{part}\n\n{paragraph}".strip()
            if len(part) > 400:
                found.setdefault(part[:1_500], Text(PACKAGE_PAGES, part[:1_500]))
                part = ""
    return list(found.values())
