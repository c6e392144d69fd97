"""Which of Magnus's packages are installed, and in the right version."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING

from orchestrator.cli.checks import Check, CheckStatus

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "magnus-orchestrator"
_GROUP = "Packages"
_IMPORT_TIMEOUT_S = 120

_ESSENTIAL = frozenset({"click", "msgspec", "sqlite-utils"})
"""Without these no call can be made or recorded."""

# What goes on without a package; one that is declared but not named here still gets its install line.
_WITHOUT = {
    "bandit": "code is judged without security findings, and the security-auditor agent cannot run",
    "chromadb": "memory compares all vectors itself, which is exact",
    "complexipy": "code is judged without cognitive complexity",
    "httpcore": "the rule judge scores instead of a local model",
    "httpx": "the rule judge scores instead of a local model",
    "huggingface-hub": "everything but setup --download",
    "jinja2": "everything but the dashboards",
    "markdown-it-py": "everything but the documentation-specialist agent",
    "numpy": "calls run without memories; searching memory says what is missing",
    "ollama": "the rule judge scores instead of a local model",
    "onnx": "everything; it is needed only to export embedding models",
    "onnxruntime": "memory works with keywords instead of embeddings",
    "onnxscript": "everything; it is needed only to export embedding models",
    "opentelemetry-api": "calls run and are recorded without traces",
    "opentelemetry-sdk": "calls run and are recorded without traces",
    "packaging": "everything but comparing versions, here and in the project-analyst and security-auditor agents",
    "presidio-analyzer": "redaction by patterns; only the deep scan for names and places is missing",
    "prometheus-client": "everything but the metrics endpoint",
    "pystemmer": "calls run without memories; searching memory says what is missing",
    "pytest": "everything but running a project's tests with the test-automator agent",
    "radon": "code is judged without cyclomatic complexity",
    "rich": "plain text instead of tables and progress bars",
    "ruff": "code is judged without lint findings, and the code-reviewer agent cannot run",
    "sentence-transformers": "memory works with keywords instead of embeddings",
    "spacy": "names of persons and places are not redacted",
    "tokenizers": "memory works with keywords instead of embeddings",
    "torch": "everything; it is needed only to export embedding models",
    "vulture": "everything but dead code in the code-archaeologist's report",
}


def package_checks(*, deep: bool = False, progress: Callable[[str], None] | None = None) -> list[Check]:
    """One check per declared dependency; ``deep`` also imports each in a process of its own."""
    try:
        declared = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return [
            Check(
                group=_GROUP, name=DISTRIBUTION, status="warn", detail="not installed, only importable",
                without="everything, but what it needs cannot be checked", fix="python -m pip install -e .",
            )
        ]  # fmt: skip
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return [
            Check(
                group=_GROUP, name="packaging", status="warn", detail="missing, so versions cannot be compared",
                fix=_install("packaging"),
            )
        ]  # fmt: skip
    requirements = [Requirement(text) for text in declared]
    checks = []
    for requirement in requirements:
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        if progress is not None:
            progress(requirement.name)
        checks.append(_check(requirement, deep=deep))
    return checks


def _check(requirement: Requirement, *, deep: bool) -> Check:
    name = requirement.name
    wanted = f"{name}{requirement.specifier}"
    unwell: CheckStatus = "fail" if name in _ESSENTIAL else "warn"

    def problem(detail: str) -> Check:
        return Check(
            group=_GROUP, name=name, status=unwell, detail=detail, without=_WITHOUT.get(name, ""), fix=_install(wanted)
        )

    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return problem("missing")
    version = distribution.version
    if not version:
        return problem("broken: it has no version")
    if not requirement.specifier.contains(version, prereleases=True):
        return problem(f"{version} is installed, {requirement.specifier} is needed")
    broken = _import_error(distribution) if deep else ""
    return (
        problem(f"{version} cannot be imported: {broken}")
        if broken
        else Check(group=_GROUP, name=name, status="ok", detail=version)
    )


def _import_error(distribution: metadata.Distribution) -> str:
    """Why the package cannot be imported, empty when it can; asked of a fresh process, since some take seconds and all stay loaded."""
    module = _module_of(distribution)
    try:
        done = subprocess.run(
            [sys.executable, "-c", f"import {module}"], capture_output=True, text=True, errors="replace", check=False,
            timeout=_IMPORT_TIMEOUT_S, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"not done after {_IMPORT_TIMEOUT_S} s"
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else f"exit code {done.returncode}")


def _module_of(distribution: metadata.Distribution) -> str:
    """The module that a distribution is for: of its top-level packages the one most like its name."""
    name = (distribution.metadata["Name"] or "").replace("-", "_").lower()
    tops = {
        str(file).partition("/")[0].removesuffix(".py") for file in distribution.files or () if file.suffix == ".py"
    }
    if name in {top.lower() for top in tops}:
        return next(top for top in tops if top.lower() == name)
    # A namespace package such as ``opentelemetry-sdk``: the folder two levels down.
    dotted = name.replace("_", ".", 1)
    return dotted if dotted.partition(".")[0] in tops else min(tops or {name}, key=len)


def _install(wanted: str) -> str:
    return f'python -m pip install "{wanted}"'
