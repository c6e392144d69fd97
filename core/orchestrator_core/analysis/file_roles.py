"""What a Python file is for, told from its path: product code, or tests, documentation and tooling."""

from __future__ import annotations

from fnmatch import fnmatchcase

_ANYWHERE = frozenset({"tests", "test", "testing", "docs", "doc", "examples", "example", "benchmarks", "benchmark"})
_AT_TOP = frozenset(
    {"scripts", "script", "tools", "tool", "bench", "ci", "dev", "tasks", "notebooks", "samples", "demo", "demos"}
)
_FILES = (
    "test_*.py", "*_test.py", "tests.py", "testing.py", "conftest.py", "setup.py", "noxfile.py", "fabfile.py", "dodo.py",
    "hatch_build.py", "versioneer.py", "ez_setup.py", "pytest_plugin.py", "pytest_*.py",
)  # fmt: skip
_BESIDE_THE_MANIFEST = frozenset({"tasks.py", "build.py", "dev.py", "conf.py"})
"""Tooling at the top of a project; inside a package such names are ordinary modules."""


def is_support_file(path: str) -> bool:
    """True for tests, documentation, examples and tooling. ``path`` is relative to the project, with forward slashes."""
    *folders, name = path.split("/")
    if any(folder in _ANYWHERE or (folder.startswith(".") and folder != ".") for folder in folders):
        return True
    if folders and folders[0] in _AT_TOP:
        return True
    if name in _BESIDE_THE_MANIFEST:
        return not folders
    return any(fnmatchcase(name, pattern) for pattern in _FILES)


def is_test_file(path: str) -> bool:
    """True for test modules and everything in a test folder."""
    *folders, name = path.split("/")
    return (
        bool({"tests", "test"} & set(folders))
        or name == "conftest.py"
        or name.startswith("test_")
        or name.endswith("_test.py")
    )
