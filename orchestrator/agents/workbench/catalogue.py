"""The workbench's table of contents: read at start, while each agent's module is imported at its first call."""

from __future__ import annotations

from msgspec import Struct


class Entry(Struct, frozen=True):
    """One workbench agent. ``module`` holds ``run(request, context)``; ``timeout_s`` limits one attempt."""

    name: str
    module: str
    description: str
    capabilities: tuple[str, ...]
    timeout_s: float
    idempotent: bool = True


_HERE = __name__.rpartition(".")[0]

CATALOGUE: tuple[Entry, ...] = (
    Entry(
        "code-archaeologist",
        f"{_HERE}.code_archaeologist",
        "Import graph, import cycles, dead code, and the files that git history changes most.",
        ("code.structure", "code.dead", "git.history"),
        120.0,
    ),
    Entry(
        "project-analyst",
        f"{_HERE}.project_analyst",
        "Layout, sizes, dependencies and licences; imports nothing declares and dependencies nothing imports.",
        ("project.layout", "project.dependencies", "project.licences"),
        120.0,
    ),
    Entry(
        "security-auditor",
        f"{_HERE}.security_auditor",
        "Insecure code (bandit), dependency pins, and secrets in the tree.",
        ("security.code", "security.secrets", "security.dependencies"),
        180.0,
    ),
    Entry(
        "code-reviewer",
        f"{_HERE}.code_reviewer",
        "Lint findings (ruff) and functions that are too complex.",
        ("code.review", "code.complexity"),
        120.0,
    ),
    Entry(
        "test-automator",
        f"{_HERE}.test_automator",
        "Finds the tests; with context['execute'] = True runs them on a copy and reports failures and the slowest.",
        ("tests.find", "tests.run"),
        300.0,
    ),
    Entry(
        "documentation-specialist",
        f"{_HERE}.documentation_specialist",
        "Docstring coverage, dead links in Markdown, and README snippets that do not parse.",
        ("docs.coverage", "docs.links", "docs.snippets"),
        120.0,
    ),
    Entry(
        "performance-optimizer",
        f"{_HERE}.performance_optimizer",
        "Static cost hints; with context['execute'] = True import time and the profile of a named entry point on a copy.",
        ("performance.imports", "performance.profile"),
        300.0,
    ),
)
"""All seven, in the order a demonstration runs them."""
