"""The documentation is true: snippets run, links lead somewhere, every command is described, the changelog keeps its form."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from markdown_blocks import Block, anchors, code_blocks, links

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
PYTHON = [block for page in PAGES for block in code_blocks(page) if block.info[:1] == ("python",)]
RUNNABLE = [block for block in PYTHON if "runnable" in block.info]


def place(value: object) -> str:
    if isinstance(value, Block):
        return f"{value.path.relative_to(ROOT).as_posix()}:{value.line}"
    return value.relative_to(ROOT).as_posix() if isinstance(value, Path) else str(value)


@pytest.mark.parametrize("block", RUNNABLE, ids=place)
def test_a_runnable_snippet_runs(block: Block, tmp_path: Path) -> None:
    """As a user's own script, in an empty folder, with warnings as errors where they are raised in the snippet itself."""
    script = tmp_path / "snippet.py"
    script.write_text(block.code, encoding="utf-8")
    environment = {**os.environ, "ORCHESTRATOR_HOME": str(tmp_path / "store"), "PYTHONWARNINGS": "error:::__main__"}
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, f"{place(block)}\n{done.stdout}\n{done.stderr}"


def test_the_readme_shows_code_that_runs() -> None:
    assert any(block.path.name == "README.md" for block in RUNNABLE)


@pytest.mark.parametrize("block", PYTHON, ids=place)
def test_a_python_snippet_parses(block: Block) -> None:
    ast.parse(block.code, filename=place(block))


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    dead = []
    for target in links(page):
        address, _, fragment = unquote(target).partition("#")
        if re.match(r"[a-z][a-z0-9+.-]*:|//", address):
            continue
        path = (page.parent / address).resolve() if address else page
        if (
            not path.exists()
            or ROOT not in (path, *path.parents)
            or (fragment and path.suffix == ".md" and fragment not in anchors(path))
        ):
            dead.append(target)
    assert dead == []


def test_a_dead_link_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('[a](gone.md) ![b](gone.png) <img src="gone.svg"> [c](#here)\n\n# Here it is\n\n## `code`, too\n')
    assert set(links(page)) == {"gone.md", "gone.png", "gone.svg", "#here"}
    assert anchors(page) == {"here-it-is", "code-too"}


def commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command under a group, lazy ones too, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{name} is listed but cannot be loaded"
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def command_line() -> click.Group:
    """What the ``orchestrate`` script calls."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module = import_module(project["scripts"]["orchestrate"].partition(":")[0])
    return next(value for value in vars(module).values() if isinstance(value, click.Group))


def test_every_command_and_option_is_described() -> None:
    guide = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    found = dict(commands(command_line()))
    assert len(found) > 8
    assert [name for name in found if f"orchestrate {name}" not in guide] == []
    options = {
        (name, option)
        for name, command in found.items()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in parameter.opts
        if option.startswith("--")
    }
    assert sorted(f"{name} {option}" for name, option in options if option not in guide) == []
    assert [name for name, command in found.items() if not command.get_short_help_str()] == []


def test_the_guide_describes_no_command_that_is_gone() -> None:
    found = set(dict(commands(command_line())))
    groups = {name.rpartition(" ")[0] for name in found} - {""}
    guide = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    told = re.findall(r"^#+ .*?`orchestrate ((?:[a-z-]+ ?)+)", guide, re.MULTILINE)
    assert [name for name in map(str.strip, told) if name not in found | groups] == []


def test_the_changelog_keeps_its_form() -> None:
    """https://keepachangelog.com/en/1.1.0/"""
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Changelog"
    versions = [line for line in lines if line.startswith("## ")]
    assert versions[0] == "## [Unreleased]"
    released = [re.fullmatch(r"## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})", line) for line in versions[1:]]
    assert all(released), versions
    dates = [found[2] for found in released if found]
    assert dates == sorted(dates, reverse=True)
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert {line.removeprefix("### ") for line in lines if line.startswith("### ")} <= kinds
    entries = lines[lines.index(versions[0]) :]
    assert [line for line in entries if not re.match(r"##|- |  |$|\[", line)] == [], "entries are lists"
