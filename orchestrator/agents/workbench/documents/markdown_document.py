"""A Markdown file's links, anchors and code fences, each with its line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from html.parser import HTMLParser
from typing import Any

from msgspec import Struct

from orchestrator_core.errors import MissingDependency


class Link(Struct, frozen=True):
    """A link's or image's address, as it is written."""

    target: str
    line: int


class Fence(Struct, frozen=True):
    """A fenced code block. ``line`` is that of its first line of content."""

    language: str
    """The first word of its info string, in lower case."""
    text: str
    line: int


class MarkdownDocument(Struct, frozen=True):
    """What was read of one file. ``anchors`` are all names a fragment may point at."""

    links: tuple[Link, ...]
    anchors: frozenset[str]
    fences: tuple[Fence, ...]


def read_markdown(text: str) -> MarkdownDocument:
    """Parse CommonMark with tables. HTML inside it is read for ``href``, ``src``, ``id`` and ``name``.

    Raises:
        MissingDependency: markdown-it-py is not installed.
    """
    links: list[Link] = []
    anchors: set[str] = set()
    fences: list[Fence] = []
    counts: dict[str, int] = {}
    tokens = _parser().parse(_without_front_matter(text))
    for position, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "fence":
            fences.append(Fence(_language(token.info), token.content, line + 1))
        elif token.type == "html_block":
            _read_html(token.content, line, links, anchors)
        elif token.type == "inline":
            _read_inline(token, line, links, anchors)
            if position and tokens[position - 1].type == "heading_open":
                anchors.update(_heading_anchors(token, counts))
    return MarkdownDocument(tuple(links), frozenset(anchors), tuple(fences))


@cache
def _parser() -> Any:
    try:
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise MissingDependency("markdown-it-py", "Reading Markdown", str(error)) from error
    return MarkdownIt("commonmark").enable("table")


def _without_front_matter(text: str) -> str:
    """Blank the metadata block that static site tools put before the document; the line numbers stay."""
    match = re.match(r"---[ \t]*\r?\n.*?\r?\n(---|\.\.\.)[ \t]*(\r?\n|$)", text, re.DOTALL)
    return "\n" * match[0].count("\n") + text[match.end() :] if match else text


def _language(info: str) -> str:
    words = re.split(r"[\s,{}:]+", info.strip().lower().lstrip("{."))
    return words[0].lstrip(".") if words else ""


def _read_inline(token: Any, line: int, links: list[Link], anchors: set[str]) -> None:
    for child in token.children or ():
        if child.type in {"softbreak", "hardbreak"}:
            line += 1
        elif child.type in {"link_open", "image"}:
            target = child.attrGet("href" if child.type == "link_open" else "src")
            if target:
                links.append(Link(str(target), line))
        elif child.type == "html_inline":
            _read_html(child.content, line, links, anchors)


def _heading_anchors(token: Any, counts: dict[str, int]) -> Iterable[str]:
    """A heading's names as GitHub makes them, and as documentation sites do where that differs."""
    text = "".join(c.content for c in token.children or () if c.type in {"text", "code_inline"})
    if given := re.search(r"\{[^}]*#([\w.:-]+)[^}]*\}\s*$", text):
        yield given[1].lower()
        text = text[: given.start()]
    slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
    seen = counts.get(slug, 0)
    counts[slug] = seen + 1
    yield f"{slug}-{seen}" if seen else slug
    # Python-Markdown's own: ASCII only, runs of blanks and hyphens become one
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    site = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
    yield f"{site}_{seen}" if seen else site
    yield site.strip("-_")


class _Attributes(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.targets: list[tuple[str, int]] = []
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in {"id", "name"}:
                self.names.append(value.lower())
            elif value and (
                (name == "href" and tag == "a") or (name == "src" and tag in {"img", "video", "audio", "source"})
            ):
                self.targets.append((value, self.getpos()[0]))

    handle_startendtag = handle_starttag


def _read_html(text: str, line: int, links: list[Link], anchors: set[str]) -> None:
    reader = _Attributes()
    reader.feed(text)
    reader.close()
    links += (Link(target, line + row - 1) for target, row in reader.targets)
    anchors.update(reader.names)
