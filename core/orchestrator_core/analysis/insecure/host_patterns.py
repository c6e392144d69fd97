"""Checks of hosts that a look-alike passes: a name anywhere in an address, a dot that is any character (CWE-20, 625)."""

from __future__ import annotations

import ast
import re
from functools import cache

from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import HANDED_IN, TYPE

_FIX = "Compare urlsplit(address).hostname with a list."
_ENDS = "com|org|net|io|edu|gov|dev|app|co|de|uk|eu"
_ADDRESSES = ("url", "uri", "link", "href", "origin", "referer", "referrer", "host", "hostname", "domain", "redirect", "next", "target",
    "netloc", "email", "address", "callback", "return_to")  # fmt: skip


@cache
def _host() -> re.Pattern[str]:
    return re.compile(rf"(?:https?://)?(?:[a-z0-9-]{{1,60}}\.){{1,4}}(?:{_ENDS})(?:/[a-z0-9/]{{0,60}})?", re.IGNORECASE)


@cache
def _loose_dot() -> re.Pattern[str]:
    return re.compile(
        rf"\^?https?\??(?:\(\?:s\)\?)?:(?://|\\/\\/)(?:\((?:\?:)?[a-z0-9]{{1,20}}\\?\.\)\??)?[a-z0-9\\-]{{0,60}}(?<!\\)\.?[a-z0-9-]{{1,60}}(?<!\\)\.(?:{_ENDS})\b",
        re.IGNORECASE,
    )


def _compared(site: Site) -> None:
    node = site.node
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
        return
    text, where = constant_text(node.left), node.comparators[0]
    if text and "." in text and isinstance(where, ast.Name | ast.Attribute | ast.Subscript) and _host().fullmatch(text):
        word = (constant_text(where.slice) or "") if isinstance(where, ast.Subscript) else last_name(where)
        if not word.lower().endswith("s") and _is_address(site, where, word):
            _report(site)


def _ended(site: Site) -> None:
    """``url.endswith("example.com")`` and ``url.startswith("https://example.com")``: neither ends where the host does."""
    text = constant_text(site.call.args[0]) if site.call.args else None
    func = site.call.func
    if not text or "." not in text or not isinstance(func, ast.Attribute) or not _host().fullmatch(text.lstrip(".")):
        return
    word = last_name(func.value)
    if text.startswith((".", "@")) or text.endswith("/"):
        return
    bare = "://" in text and "/" not in text.partition("://")[2] if site.last == "startswith" else "/" not in text
    if bare and _is_address(site, func.value, word):
        _report(site)


def _is_address(site: Site, node: ast.AST, word: str) -> bool:
    lowered = word.lower()
    return lowered.endswith(_ADDRESSES) and (site.level(node, TYPE) >= HANDED_IN or bool(site.where.answers))


def _report(site: Site) -> None:
    site.found(
        "loose-host-check", "Another host can be named so that it passes this check", "medium", 20, _FIX, confidence=0.5
    )


def _pattern(site: Site) -> None:
    text = site.text(site.argument(0, "pattern"))
    if text and len(text) < 500 and "http" in text and _loose_dot().match(text):
        site.found(
            "loose-host-check", "A dot in this pattern is any character, so another host passes it", "medium", 625,
            "Write \\. and end the host with / or $.", confidence=0.5,
        )  # fmt: skip


FAMILY = Family(
    calls={f"re.{name}": _pattern for name in ("compile", "match", "search", "fullmatch", "findall")},
    methods=dict.fromkeys(("endswith", "startswith"), _ended),
    comparisons=(_compared,),
)
