"""A project's Python files, read and parsed once; those that do not parse become issues."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from msgspec import Struct

from orchestrator.agents.workbench.project import Project
from orchestrator.agents.workbench.report import Issue
from orchestrator.agents.workbench.structure.dead_code import Source
from orchestrator_core.analysis.file_roles import is_support_file
from orchestrator_core.analysis.imports import decode_source
from orchestrator_core.analysis.syntax import parse
from orchestrator_core.records import Severity


class PythonSources(Struct, frozen=True):
    """Parsed files by path, and an issue for each file that is left out."""

    files: dict[str, Source]
    issues: tuple[Issue, ...]

    @property
    def lines(self) -> int:
        return sum(source.text.count("\n") + 1 for source in self.files.values() if source.text)


def read_sources(project: Project, names: Iterable[str] | None = None) -> PythonSources:
    """Parse the given files (default: every ``.py`` file)."""
    files: dict[str, Source] = {}
    issues: list[Issue] = []
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for name in project.python_files if names is None else names:
        if not name.endswith(".py") or "{{" in name:  # a template of a project is no project
            continue
        line = 0
        try:
            text = decode_source(project.path(name).read_bytes())
            parsed = parse(text)
            tree, reason, line = parsed.tree, parsed.error, parsed.line
        except OSError as error:
            tree, text, reason = None, "", f"cannot be read: {error.strerror}"
        except SyntaxError as error:
            tree, text, reason, line = None, "", f"cannot be decoded: {error.msg}", error.lineno or 0
        if tree is None:
            # tests keep broken files on purpose, as input
            severity: Severity = "low" if is_support_file(name) else "high"
            issues.append(
                Issue(
                    "does-not-parse",
                    f"Python {version} cannot read this file ({reason}); it was left out",
                    name,
                    line,
                    severity,
                )
            )
            continue
        files[name] = Source(text, tree)
    return PythonSources(files, tuple(issues))
