"""Reads what the tests need of a Markdown file: its code blocks and its links."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt


class Block(NamedTuple):
    """A fenced code block. ``info`` is what follows the fence, such as ``python runnable``."""

    path: Path
    line: int
    info: tuple[str, ...]
    code: str


def code_blocks(path: Path) -> Iterator[Block]:
    """All fenced blocks of a file."""
    for token in MarkdownIt().parse(path.read_text(encoding="utf-8")):
        if token.type == "fence" and token.map:
            yield Block(path, token.map[0] + 1, tuple(token.info.split()), token.content)


def links(path: Path) -> Iterator[str]:
    """The targets of all links and images of a file, also of those written as HTML."""
    for token in MarkdownIt().enable("table").parse(path.read_text(encoding="utf-8")):
        for inner in token.children or []:
            for name in ("href", "src"):
                if target := inner.attrGet(name):
                    yield str(target)
        if token.type in ("html_block", "inline"):
            yield from re.findall(r"""<(?:img|a|source)\b[^>]*?(?:src|href|srcset)=["']([^"']+)["']""", token.content)


def anchors(path: Path) -> set[str]:
    """The fragments that a file's headings can be linked by, made as GitHub makes them."""
    found: set[str] = set()
    tokens = MarkdownIt().parse(path.read_text(encoding="utf-8"))
    for heading, text in itertools.pairwise(tokens):
        if heading.type == "heading_open":
            slug = re.sub(r"[^\w\- ]", "", text.content.replace("`", "").lower()).replace(" ", "-")
            number = sum(1 for known in found if known == slug or re.fullmatch(re.escape(slug) + r"-\d+", known))
            found.add(f"{slug}-{number}" if number else slug)
    return found
