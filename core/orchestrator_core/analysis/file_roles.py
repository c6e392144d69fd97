"""What a Python file is for, told from its path and, where needed, its code: product code, or tests and tooling."""

from __future__ import annotations

import ast
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


_MAYBE_PRODUCT = frozenset({"tests.py", "testing.py"})
"""Names of test modules (Django), but also of a package's parts for its users (``click.testing``, ``jinja2.tests``)."""


def is_support_source(path: str, tree: ast.Module) -> bool:
    """``is_support_file``, where the code is at hand: a ``tests.py`` or ``testing.py`` without a test is product code."""
    folder, _, name = path.rpartition("/")
    if name in _MAYBE_PRODUCT and not is_support_file(f"{folder}/product.py" if folder else "product.py"):
        return any(_is_test(node) for node in tree.body)
    return is_support_file(path)


def _is_test(node: ast.stmt) -> bool:
    if isinstance(node, ast.ClassDef):
        if any(ast.unparse(base).endswith("TestCase") for base in node.bases):
            return True
        return node.name.startswith("Test") and any(_is_test(inner) for inner in node.body)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test"):
        return False
    # A predicate such as jinja2's test_odd(value) takes something and asserts nothing.
    takes = {argument.arg for argument in (*node.args.posonlyargs, *node.args.args)} - {"self"}
    return not takes or any(isinstance(inner, ast.Assert) for inner in ast.walk(node))


def is_test_file(path: str) -> bool:
    """True for test modules and everything in a test folder."""
    *folders, name = path.split("/")
    return (
        bool({"tests", "test"} & set(folders))
        or name == "conftest.py"
        or name.startswith("test_")
        or name.endswith("_test.py")
    )
