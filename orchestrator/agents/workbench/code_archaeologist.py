"""The code archaeologist: import graph, cycles, dead code, and the files that change most."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from orchestrator.agents.workbench.project import Project, open_project
from orchestrator.agents.workbench.python_sources import PythonSources, read_sources
from orchestrator.agents.workbench.report import Issue, build_report, table
from orchestrator.agents.workbench.structure.dead_code import Unused, find_unused
from orchestrator.agents.workbench.structure.git_history import MOST_COMMITS, TIME_LIMIT_S, FileHistory, read_history
from orchestrator.agents.workbench.structure.import_graph import import_graphs, knots, shortest_cycle
from orchestrator_core.analysis.file_roles import is_support_file
from orchestrator_core.analysis.modules import ModuleMap, map_modules
from orchestrator_core.errors import MissingDependency

NAME = "code-archaeologist"
MOST_HOT_FILES = 15
_TEXT_ENDINGS = (
    ".toml",
    ".cfg",
    ".ini",
    ".rst",
    ".yml",
    ".yaml",
    ".json",
    ".sh",
    ".html",
    ".j2",
    ".jinja",
    "Makefile",
    "Dockerfile",
)
_MARKDOWN = (".md", ".markdown")
_MOST_TEXT_BYTES = 4_000_000
_LOADED_BY_FRAMEWORK = frozenset({"migrations", "versions", "commands", "alembic", "templatetags"})


def run(request: str | Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - every agent is called alike
    """Look at the folder in ``context["path"]``.

    Rules: ``import-cycle``, ``unreachable-code``, ``unused-code``, ``unused-module``, ``does-not-parse``. ``data`` holds
    ``modules`` (lines, imports, importers), ``cycles``, ``unused`` and ``hot_files``.

    Raises:
        TargetError: the folder is missing, empty, or holds no Python file.
    """
    project = open_project(context)
    sources = read_sources(project)
    module_map = map_modules(tuple(sources.files), project.files, folder_name=project.root.name)
    eager, every = import_graphs(sources, module_map)
    issues = list(sources.issues)

    cycles = [{"modules": knot, "shortest": shortest_cycle(eager, knot)} for knot in knots(eager)]
    issues += (_cycle_issue(cycle["modules"], cycle["shortest"], module_map, project.root.name) for cycle in cycles)

    texts = list(_other_texts(project))
    dead_code = (
        "by name, over all files; what decorators register, foreign classes call or any text names counts as used"
    )
    try:
        unused, too_deep = find_unused(sources.files, texts)
    except MissingDependency as error:
        unused, too_deep, dead_code = [], [], f"not searched: {error}"
    packaged = bool({"pyproject.toml", "setup.py", "setup.cfg", "__init__.py"} & set(project.files))
    issues += (_unused_issue(item, packaged) for item in unused)
    orphans = unused_modules(sources, every, texts)
    issues += (
        Issue(
            "unused-module",
            "no other module imports this one, and no text names it",
            path,
            0,
            "low",
            "remove it, or name it where it is used",
        )
        for path in orphans
    )

    history = read_history(project.root)
    hot = [file for file in history.files if file.path in set(project.files)][:MOST_HOT_FILES]
    importers: dict[str, int] = dict.fromkeys(every, 0)
    for targets in every.values():
        for target in targets:
            importers[target] = importers.get(target, 0) + 1
    summary = {
        "Python files": len(sources.files),
        "lines": sources.lines,
        "imports between own modules": sum(map(len, every.values())),
        "import cycles": len(cycles),
        "unused definitions": sum(item.kind != "unreachable" for item in unused),
        "unreachable statements": sum(item.kind == "unreachable" for item in unused),
        "unused modules": len(orphans),
        "commits read": history.commits or history.missing,
    }
    return build_report(
        NAME,
        title=f"Code archaeology of {project.root.name}",
        summary=summary,
        issues=issues,
        sections=(
            ("Most imported modules", _imported_table(importers, every)),
            ("Hot files", _hot_table(hot, sources) if hot else history.missing),
        ),
        limits={
            **project.limits(),
            "git time limit (s)": TIME_LIMIT_S,
            "git commits at most": MOST_COMMITS,
            "git history": "; ".join(history.notes) or history.missing or "complete",
            "source roots": ", ".join(root or "." for root in module_map.roots),
            "too deep for the dead code search": ", ".join(too_deep) or "none",
            "cycles": "imports in functions, under conditions and for type checkers only do not count",
            "dead code": dead_code,
        },
        data={
            "modules": {
                path: {"lines": source.text.count("\n"), "imports": sorted(every[path]), "imported_by": importers[path]}
                for path, source in sources.files.items()
            },
            "cycles": cycles,
            "unused": unused,
            "hot_files": hot,
        },
    )


def unused_modules(sources: PythonSources, graph: Mapping[str, Iterable[str]], texts: Iterable[str]) -> list[str]:
    """Modules inside packages that nothing imports, runs or names."""
    imported = {target for targets in graph.values() for target in targets}
    words: set[str] = set()
    for text in texts:
        words.update(re.findall(r"[A-Za-z_]\w*", text))
    for source in sources.files.values():
        for string in source.facts.strings:
            if " " not in string:
                words.update(re.findall(r"[A-Za-z_]\w*", string))
    found = []
    for path, source in sources.files.items():
        folder, file = posixpath.split(path)
        stem = file.removesuffix(".py")
        if not stem.isidentifier():
            continue  # no import statement can name it, so something else loads it
        if (
            path in imported
            or stem.startswith("__")
            or is_support_file(path)
            or source.facts.runs_as_script
            or not source.tree.body
        ):
            continue
        if (
            f"{folder}/__init__.py" not in sources.files
            or stem in words
            or _LOADED_BY_FRAMEWORK & set(folder.split("/"))
        ):
            continue
        if "manage.py" in {posixpath.basename(name) for name in sources.files}:
            continue  # Django finds apps' modules by their names
        found.append(path)
    return found


def _other_texts(project: Project) -> Iterable[str]:
    budget = _MOST_TEXT_BYTES
    for name in project.files:
        if name.endswith((*_TEXT_ENDINGS, *_MARKDOWN)) and budget > 0:
            try:
                text = project.text(name)
            except OSError:
                continue
            budget -= len(text)
            yield _shown_code(text) if name.endswith(_MARKDOWN) else text


def _shown_code(text: str) -> str:
    """What a Markdown document shows as code or asks a generator to document; its prose may speak of dead code as well."""
    blocks = re.findall(r"(?ms)^[ \t]*(```|~~~)(.*?)^[ \t]*\1", text)
    return "\n".join([*(block for _, block in blocks), *re.findall(r"(?m)^::: .*$", text)])


def _cycle_issue(knot: list[str], shortest: list[str], module_map: ModuleMap, folder_name: str) -> Issue:
    way = " → ".join(module_map.name(path) or folder_name for path in shortest)
    more = f" It is part of a knot of {len(knot)} modules." if len(knot) > len(shortest) - 1 else ""
    return Issue(
        "import-cycle",
        f"{way}.{more}",
        shortest[0],
        0,
        "low" if all(is_support_file(path) for path in shortest) else "medium",
        "move what both need into a third module, or import it where it is used",
    )


def _unused_issue(item: Unused, packaged: bool) -> Issue:
    if item.kind == "unreachable":
        return Issue("unreachable-code", item.message, item.path, item.line, "medium", "remove it")
    if packaged and not item.private:
        return Issue(
            "unused-code", f"{item.message}; it may be meant for users of the package", item.path, item.line, "info"
        )
    return Issue("unused-code", item.message, item.path, item.line, "low", "remove it")


def _imported_table(importers: Mapping[str, int], graph: Mapping[str, Iterable[str]]) -> str:
    most = sorted(((count, path) for path, count in importers.items() if count), key=lambda pair: (-pair[0], pair[1]))[
        :10
    ]
    return (
        table(
            ("module", "imported by", "imports"),
            ((path, count, len(list(graph.get(path, ())))) for count, path in most),
        )
        if most
        else ""
    )


def _hot_table(hot: Iterable[FileHistory], sources: PythonSources) -> str:
    def row(file: FileHistory) -> tuple[object, ...]:
        lines = sources.files[file.path].text.count("\n") if file.path in sources.files else ""
        day = datetime.fromtimestamp(file.last_changed, UTC).date().isoformat() if 0 < file.last_changed < 2**35 else ""
        return (file.path, file.changes, file.added, file.removed, file.authors, lines, day)

    return table(("file", "changes", "lines added", "removed", "authors", "lines now", "last change"), map(row, hot))
