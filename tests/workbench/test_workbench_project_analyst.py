from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agents.workbench.project_analyst import run
from orchestrator_core.errors import TargetError

MakeProject = Callable[[Mapping[str, str]], Path]
Digest = Callable[[Path], dict[str, str]]


def pyproject(*dependencies: str, more: str = "", name: str = "shop") -> str:
    return f'[project]\nname = "{name}"\nversion = "1"\ndependencies = {list(dependencies)!r}\n{more}\n'


def installed(
    name: str, modules: Iterable[str], *, requires: Iterable[str] = (), licence: str = "MIT", entry_points: str = ""
) -> dict[str, str]:
    """The files of an installed distribution, in the project's own virtual environment."""
    site = ".venv/lib/python3.12/site-packages"
    info = f"{site}/{name.replace('-', '_')}-1.0.dist-info"
    lines = "".join(f"Requires-Dist: {text}\n" for text in requires)
    return {
        ".venv/pyvenv.cfg": "version = 3.12\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense-Expression: {licence}\n{lines}",
        f"{info}/RECORD": "".join(f"{module},,\n" for module in modules),
        f"{info}/entry_points.txt": entry_points,
    }


def found(report: dict[str, Any], *rules: str) -> list[str]:
    return [issue["message"] for issue in report["issues"] if issue["rule"] in rules]


MISSING = "undeclared-import"
UNUSED = "unused-dependency"
PACKAGE = {"shop/__init__.py": "", "README.md": "# Shop\n"}

