"""Every package that dev.py installs is pinned, and the pins are what is installed."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from layer_rules import ROOTS, modules
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text:
            name, equal, version = text.partition("==")
            assert equal and version, f"{line!r} pins nothing"
            assert str(canonicalize_name(name)) == name, f"{name} is not written in its normal form"
            assert name not in found, f"{name} is pinned twice"
            found[name] = version
    return found


def declared() -> list[Requirement]:
    project = PROJECT["project"]
    groups = [
        PROJECT["build-system"]["requires"],
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    return [Requirement(text) for group in groups for text in group]


def installed(requirement: Requirement, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def everything(first: list[Requirement]) -> Iterator[str]:
    """The names of all packages that some requirements pull in on this system."""
    waiting, seen = list(first), set()
    while waiting:
        requirement = waiting.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        yield key[0]
        for text in metadata.requires(key[0]) or []:
            further = Requirement(text)
            if any(installed(further, extra) for extra in ("", *requirement.extras)):
                waiting.append(further)


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_the_pin_fits_the_declaration(requirement: Requirement) -> None:
    assert requirement.specifier.contains(Version(pins()[canonicalize_name(requirement.name)]), prereleases=True)


def test_all_that_is_pulled_in_is_pinned_and_installed_at_its_pin() -> None:
    pinned = pins()
    needed = set(everything(declared())) - {"pip"}  # the interpreter brings its own
    assert needed - set(pinned) == set()
    other = {
        name: (metadata.version(name), pinned[name])
        for name in needed
        if Version(metadata.version(name)).public != pinned[name]
    }
    assert other == {}


def test_what_is_imported_is_declared() -> None:
    """A package that only comes along with another one may stop coming along."""
    ours = {canonicalize_name(Requirement(text).name) for text in PROJECT["project"]["dependencies"]}
    providers = metadata.packages_distributions()
    undeclared = set()
    for module in modules(ROOT).values():
        for node in ast.walk(ast.parse(module.path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - set(ROOTS):
                if not ours & {canonicalize_name(provider) for provider in providers.get(name, [])}:
                    undeclared.add(f"{module.name} imports {name}")
    assert undeclared == set()


def test_torch_is_pinned_without_the_name_of_a_build() -> None:
    """``2.13.0`` accepts the CPU build, the CUDA build and macOS's; ``2.13.0+cpu`` would shut out the others."""
    assert pins()["torch"] == "2.13.0"
