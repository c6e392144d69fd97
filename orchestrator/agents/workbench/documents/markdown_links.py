"""Links in Markdown that lead nowhere: files that are not there, sections no heading names. Nothing outside is asked."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import unquote

from orchestrator.agents.workbench.documents.markdown_document import MarkdownDocument
from orchestrator.agents.workbench.report import Issue

_SITE_FILES = (
    "mkdocs.yml",
    "mkdocs.yaml",
    "docusaurus.config.js",
    "docusaurus.config.ts",
    "_config.yml",
    "book.toml",
    "conf.py",
    "zensical.toml",
)
_MARKDOWN = (".md", ".markdown")


def dead_links(
    documents: Mapping[str, MarkdownDocument], files: Iterable[str], exists: Callable[[str], bool]
) -> tuple[list[Issue], dict[str, int]]:
    """Issues ``dead-link`` and ``dead-anchor``, and how many links of each kind there are.

    ``exists`` answers for a path relative to the project; it is asked for what ``files`` does not list (pictures, left-out files).
    """
    known = set(files)
    folders = {folder for name in known for folder in _parents(name)}
    # a site generator gives pages addresses of their own, so an address without its ending may be right
    site = any(posixpath.basename(name) in _SITE_FILES for name in known)
    sphinx = tuple(posixpath.dirname(name) for name in known if posixpath.basename(name) == "conf.py")
    endings = {posixpath.splitext(name)[1] for name in known} | {".md", ".html", ".rst"}
    issues: list[Issue] = []
    counts: Counter[str] = Counter()
    for path, document in documents.items():
        for link in document.links:
            kind, target, fragment = _split(link.target)
            if kind == "inside" and _is_sphinx_reference(target, path, sphinx, endings):
                kind = "of a site"
            if kind != "inside" or (link.target.startswith("/") and site):
                counts[kind if kind != "inside" else "of a site"] += 1
                continue
            counts["checked"] += 1
            place = (
                posixpath.normpath(
                    posixpath.join("" if target.startswith("/") else posixpath.dirname(path), target.lstrip("/"))
                )
                if target
                else path
            )
            if place == ".":
                continue
            if place.startswith(".."):
                counts["out of the folder"] += 1
                continue
            if place not in known and place not in folders and not exists(place) and not (site and _page(place, known)):
                issues.append(
                    Issue(
                        "dead-link",
                        f"{link.target!r} leads to no file",
                        path,
                        link.line,
                        "medium",
                        _nearest(place, known),
                    )
                )
                continue
            if (
                fragment
                and place.endswith(_MARKDOWN)
                and place in documents
                and not _is_anchor(fragment, documents[place])
            ):
                where = "this file" if place == path else place
                issues.append(
                    Issue("dead-anchor", f"no heading in {where} is named {('#' + fragment)!r}", path, link.line, "low")
                )
    return issues, dict(counts)


def _split(target: str) -> tuple[str, str, str]:
    """``inside`` with path and fragment, or the kind of a target that is not looked up."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", target) or target.startswith("//"):
        return "external", "", ""
    plain = unquote(target)
    if "{{" in plain or "{%" in plain or "\x00" in plain or "<" in plain:
        return "of a template", "", ""
    rest, _, fragment = target.partition("#")
    return "inside", unquote(rest.partition("?")[0]), unquote(fragment)


def _is_sphinx_reference(target: str, path: str, sphinx: Iterable[str], endings: set[str]) -> bool:
    """MyST documents name labels and Python objects where others name files: ``[x](api-validators)``, ``[x](attrs.define)``."""
    if not target or "/" in target or posixpath.splitext(target)[1] in endings - {""}:
        return False
    return any(path.startswith(f"{folder}/" if folder else "") for folder in sphinx)


def _is_anchor(fragment: str, document: MarkdownDocument) -> bool:
    wanted = fragment.lower().removeprefix("user-content-")
    # a browser's own text fragment, and the top of the page
    return wanted in document.anchors or wanted.startswith(":~:") or wanted == "top"


def _page(place: str, known: set[str]) -> bool:
    stem = place.removesuffix(".html").removesuffix("/index")
    return any(
        candidate in known
        for candidate in (f"{stem}.md", f"{stem}/index.md", f"{stem}/README.md", f"{stem}.rst", f"{stem}.ipynb")
    )


def _nearest(place: str, known: Iterable[str]) -> str:
    name = posixpath.basename(place).lower()
    same = sorted(path for path in known if posixpath.basename(path).lower() == name)
    return f"did you mean {same[0]}?" if name and same else ""


def _parents(path: str) -> Iterable[str]:
    while path := posixpath.dirname(path):
        yield path
