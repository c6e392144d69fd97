"""What a project's declared dependencies let in: any version, code from an address that may change, a package index of a stranger."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from posixpath import basename
from urllib.parse import urlsplit

from orchestrator.agents.workbench.dependencies.manifests import is_manifest, read_units
from orchestrator.agents.workbench.dependencies.requirement_lines import Requirement
from orchestrator.agents.workbench.report import Issue
from orchestrator_core.analysis.distribution_names import normalise
from orchestrator_core.records import Severity

LOCK_FILES = frozenset({"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml"})
_OPTION_FILES = (
    "*.txt", "*.in", "pip.conf", "pip.ini", "*Dockerfile*", "*Containerfile*", "*.sh", "*.yml", "*.yaml", "Makefile", "tox.ini",
    "pyproject.toml", "uv.toml", "*.cfg", "*.bat", "*.ps1",
)  # fmt: skip

_EXTRA_INDEX = re.compile(
    r"""(?:^|[\s"'])--extra-index-url\b|^\s*extra-index-url\s*=|\b(?:PIP|UV)_EXTRA_INDEX_URL\s*[=:]|\bunsafe-(?:best|any|first)-match\b"""
)
_TRUSTED_HOST = re.compile(
    r"""(?:^|[\s"'])--(?:trusted-host|allow-insecure-host)\b|^\s*trusted-host\s*=|\b(?:PIP_TRUSTED_HOST|UV_INSECURE_HOST)\s*[=:]"""
)
_PLAIN_INDEX = re.compile(
    r"""(?:--index-url|--find-links|-i|-f|index-url|find-links|PIP_INDEX_URL|UV_INDEX_URL)[\s=:"']+(http://\S+)"""
)
_ADDRESS_LINE = re.compile(
    r"^(?:-e\s+|--editable[ =]\s*)?(?:[\w.\[\],-]+\s*@\s*)?((?:(?:git|hg|svn|bzr)\+)?[a-z]+://\S+)"
)
_COMMIT = re.compile(r"@[0-9a-f]{40}(?:[#?]|$)")
_HASH = re.compile(r"#(?:.*&)?(?:sha256|sha384|sha512)=[0-9a-f]{64,}|--hash=sha(?:256|384|512):")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def may_set_options(path: str) -> bool:
    """Whether pip or uv options may stand in a file: requirement files, their configuration, scripts and CI descriptions."""
    name = basename(path)
    return any(fnmatchcase(name, pattern) for pattern in _OPTION_FILES)


def check_pins(texts: Mapping[str, str], files: tuple[str, ...]) -> tuple[list[Issue], int]:
    """Issues of the declared dependencies and how many there are. ``texts`` holds the files that may declare or set options.

    A requirements file is meant to be installed as it stands, so an open version there weighs more than in a package's own
    declaration, where ranges are right and a lock file (of which the project is then free) does the pinning.
    """
    issues: list[Issue] = []
    for path, text in texts.items():
        if may_set_options(path):
            issues += _options(path, text)
        if is_manifest(path) and path.endswith((".txt", ".in")):
            issues += _address_lines(path, text)
    requirements = [r for unit in read_units(texts) for r in unit.requirements]
    locked = any(basename(name) in LOCK_FILES for name in files)
    pinned = {r.name for r in requirements if r.locked} | set(_constrained(texts))
    for requirement in requirements:
        issues += _version(requirement, locked or requirement.name in pinned)
    return issues, len({r.name for r in requirements})


def _constrained(texts: Mapping[str, str]) -> Iterator[str]:
    """Names that a constraints file pins."""
    for path, text in texts.items():
        if "constraint" in basename(path) and path.endswith(".txt"):
            yield from (normalise(name) for name in re.findall(r"(?m)^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?\s*===?", text))


def _options(path: str, text: str) -> Iterator[Issue]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith(("#", ";", "REM ")):
            continue
        if _EXTRA_INDEX.search(line):
            message = (
                "a second package index: whoever registers one of your names there (or here) decides what is installed"
            )
            fix = "Use one index that proxies the other, or pin each package to its index."
            yield Issue("extra-package-index", message, path, number, "high", fix)
        if _TRUSTED_HOST.search(line):
            message = "the package index's certificate is not checked, so anyone on the way can replace packages"
            yield Issue(
                "trusted-host",
                message,
                path,
                number,
                "high",
                "Remove the option; install the index's certificate authority.",
            )
        plain = _PLAIN_INDEX.search(line)
        if plain and urlsplit(plain[1]).hostname not in _LOOPBACK:
            yield Issue(
                "plain-http-index",
                "packages come over plain HTTP, where anyone can replace them",
                path,
                number,
                "high",
                "Use https.",
            )


def _address_lines(path: str, text: str) -> Iterator[Issue]:
    joined = text.replace("\\\n", "  ")  # as long as before, so that offsets keep their line
    for match in re.finditer(r"^.*$", joined, re.MULTILINE):
        line = match[0].strip()
        found = _ADDRESS_LINE.match(line)
        if found and not line.startswith("#"):
            yield from _address(found[1], line, path, text.count("\n", 0, match.start()) + 1)


def _address(url: str, line: str, path: str, number: int) -> Iterator[Issue]:
    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"  # neither a user's password nor a token in the query
    if parts.scheme.endswith("file") or parts.hostname in _LOOPBACK:
        return
    if parts.scheme in ("http", "git", "git+http", "git+git", "svn+http", "hg+http"):
        yield Issue(
            "plain-http-source",
            f"{shown} is fetched unencrypted, so anyone on the way can replace it",
            path,
            number,
            "high",
            "Use https.",
        )
    if "+" in parts.scheme or parts.scheme == "git":
        if not _COMMIT.search(url):
            message = f"{shown} names no commit, so what is installed can change without notice"
            yield Issue(
                "vcs-without-commit",
                message,
                path,
                number,
                "medium",
                "Name the full commit: ...@<40 hexadecimal digits>.",
            )
    elif not _HASH.search(line):
        message = (
            f"{shown} is installed from its address without a hash, so what is installed can change without notice"
        )
        yield Issue("direct-url-without-hash", message, path, number, "high", "Add #sha256=<digest> to the address.")


def _version(requirement: Requirement, locked: bool) -> Iterator[Issue]:
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Pep508

    installed_as_is = requirement.path.endswith(".txt")
    if basename(requirement.path) == "Pipfile" or requirement.path.endswith((".yml", ".yaml")):
        return  # their versions are written in other terms; the lock beside them pins
    try:
        parsed = Pep508(requirement.text)
    except InvalidRequirement:
        if requirement.text.strip().endswith("*"):
            yield _open(requirement, "any-version", "takes any version", "low")
        return  # an address line, checked on its own, or poetry's own notation, which always has an upper bound
    if parsed.url:
        if not installed_as_is and not requirement.path.endswith(".in"):
            yield from _address(parsed.url, parsed.url, requirement.path, requirement.line)
        return
    if locked and not (installed_as_is and requirement.locked):
        return
    bounded = any(s.operator in ("==", "===", "~=", "<", "<=") for s in parsed.specifier)
    if not parsed.specifier:
        yield _open(requirement, "any-version", "takes any version", "medium" if installed_as_is else "low")
    elif not bounded:
        yield _open(
            requirement, "no-upper-bound", f"takes any version {parsed.specifier}", "low" if installed_as_is else "info"
        )


def _open(requirement: Requirement, rule: str, what: str, severity: Severity) -> Issue:
    fix = (
        "Pin it (==) with a hash, or add a lock file."
        if requirement.path.endswith(".txt")
        else "Add a lock file, or a range."
    )
    message = f"{requirement.name} {what}, also one that breaks this project or was published by an intruder"
    return Issue(rule, message, requirement.path, requirement.line, severity, fix)
