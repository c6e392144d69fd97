"""The house rules that a program can check: names, sizes, what an __init__ may hold, and nothing of one machine."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from pathlib import Path

import pytest
from layer_rules import ROOTS, modules

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400
LONGEST_TEST = 500  # tables of cases
NAMELESS = {
    "utils.py",
    "util.py",
    "helpers.py",
    "helper.py",
    "common.py",
    "misc.py",
    "shared.py",
    "tools.py",
    "base.py",
}
TEXT = (".py", ".md", ".toml", ".txt", ".html", ".jinja", ".j2", ".css", ".js", ".json", ".yml", ".yaml", ".cfg")


def ours(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    """Files of the repository under some of its folders, without what is generated or installed."""
    found = []
    for folder in folders:
        start = ROOT / folder
        for path in [start] if start.is_file() else sorted(start.rglob("*")):
            inside = path.relative_to(ROOT).parts
            hidden = any(part == "__pycache__" or part.startswith(".") for part in inside if part != ".ci")
            if path.is_file() and path.suffix in suffixes and not hidden:
                found.append(path)
    return found


PACKAGES = [str(Path(folder) / package) for package, folder in ROOTS.items()]
OUR_CODE = [*PACKAGES, "tests", "benchmarks", "examples", "dev.py", "dev_environment.py"]
# Examples of the workbench carry planted defects on purpose.
KEPT_CLEAN = [*PACKAGES, "tests", "benchmarks", "dev.py", "dev_environment.py"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_file_is_named_by_what_it_is() -> None:
    assert [name_of(path) for path in ours(*OUR_CODE) if path.name in NAMELESS] == []


def test_no_file_is_too_long() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in ours(*OUR_CODE)}
    limits = {name: LONGEST_TEST if name.startswith("tests/") else LONGEST for name in lengths}
    assert {name: length for name, length in lengths.items() if length > limits[name]} == {}


def hands_on_names_only(tree: ast.Module) -> list[str]:
    """What an ``__init__.py`` holds beyond a docstring, imports, tables of names, and a lazy ``__getattr__``/``__dir__``."""
    odd = []
    for node in tree.body:
        imports = isinstance(node, ast.Import | ast.ImportFrom)
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        lazy = isinstance(node, ast.FunctionDef) and node.name in ("__getattr__", "__dir__")
        table = isinstance(node, ast.Assign | ast.AnnAssign) and all(
            isinstance(name, ast.Name) and (name.id.isupper() or name.id.startswith("_"))
            for name in (node.targets if isinstance(node, ast.Assign) else [node.target])
        )
        for_types = isinstance(node, ast.If) and all(
            isinstance(inner, ast.Import | ast.ImportFrom) for inner in node.body
        )
        if not (imports or docstring or lazy or table or for_types):
            odd.append(f"line {node.lineno}: {type(node).__name__}")
    return odd


def test_an_init_only_hands_on_names() -> None:
    odd = {}
    for module in modules(ROOT).values():
        if module.is_package and (found := hands_on_names_only(ast.parse(module.path.read_text(encoding="utf-8")))):
            odd[name_of(module.path)] = found
    assert odd == {}


@pytest.mark.parametrize("code", ["class Thing: ...", "def work(): ...", "print(1)", "for x in y: pass", "cache = {}"])
def test_code_in_an_init_is_seen(code: str) -> None:
    assert hands_on_names_only(ast.parse(code)) != []


def test_every_package_has_a_docstring_and_every_module_one_sentence() -> None:
    silent = [
        name_of(module.path)
        for module in modules(ROOT).values()
        if not ast.get_docstring(ast.parse(module.path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    marker = re.compile(r"#.*\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")
    left = [
        f"{name_of(path)}:{number}"
        for path in ours(*KEPT_CLEAN)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marker.search(line)
    ]
    assert left == []


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """No absolute path of this checkout or this user; in the packages and the documentation none of anybody's."""
    mine = {str(ROOT)}
    if os.name == "posix":
        import pwd

        mine.add(pwd.getpwuid(os.getuid()).pw_dir)
    mine = {
        re.escape(place) + r"(?=[/\\\"'\s]|$)" for place in mine if len(Path(place).parts) > 2
    }  # /root says nothing
    anybody = {r"(?<![\w.])/(?:home|Users|root)/\w", r"\b[A-Z]:\\+Users\\+\w"}
    everywhere = ours(
        *OUR_CODE, "docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "pyproject.toml", ".ci", suffixes=TEXT
    )
    shipped = {*ours(*PACKAGES, "docs", "benchmarks", "README.md", "CONTRIBUTING.md", "dev.py", suffixes=TEXT)}
    named = []
    for path in [*everywhere, ROOT / ".ci" / "run"]:
        pattern = re.compile("|".join(sorted(mine | (anybody if path in shipped else set()))))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if found := pattern.search(line):
                named.append(f"{name_of(path)}:{number}: {found[0]}")
    assert named == []


def test_all_roots_are_built_linted_and_typed() -> None:
    """A package that one of the tools does not know would be left out without a word."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    packages = {Path(name).as_posix() for name in PACKAGES}
    folders = {folder or "." for folder in ROOTS.values()}
    wheel = settings["hatch"]["build"]["targets"]["wheel"]
    assert packages <= set(wheel["only-include"])
    assert {place: name for place, name in wheel["sources"].items() if place in packages} == {
        f"{folder}/{package}": package for package, folder in ROOTS.items() if folder
    }
    assert set(settings["hatch"]["build"]["dev-mode-dirs"]) == folders
    assert {place.removeprefix("$MYPY_CONFIG_FILE_DIR/") for place in settings["mypy"]["mypy_path"]} | {"."} == folders
    assert packages <= set(settings["mypy"]["files"])
    assert {Path(name).name for name in packages} == set(settings["coverage"]["run"]["source_pkgs"])
    assert set(settings["ruff"]["src"]) >= folders
