"""The documentation specialist: docstring coverage, dead links in Markdown, snippets that do not parse."""

from __future__ import annotations

import posixpath
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.agents.workbench.documents.docstring_coverage import Public, public_definitions
from orchestrator.agents.workbench.documents.markdown_document import MarkdownDocument, read_markdown
from orchestrator.agents.workbench.documents.markdown_links import dead_links
from orchestrator.agents.workbench.documents.markdown_snippets import check_fence, checked_languages
from orchestrator.agents.workbench.project import Project, open_project
from orchestrator.agents.workbench.python_sources import PythonSources, read_sources
from orchestrator.agents.workbench.report import Issue, build_report, table
from orchestrator_core.analysis.file_roles import is_support_source, is_test_file
from orchestrator_core.errors import MissingDependency
from orchestrator_core.records import Severity

NAME = "documentation-specialist"
_MARKDOWN = (".md", ".markdown")
_README = ("readme.md", "readme.rst", "readme.txt", "readme", "readme.markdown")
_SEVERITY: dict[str, Severity] = {"module": "low", "class": "low", "function": "low", "method": "info"}


def run(request: str | Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - every agent is called alike
    """Look at the folder in ``context["path"]``.

    Rules: ``missing-docstring``, ``dead-link``, ``dead-anchor``, ``snippet-does-not-parse``, ``no-readme``,
    ``does-not-parse``. ``data`` holds ``coverage`` (per file), ``links`` and ``snippets`` (counts).

    Raises:
        TargetError: the folder is missing, empty, or holds no Python file.
    """
    project = open_project(context)
    sources = read_sources(project)
    issues = list(sources.issues)
    coverage = dict(_public(sources))
    issues += _docstring_issues(coverage)

    try:
        documents, unreadable = _documents(project)
        reading = "files and headings inside the folder; addresses outside are not asked"
    except MissingDependency as error:
        documents, unreadable, reading = {}, [], f"not looked at: {error}"
    issues += unreadable
    found, links = dead_links(documents, project.files, lambda place: _exists(project, place))
    issues += found
    fences = [
        (path, fence)
        for path, document in documents.items()
        for fence in document.fences
        if fence.language in checked_languages()
    ]
    for path, fence in fences:
        if bad := check_fence(fence):
            severity: Severity = "medium" if posixpath.basename(path).lower() in _README else "low"
            issues.append(
                Issue(
                    "snippet-does-not-parse",
                    f"this {bad.language} block does not parse ({bad.reason})",
                    path,
                    bad.line,
                    severity,
                )
            )
    if not project.is_package_folder and not any("/" not in n and n.lower() in _README for n in project.files):
        issues.append(
            Issue("no-readme", "the project has no README", "", 0, "low", "say what it is and how to start it")
        )

    public = [item for items in coverage.values() for item in items]
    documented = sum(item.documented for item in public)
    snippets = Counter(fence.language for _, fence in fences)
    summary = {
        "public definitions": len(public),
        "documented": f"{documented} ({_percent(documented, len(public))})",
        "Markdown files": len(documents),
        "links checked": links.get("checked", 0),
        "external links (only counted)": links.get("external", 0),
        "snippets checked": sum(snippets.values()),
        **{
            rule: sum(issue.rule == rule for issue in issues)
            for rule in ("dead-link", "dead-anchor", "snippet-does-not-parse")
        },
    }
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    others = sum(name.endswith((".rst", ".adoc")) for name in project.files)
    return build_report(
        NAME,
        title=f"Documentation of {project.root.name}",
        summary=summary,
        issues=issues,
        sections=(
            ("Docstring coverage by kind", _kind_table(public)),
            ("Least documented files", _file_table(coverage)),
        ),
        limits={
            **project.limits(),
            "docstrings": "public names outside tests, examples and tooling; overloads and overrides are left out",
            "links": reading,
            "snippets": f"blocks in {', '.join(sorted(checked_languages()))}; read as Python {version}, never run",
            "other formats": f"{others} reStructuredText or AsciiDoc files were not read",
        },
        data={
            "coverage": {
                path: {"public": len(items), "documented": sum(i.documented for i in items)}
                for path, items in coverage.items()
            },
            "links": links,
            "snippets": dict(snippets),
        },
    )


def _public(sources: PythonSources) -> Iterable[tuple[str, list[Public]]]:
    for path, source in sources.files.items():
        if not is_support_source(path, source.tree) and (found := public_definitions(path, source.tree)):
            yield path, found


def _docstring_issues(coverage: Mapping[str, Iterable[Public]]) -> Iterable[Issue]:
    for path, items in coverage.items():
        for item in items:
            if not item.documented:
                what = "the module" if item.kind == "module" else f"the {item.kind} `{item.name}`"
                yield Issue("missing-docstring", f"{what} has no docstring", path, item.line, _SEVERITY[item.kind])


def _documents(project: Project) -> tuple[dict[str, MarkdownDocument], list[Issue]]:
    """Every Markdown file but those of tests, which are often wrong on purpose."""
    documents: dict[str, MarkdownDocument] = {}
    issues: list[Issue] = []
    for name in project.files:
        if name.lower().endswith(_MARKDOWN) and not is_test_file(name) and "{{" not in name:
            try:
                documents[name] = read_markdown(project.text(name))
            except OSError as error:
                issues.append(Issue("unreadable", f"cannot be read: {error.strerror}", name, 0, "low"))
            except RecursionError:
                issues.append(Issue("unreadable", "is nested too deeply to be read", name, 0, "low"))
    return documents, issues


def _exists(project: Project, place: str) -> bool:
    try:
        return project.path(place).exists()
    except (OSError, ValueError):  # a name too long, or with characters no file name can have
        return False


def _kind_table(public: list[Public]) -> str:
    kinds = Counter(item.kind for item in public)
    done = Counter(item.kind for item in public if item.documented)
    return table(
        ("kind", "public", "documented", ""),
        ((kind, n, done[kind], _percent(done[kind], n)) for kind, n in sorted(kinds.items())),
    )


def _file_table(coverage: Mapping[str, list[Public]]) -> str:
    rows = [(sum(not i.documented for i in items), path, items) for path, items in coverage.items()]
    worst = sorted((row for row in rows if row[0]), key=lambda row: (-row[0], row[1]))[:10]
    return (
        table(("file", "public", "without"), ((path, len(items), missing) for missing, path, items in worst))
        if worst
        else ""
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "nothing to document"
