"""A file imports only lower layers and its own folder; the checker itself is shown to see what it must see."""

from __future__ import annotations

from pathlib import Path

import pytest
from layer_rules import LAYERS, ROOTS, cycle, modules, package_cycle, place_of, violations

ROOT = Path(__file__).resolve().parents[2]


def plant(root: Path, files: dict[str, str]) -> Path:
    """A small source tree: every package there is, and the files given by module name."""
    for package, folder in ROOTS.items():
        home = root / folder / package
        home.mkdir(parents=True)
        (home / "__init__.py").touch()
    for name, text in files.items():
        package, _, rest = name.partition(".")
        path = root / ROOTS[package] / package / f"{rest.replace('.', '/')}.py"
        for folder_above in reversed(path.relative_to(root).parents):
            if package in folder_above.parts:
                (root / folder_above).mkdir(exist_ok=True)
                (root / folder_above / "__init__.py").touch()
        path.write_text(text, encoding="utf-8")
    return root


def test_the_packages_keep_the_layers() -> None:
    assert violations(ROOT) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert cycle(ROOT) == []


def test_the_packages_inside_the_memory_room_form_no_circle() -> None:
    assert package_cycle(ROOT, "orchestrator_memory") == []


def test_a_planted_circle_of_packages_is_found_though_no_modules_form_one(tmp_path: Path) -> None:
    files = {
        "orchestrator_memory.rows.store": "from orchestrator_memory.arguments import Filters",
        "orchestrator_memory.arguments": "from orchestrator_memory.rows import row",
        "orchestrator_memory.rows.row": "",
    }
    root = plant(tmp_path, files)
    assert cycle(root) == []
    assert set(package_cycle(root, "orchestrator_memory")) == {"rows", "arguments"}


def test_the_walk_finds_the_whole_house() -> None:
    found = modules(ROOT)
    assert {name.partition(".")[0] for name in found} == set(ROOTS)
    listed = {member for _, units in LAYERS for unit in units for member in unit}
    there = set(found) | {name.rpartition(".")[0] for name in found}
    assert listed - there == set(), "the table lists what does not exist"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"orchestrator_core.records": "from orchestrator_core.storage import database"}, "which lies higher"),
        ({"orchestrator_memory.rows.store": "import orchestrator_security.guard"}, "a neighbour in 2 rooms"),
        ({"orchestrator.healing.healer": "from orchestrator.agents.contract import Call"}, "a neighbour in 2 rooms"),
        ({"orchestrator.healing.healer": "def f():\n    from orchestrator.flow.line import line"}, "which lies higher"),
        ({"orchestrator_memory.rows.store": "from orchestrator import execute_agent"}, "which lies higher"),
        (
            {"orchestrator_core.storage.database": "from orchestrator_core.models import contract"},
            "a neighbour in 1 ground",
        ),
        (
            {"orchestrator.flow.line": "from orchestrator_memory.rows.store import Store"},
            "sees only orchestrator_memory.contract",
        ),
        (
            {"orchestrator.flow.line": "from orchestrator.agents import registry"},
            "sees only orchestrator.agents.contract",
        ),
        ({"orchestrator.runtime": "if 1:\n    from orchestrator.cli import main"}, "which lies higher"),
        ({"orchestrator.cli.main": "import orchestrator.testing"}, "a neighbour in 6 edge"),
        ({"orchestrator.agents.spec": "from ..flow import line"}, "which lies higher"),
        ({"orchestrator.agents.spec": "from .. import facade", "orchestrator.facade": ""}, "which lies higher"),
        (
            {"orchestrator_core.clock": "import importlib\nimportlib.import_module('orchestrator_memory')"},
            "which lies higher",
        ),
        (
            {"orchestrator_core.clock": "TYPE_CHECKING = 0\nif TYPE_CHECKING:\n    import orchestrator.flow"},
            "which lies higher",
        ),
        ({"orchestrator.shiny": ""}, "no layer lists it"),
        ({"orchestrator_core.shiny": ""}, "no layer lists it"),
        ({"orchestrator_core.__init__": "import orchestrator_core.errors"}, "only holds other packages"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    told = violations(plant(tmp_path, files))
    assert len(told) == 1 and expected in told[0]


@pytest.mark.parametrize(
    "files",
    [
        {"orchestrator_memory.rows.store": "from orchestrator_core.storage.database import Database\nfrom .contract import Memory"},
        {"orchestrator.flow.line": "from orchestrator_memory.contract import Memory\nfrom orchestrator.agents import contract"
         , "orchestrator.agents.contract": ""},
        {"orchestrator.cli.main": "from orchestrator import execute_agent\nfrom orchestrator.flow.line import line"},
        {"orchestrator.agents.workbench.report": "from orchestrator.agents.contract import Call"},
        {"orchestrator.runtime": "import json, orchestrator.wiring"},
    ],
)  # fmt: skip
def test_what_the_layers_allow_passes(tmp_path: Path, files: dict[str, str]) -> None:
    assert violations(plant(tmp_path, files)) == []


@pytest.mark.parametrize(
    "closing",
    [
        "from orchestrator_memory.a import x",
        "def later():\n    from orchestrator_memory.a import x",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from orchestrator_memory.a import X",
    ],
    ids=["at the top", "in a function", "for a type"],
)
def test_a_planted_circle_is_found_wherever_the_import_stands(tmp_path: Path, closing: str) -> None:
    circle = {
        "orchestrator_memory.a": "from orchestrator_memory import b",
        "orchestrator_memory.b": "import orchestrator_memory.c",
        "orchestrator_memory.c": closing,
    }
    assert set(cycle(plant(tmp_path, circle))) == {
        "orchestrator_memory.a",
        "orchestrator_memory.b",
        "orchestrator_memory.c",
    }


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("orchestrator_core.errors", 0),
        ("orchestrator_core.storage.schema", 1),
        ("orchestrator_memory", 2),
        ("orchestrator.agents.workbench.report", 2),
        ("orchestrator.flow.line", 3),
        ("orchestrator.runtime", 4),
        ("orchestrator", 5),
        ("orchestrator.cli.commands.run", 6),
    ],
)
def test_every_module_has_its_place(name: str, layer: int) -> None:
    place = place_of(name)
    assert place is not None and place[0] == layer


def test_a_new_file_beside_the_listed_ones_has_no_place_yet() -> None:
    assert place_of("orchestrator.shiny") is None
    assert place_of("orchestrator_core.shiny") is None