PAIRS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "nothing declares it": (
        MISSING,
        {"pyproject.toml": pyproject(), "shop/__init__.py": "import requests\n"},
        {"pyproject.toml": pyproject("requests>=2"), "shop/__init__.py": "import requests\n"},
    ),
    "a module that is called otherwise than its distribution": (
        MISSING,
        {"pyproject.toml": pyproject("opencv-python"), "shop/__init__.py": "import cv2, yaml\nfrom PIL import Image\n"},
        {
            "pyproject.toml": pyproject("opencv-python-headless", "PyYAML", "Pillow", "beautifulsoup4", "scikit_learn"),
            "shop/__init__.py": "import cv2, yaml, bs4\nfrom PIL import Image\nimport sklearn.svm\n",
        },
    ),
    "a name that only resembles the distribution's": (
        MISSING,
        {"pyproject.toml": pyproject("zz-unheard"), "shop/__init__.py": "import qqnoise\nimport zz_unheard\n"},
        {"pyproject.toml": pyproject("python-qqnoise"), "shop/__init__.py": "import qqnoise\n"},
    ),
    "a namespace package's other part": (
        MISSING,
        {"pyproject.toml": pyproject("google-cloud-storage"), "shop/__init__.py": "from google.cloud import bigquery\n"},
        {"pyproject.toml": pyproject("google-cloud-storage"), "shop/__init__.py": "from google.cloud import storage\n"},
    ),
    "the standard library and own modules are no dependency": (
        MISSING,
        {"pyproject.toml": pyproject(), "src/shop/__init__.py": "", "src/shop/stripe.py": "import stripe\n"},
        {
            "pyproject.toml": pyproject(),
            "src/shop/__init__.py": "import json, tomllib, distutils\nimport shop.cart\nfrom . import cart\nimport helpers\n",
            "src/shop/cart.py": "",
            "src/helpers.py": "",
            "tests/test_cart.py": "import shop\nimport fakes\nfrom tests.fakes import x\nfrom conftest import y\n",
            "tests/fakes.py": "",
            "tests/conftest.py": "",
        },
    ),
    "an optional import is no defect": (
        MISSING,
        {"pyproject.toml": pyproject(), "shop/__init__.py": "try:\n    import ujson\nexcept ValueError:\n    pass\n"},
        {
            "pyproject.toml": pyproject(),
            "shop/__init__.py": "try:\n    import ujson\nexcept ImportError:\n    ujson = None\n\ndef later():\n    import ujson\n",
        },
    ),
    "an import for type checkers is no defect": (
        MISSING,
        {"pyproject.toml": pyproject(), "shop/__init__.py": "import pandas\n"},
        {"pyproject.toml": pyproject(), "shop/__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\n"},
    ),
    "an extra declares it": (
        MISSING,
        {"pyproject.toml": pyproject(), "shop/__init__.py": "import redis\n"},
        {"pyproject.toml": pyproject(more='[project.optional-dependencies]\nfast = ["redis"]'), "shop/__init__.py": "import redis\n"},
    ),
    "poetry": (
        MISSING,
        {"pyproject.toml": '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\npython = "^3.11"\n', "shop/__init__.py": "import httpx\n"},
        {"pyproject.toml": '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\nhttpx = "^0.27"\n', "shop/__init__.py": "import httpx\n"},
    ),
    "requirements.txt": (
        MISSING,
        {"requirements.txt": "flask==3\n", "app.py": "import flask, requests\n"},
        {"requirements.txt": "flask==3  # web\n-r more.txt\n-r base-requirements.txt\n", "base-requirements.txt": "requests \\\n  --hash=sha256:0\n", "app.py": "import flask, requests\n"},
    ),
    "setup.py": (
        MISSING,
        {"setup.py": "from setuptools import setup\nDEPS = ['flask']\nsetup(name='shop', install_requires=DEPS)\n", "shop/__init__.py": "import requests\n"},
        {
            "setup.py": "import setuptools\nDEPS = ['flask']\nsetuptools.setup(name='shop', install_requires=DEPS + ['requests'])\n",
            "shop/__init__.py": "import requests\n",
        },
    ),
    "setup.cfg": (
        MISSING,
        {"setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n    flask\n", "shop/__init__.py": "import requests\n"},
        {"setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n    requests>=2\n", "shop/__init__.py": "import requests\n"},
    ),
    "Pipfile": (
        MISSING,
        {"Pipfile": '[packages]\nflask = "*"\n', "app.py": "import requests\n"},
        {"Pipfile": '[packages]\nrequests = "*"\n', "app.py": "import requests\n"},
    ),
    "inline metadata of a script": (
        MISSING,
        {"pyproject.toml": pyproject(), "run_me.py": "import rich\n"},
        {"pyproject.toml": pyproject(), "run_me.py": '# /// script\n# dependencies = ["rich"]\n# ///\nimport rich\n'},
    ),
    "each part of a monorepo declares for itself": (
        MISSING,
        {
            "a/pyproject.toml": pyproject("requests", name="a"), "a/src/a/__init__.py": "import requests\n",
            "b/pyproject.toml": pyproject(name="b"), "b/src/b/__init__.py": "import requests\nimport a\n",
        },
        {
            "a/pyproject.toml": pyproject("requests", name="a"), "a/src/a/__init__.py": "import requests\n",
            "b/pyproject.toml": pyproject("requests", name="b"), "b/src/b/__init__.py": "import requests\nimport a\n",
        },
    ),
    "only a development group declares it": (
        "misplaced-dependency",
        {"pyproject.toml": pyproject(more='[dependency-groups]\ndev = ["requests"]'), "shop/__init__.py": "import requests\n"},
        {"pyproject.toml": pyproject(more='[dependency-groups]\ndev = ["requests"]'), "shop/__init__.py": "", "tests/test_x.py": "import requests\n"},
    ),
    "a test's dependency": (
        "undeclared-support-import",
        {"pyproject.toml": pyproject(), "shop/__init__.py": "", "tests/test_x.py": "import pytest\n"},
        {"pyproject.toml": pyproject(more='[project.optional-dependencies]\ntest = ["pytest"]'), "shop/__init__.py": "", "tests/test_x.py": "import pytest\n"},
    ),
    "nothing imports it": (
        UNUSED,
        {"pyproject.toml": pyproject("requests", "rich"), "shop/__init__.py": "import rich\n"},
        {"pyproject.toml": pyproject("requests"), "shop/__init__.py": "def get():\n    import requests.adapters\n"},
    ),
    "a development tool is not meant to be imported": (
        UNUSED,
        {"pyproject.toml": pyproject("pytest-cov"), "shop/__init__.py": ""},
        {
            "pyproject.toml": pyproject(more='[dependency-groups]\ndev = ["pytest-cov", "mypy", "ruff"]\n[tool.poetry.group.lint.dependencies]\nblack = "*"'),
            "shop/__init__.py": "",
        },
    ),
    "a server or a driver is used without an import": (
        UNUSED,
        {"pyproject.toml": pyproject("flask"), "shop/__init__.py": ""},
        {"pyproject.toml": pyproject("gunicorn", "psycopg2-binary", "tzdata", "types-requests"), "shop/__init__.py": ""},
    ),
    "a module named in a text": (
        UNUSED,
        {"pyproject.toml": pyproject("whitenoise"), "shop/__init__.py": "NOTE = 'white noise'\n"},
        {"pyproject.toml": pyproject("whitenoise"), "shop/__init__.py": "MIDDLEWARE = ['whitenoise.middleware.WhiteNoise']\n"},
    ),
    "a command called in a script": (
        UNUSED,
        {"pyproject.toml": pyproject("alembic"), "shop/__init__.py": "", "deploy.sh": "pip install alembic\n"},
        {"pyproject.toml": pyproject("alembic"), "shop/__init__.py": "", "deploy.sh": "alembic upgrade head\n"},
    ),
    "a tool with settings of its own": (
        UNUSED,
        {"pyproject.toml": pyproject("towncrier"), "shop/__init__.py": ""},
        {"pyproject.toml": pyproject("towncrier", more="[tool.towncrier]"), "shop/__init__.py": ""},
    ),
    "Cython and notebooks import too": (
        UNUSED,
        {"pyproject.toml": pyproject("cymem", "pandas"), "shop/__init__.py": "", "fast.pyx": "", "look.ipynb": "{}"},
        {
            "pyproject.toml": pyproject("cymem", "pandas"),
            "shop/__init__.py": "",
            "fast.pyx": "from cymem.cymem cimport Pool\n",
            "look.ipynb": '{"cells": [{"source": [\n    "import pandas as pd\\n"\n]}]}',
        },
    ),
    "a lock beside the declaration promises no import": (
        UNUSED,
        {"requirements.txt": "idna==3\n", "app.py": "x = 1\n"},
        {"pyproject.toml": pyproject(), "requirements.txt": "idna==3\n", "app.py": "x = 1\n"},
    ),
    "only tests import it": (
        "support-only-dependency",
        {"pyproject.toml": pyproject("requests"), "shop/__init__.py": "", "tests/test_x.py": "import requests\n"},
        {"pyproject.toml": pyproject("requests"), "shop/__init__.py": "import requests\n", "tests/test_x.py": "import requests\n"},
    ),
    "a plug-in is found by its entry point": (
        UNUSED,
        {
            "pyproject.toml": pyproject("zz-theme"), "shop/__init__.py": "import zzhost\n",
            **installed("zz-theme", ["zz_theme/__init__.py"], entry_points="[otherhost.themes]\nx = zz_theme\n"),
        },
        {
            "pyproject.toml": pyproject("zz-theme", "zzhost"), "shop/__init__.py": "import zzhost\n",
            **installed("zz-theme", ["zz_theme/__init__.py"], entry_points="[zzhost.themes]\nx = zz_theme\n"),
        },
    ),
    "an optional part of another dependency": (
        UNUSED,
        {
            "pyproject.toml": pyproject("zzframe", "zzexcel"), "shop/__init__.py": "import zzframe\n",
            **installed("zzframe", ["zzframe/__init__.py"]), **installed("zzexcel", ["zzexcel/__init__.py"]),
        },
        {
            "pyproject.toml": pyproject("zzframe", "zzexcel"), "shop/__init__.py": "import zzframe\n",
            **installed("zzframe", ["zzframe/__init__.py"], requires=['zzexcel; extra == "excel"']), **installed("zzexcel", ["zzexcel/__init__.py"]),
        },
    ),
    "it only comes along": (
        "transitive-import",
        {
            "pyproject.toml": pyproject("zzweb"), "shop/__init__.py": "import zzweb, zzwire\n",
            **installed("zzweb", ["zzweb/__init__.py"], requires=["zzwire>=1"]), **installed("zzwire", ["zzwire.py"]),
        },
        {
            "pyproject.toml": pyproject("zzweb", "zzwire"), "shop/__init__.py": "import zzweb, zzwire\n",
            **installed("zzweb", ["zzweb/__init__.py"], requires=["zzwire>=1"]), **installed("zzwire", ["zzwire.py"]),
        },
    ),
    "a copyleft licence": (
        "copyleft-licence",
        {"pyproject.toml": pyproject("zzgpl"), "shop/__init__.py": "import zzgpl\n", **installed("zzgpl", ["zzgpl.py"], licence="AGPL-3.0-only")},
        {"pyproject.toml": pyproject("zzgpl"), "shop/__init__.py": "import zzgpl\n", **installed("zzgpl", ["zzgpl.py"], licence="GPL-3.0-only OR MIT")},
    ),
    "a library's copyleft is another matter": (
        "copyleft-licence",
        {"pyproject.toml": pyproject("zzgpl"), "shop/__init__.py": "import zzgpl\n", **installed("zzgpl", ["zzgpl.py"], licence="GPL-2.0-or-later")},
        {"pyproject.toml": pyproject("zzgpl"), "shop/__init__.py": "import zzgpl\n", **installed("zzgpl", ["zzgpl.py"], licence="LGPL-3.0-only")},
    ),
    "no list at all": (
        "no-dependency-list",
        {"app.py": "import flask\n"},
        {"app.py": "import json\n"},
    ),
    "a requirement that is none": (
        "invalid-requirement",
        {"requirements.txt": "flask=>3\n", "app.py": "import flask\n"},
        {"requirements.txt": "flask>=3\n./local\nhttps://shop.example/x.whl\n-e git+https://shop.example/y#egg=y\n", "app.py": "import flask\n"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_finds_the_planted_defect(make_project: MakeProject, name: str) -> None:
    rule, defect, _ = PAIRS[name]
    assert found(run("", {"path": make_project({"README.md": "# x\n", **defect})}), rule)


@pytest.mark.parametrize("name", PAIRS)
def test_reports_nothing_of_the_kind_on_the_clean_twin(make_project: MakeProject, name: str) -> None:
    rule, _, clean = PAIRS[name]
    assert found(run("", {"path": make_project({"README.md": "# x\n", **clean})}), rule) == []


def test_an_issue_names_place_severity_and_what_to_declare(make_project: MakeProject) -> None:
    root = make_project(
        {"pyproject.toml": pyproject(), "shop/__init__.py": "\nimport yaml\n", "shop/late.py": "import yaml\n"}
    )
    (issue,) = [i for i in run("", {"path": root})["issues"] if i["rule"] == MISSING]
    assert (issue["path"], issue["line"], issue["severity"]) == ("shop/__init__.py", 2, "high")
    assert "pyyaml" in issue["fix"]
    assert "2 places" in issue["message"]


@pytest.mark.parametrize(
    ("source", "severity"),
    [("import yaml\n", "high"), ("def f():\n    import yaml\n", "medium")],
)
def test_an_import_that_loading_does_not_run_weighs_less(make_project: MakeProject, source: str, severity: str) -> None:
    root = make_project({"pyproject.toml": pyproject(), "shop/__init__.py": source})
    assert [i["severity"] for i in run("", {"path": root})["issues"] if i["rule"] == MISSING] == [severity]


def test_a_module_nothing_loads_may_be_an_optional_part(make_project: MakeProject) -> None:
    root = make_project(
        {"pyproject.toml": pyproject(), "shop/__init__.py": "", "shop/sphinx_part.py": "import docutils\n"}
    )
    (issue,) = [i for i in run("", {"path": root})["issues"] if i["rule"] == MISSING]
    assert issue["severity"] == "medium"
    assert "optional part" in issue["message"]


def test_dependencies_that_the_build_computes_silence_the_complaint(make_project: MakeProject) -> None:
    root = make_project(
        {
            "setup.py": "from setuptools import setup\nsetup(install_requires=read_them())\n",
            "shop/__init__.py": "import yaml\n",
        }
    )
    report = run("", {"path": root})
    assert found(report, MISSING, UNUSED) == []
    assert "computes install_requires" in report["limits"]["dependency lists"]


def test_reasons_for_what_is_not_imported_are_told(make_project: MakeProject) -> None:
    report = run("", {"path": make_project({"pyproject.toml": pyproject("gunicorn"), "shop/__init__.py": ""})})
    assert "a server that runs the project" in report["markdown"]
    assert report["data"]["not_imported"][0]["reason"] == "a server that runs the project"


def test_the_projects_own_environment_is_read_and_not_run(make_project: MakeProject) -> None:
    root = make_project(
        {
            "pyproject.toml": pyproject("zz-odd-name"),
            "shop/__init__.py": "import quite_other\n",
            **installed("zz-odd-name", ["quite_other/__init__.py"], licence="Zlib"),
            ".venv/lib/python3.12/site-packages/quite_other/__init__.py": "raise SystemExit('it was run')\n",
        }
    )
    report = run("", {"path": root})
    assert found(report, MISSING, UNUSED) == []
    assert report["data"]["licences"][0]["licence"] == "Zlib"


def test_every_group_of_a_pyproject_is_read(make_project: MakeProject) -> None:
    text = """
    [build-system]
    requires = ["hatchling"]
    [project]
    name = "Shop.Front"
    dependencies = ["a1"]
    optional-dependencies = {extra1 = ["a2"], test = ["a3"]}
    [dependency-groups]
    lint = ["a4", {include-group = "docs"}]
    docs = ["a5"]
    [tool.uv]
    dev-dependencies = ["a6"]
    [tool.pdm.dev-dependencies]
    x = ["a7", "-e file:///local"]
    [tool.hatch.envs.default]
    dependencies = ["a8"]
    [tool.poetry.group.dev.dependencies]
    a9 = {version = "^1", optional = true}
    """
    report = run("", {"path": make_project({"pyproject.toml": text, "x.py": ""})})
    (unit,) = report["data"]["units"]
    assert unit["name"] == "shop-front"
    assert {r["name"]: r["use"] for r in unit["requirements"]} == {
        "hatchling": "build", "a1": "main", "a2": "extra", "a3": "dev", "a4": "dev", "a5": "dev", "a6": "dev", "a7": "dev", "a8": "dev", "a9": "dev",
    }  # fmt: skip


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "[project\n"},
        {"pyproject.toml": "[project]\ndependencies = 7\n"},
        {
            "pyproject.toml": "[project]\nname = 7\ndependencies = [7, 'a b']\noptional-dependencies = []\n[dependency-groups]\nx = 1\n"
        },
        {"pyproject.toml": "[tool]\npoetry = 1\nuv = 2\npdm = 3\nhatch = 4\nsetuptools = 5\npytest = 6\n"},
        {"setup.cfg": "no section\n"},
        {"setup.py": "def (:\n"},
        {"setup.py": "from setuptools import setup\nsetup(**everything)\n"},
        {"Pipfile": "[[[\n"},
        {"requirements.txt": "-r requirements.txt\n-r ../../etc/passwd\n\\\n"},
        {"environment.yml": "dependencies:\n  - pip:\n    - x\n  - numpy=1\n"},
        {"tox.ini": "[testenv\n", "noxfile.py": "def (:\n"},
        {"requirements.txt": "a" * 20_000 + "\n" + "[" * 5_000},
    ],
)
def test_manifests_of_any_kind_do_not_end_the_run(make_project: MakeProject, files: dict[str, str]) -> None:
    assert run("", {"path": make_project({"app.py": "import json\n", **files})})["markdown"]


def test_sizes_and_layout(make_project: MakeProject) -> None:
    root = make_project(
        {"src/shop/__init__.py": "x = 1\ny = 2\n", "tests/test_a.py": "z = 3\n", "pyproject.toml": pyproject()}
    )
    report = run("", {"path": root})
    assert report["data"]["sizes"] == {"product": 2, "support": 1}
    assert report["summary"]["layout"] == "src folder: src/shop"


def test_a_project_without_dependencies_has_no_issue(make_project: MakeProject) -> None:
    root = make_project({"pyproject.toml": pyproject(), "shop/__init__.py": "import json\n"})
    assert run("", {"path": root})["issues"] == []


def test_a_folder_that_does_not_fit_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="does not exist"):
        run("", {"path": tmp_path / "nowhere"})
    with pytest.raises(TargetError, match="empty"):
        run("", {"path": tmp_path})


def test_writes_nothing_into_the_folder(make_project: MakeProject, digest: Digest) -> None:
    root = make_project({name: text for _, defect, _ in PAIRS.values() for name, text in defect.items()})
    before = digest(root)
    assert run("", {"path": root})["issues"]
    assert digest(root) == before
