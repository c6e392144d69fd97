"""The tests a project has, read from its code without running it."""

from __future__ import annotations

import ast
from fnmatch import fnmatch

from msgspec import Struct
from msgspec.structs import replace

from orchestrator.agents.workbench.project import Project
from orchestrator.agents.workbench.python_sources import read_sources
from orchestrator.agents.workbench.report import Issue

_FILE_PATTERNS = ("test_*.py", "*_test.py")
"""pytest's own default for ``python_files``."""


class ListedTest(Struct, frozen=True):
    """One test function. A parametrised one counts once: how often it runs is only known when it runs."""

    name: str
    path: str
    line: int
    style: str
    """``pytest`` or ``unittest``."""


def list_tests(project: Project) -> tuple[tuple[ListedTest, ...], list[Issue]]:
    """All test functions and methods, and an issue for each test file that does not parse.

    In files of pytest's default names: functions ``test*`` and methods ``test*`` of classes ``Test*``. In any file: methods
    ``test*`` of classes whose base ends with ``TestCase``.
    """
    named = {name for name in project.python_files if any(fnmatch(name.rpartition("/")[2], p) for p in _FILE_PATTERNS)}
    candidates = [name for name in project.python_files if name in named or "TestCase" in project.text(name)]
    sources = read_sources(project, candidates)
    tests: list[ListedTest] = []
    for name, source in sources.files.items():
        tests += _in_body(source.tree.body, name, name in named)
    # To someone who only looks for tests, one that cannot be read is no small matter.
    return tuple(tests), [replace(issue, severity="high") for issue in sources.issues]


def _in_body(body: list[ast.stmt], path: str, is_test_file: bool, outer: str = "") -> list[ListedTest]:
    found: list[ListedTest] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not outer and is_test_file and node.name.startswith("test"):
                found.append(ListedTest(node.name, path, node.lineno, "pytest"))
        elif isinstance(node, ast.ClassDef):
            found += _in_class(node, path, is_test_file, outer)
        elif isinstance(node, ast.If | ast.Try):
            found += _in_body(node.body, path, is_test_file, outer)
    return found


def _in_class(node: ast.ClassDef, path: str, is_test_file: bool, outer: str) -> list[ListedTest]:
    name = f"{outer}{node.name}"
    is_unittest = any(ast.unparse(base).endswith("TestCase") for base in node.bases)
    if not is_unittest and not (is_test_file and node.name.startswith("Test")):
        return []
    style = "unittest" if is_unittest else "pytest"
    found = [
        ListedTest(f"{name}.{item.name}", path, item.lineno, style)
        for item in node.body
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and item.name.startswith("test")
    ]
    for item in node.body:
        if isinstance(item, ast.ClassDef):
            found += _in_class(item, path, is_test_file, f"{name}.")
    return found
