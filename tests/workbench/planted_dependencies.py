"""Small projects with one mistake in their dependencies each, and the same without it."""

from __future__ import annotations

from collections.abc import Iterable


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


MISSING = "undeclared-import"
UNUSED = "unused-dependency"
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
        {
            "pyproject.toml": pyproject("google-cloud-storage"),
            "shop/__init__.py": "from google.cloud import bigquery\n",
        },
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
        {
            "pyproject.toml": pyproject(),
            "shop/__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\n",
        },
    ),
    "an extra declares it": (
        MISSING,
        {"pyproject.toml": pyproject(), "shop/__init__.py": "import redis\n"},
        {
            "pyproject.toml": pyproject(more='[project.optional-dependencies]\nfast = ["redis"]'),
            "shop/__init__.py": "import redis\n",
        },
    ),
    "poetry": (
        MISSING,
        {
            "pyproject.toml": '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\npython = "^3.11"\n',
            "shop/__init__.py": "import httpx\n",
        },
        {
            "pyproject.toml": '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\nhttpx = "^0.27"\n',
            "shop/__init__.py": "import httpx\n",
        },
    ),
    "requirements.txt": (
        MISSING,
        {"requirements.txt": "flask==3\n", "app.py": "import flask, requests\n"},
        {
            "requirements.txt": "flask==3  # web\n-r more.txt\n-r base-requirements.txt\n",
            "base-requirements.txt": "requests \\\n  --hash=sha256:0\n",
            "app.py": "import flask, requests\n",
        },
    ),
    "setup.py": (
        MISSING,
        {
            "setup.py": "from setuptools import setup\nDEPS = ['flask']\nsetup(name='shop', install_requires=DEPS)\n",
            "shop/__init__.py": "import requests\n",
        },
        {
            "setup.py": "import setuptools\nDEPS = ['flask']\nsetuptools.setup(name='shop', install_requires=DEPS + ['requests'])\n",
            "shop/__init__.py": "import requests\n",
        },
    ),
    "setup.cfg": (
        MISSING,
        {
            "setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n    flask\n",
            "shop/__init__.py": "import requests\n",
        },
        {
            "setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n    requests>=2\n",
            "shop/__init__.py": "import requests\n",
        },
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
            "a/pyproject.toml": pyproject("requests", name="a"),
            "a/src/a/__init__.py": "import requests\n",
            "b/pyproject.toml": pyproject(name="b"),
            "b/src/b/__init__.py": "import requests\nimport a\n",
        },
        {
            "a/pyproject.toml": pyproject("requests", name="a"),
            "a/src/a/__init__.py": "import requests\n",
            "b/pyproject.toml": pyproject("requests", name="b"),
            "b/src/b/__init__.py": "import requests\nimport a\n",
        },
    ),
    "a text elsewhere in a monorepo names it": (
        UNUSED,
        {
            "pyproject.toml": pyproject(name="outer"),
            "outer/__init__.py": "TABLE = ['requests']\n",
            "examples/shop/pyproject.toml": pyproject("requests"),
            "examples/shop/shop/__init__.py": "",
        },
        {
            "pyproject.toml": pyproject(name="outer"),
            "outer/__init__.py": "",
            "examples/shop/pyproject.toml": pyproject("requests"),
            "examples/shop/shop/__init__.py": "TABLE = ['requests']\n",
        },
    ),
    "what the outer project brings in is not declared by the inner one": (
        MISSING,
        {
            "pyproject.toml": pyproject("zzweb", name="outer"),
            "inner/pyproject.toml": pyproject(name="inner"),
            "inner/inner/__init__.py": "import zzwire\n",
            **installed("zzweb", ["zzweb/__init__.py"], requires=["zzwire>=1"]),
            **installed("zzwire", ["zzwire.py"]),
        },
        {
            "pyproject.toml": pyproject("zzweb", name="outer"),
            "inner/pyproject.toml": pyproject("zzwire", name="inner"),
            "inner/inner/__init__.py": "import zzwire\n",
            **installed("zzweb", ["zzweb/__init__.py"], requires=["zzwire>=1"]),
            **installed("zzwire", ["zzwire.py"]),
        },
    ),
    "only a development group declares it": (
        "misplaced-dependency",
        {
            "pyproject.toml": pyproject(more='[dependency-groups]\ndev = ["requests"]'),
            "shop/__init__.py": "import requests\n",
        },
        {
            "pyproject.toml": pyproject(more='[dependency-groups]\ndev = ["requests"]'),
            "shop/__init__.py": "",
            "tests/test_x.py": "import requests\n",
        },
    ),
    "a test's dependency": (
        "undeclared-support-import",
        {"pyproject.toml": pyproject(), "shop/__init__.py": "", "tests/test_x.py": "import pytest\n"},
        {
            "pyproject.toml": pyproject(more='[project.optional-dependencies]\ntest = ["pytest"]'),
            "shop/__init__.py": "",
            "tests/test_x.py": "import pytest\n",
        },
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
            "pyproject.toml": pyproject(
                more='[dependency-groups]\ndev = ["pytest-cov", "mypy", "ruff"]\n[tool.poetry.group.lint.dependencies]\nblack = "*"'
            ),
            "shop/__init__.py": "",
        },
    ),
    "a server or a driver is used without an import": (
        UNUSED,
        {"pyproject.toml": pyproject("flask"), "shop/__init__.py": ""},
        {
            "pyproject.toml": pyproject("gunicorn", "psycopg2-binary", "tzdata", "types-requests"),
            "shop/__init__.py": "",
        },
    ),
    "a module named in a text": (
        UNUSED,
        {"pyproject.toml": pyproject("whitenoise"), "shop/__init__.py": "NOTE = 'white noise'\n"},
        {
            "pyproject.toml": pyproject("whitenoise"),
            "shop/__init__.py": "MIDDLEWARE = ['whitenoise.middleware.WhiteNoise']\n",
        },
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
        {
            "pyproject.toml": pyproject("requests"),
            "shop/__init__.py": "import requests\n",
            "tests/test_x.py": "import requests\n",
        },
    ),
    "a plug-in is found by its entry point": (
        UNUSED,
        {
            "pyproject.toml": pyproject("zz-theme"),
            "shop/__init__.py": "import zzhost\n",
            **installed("zz-theme", ["zz_theme/__init__.py"], entry_points="[otherhost.themes]\nx = zz_theme\n"),
        },
        {
            "pyproject.toml": pyproject("zz-theme", "zzhost"),
            "shop/__init__.py": "import zzhost\n",
            **installed("zz-theme", ["zz_theme/__init__.py"], entry_points="[zzhost.themes]\nx = zz_theme\n"),
        },
    ),
    "an optional part of another dependency": (
        UNUSED,
        {
            "pyproject.toml": pyproject("zzframe", "zzexcel"),
            "shop/__init__.py": "import zzframe\n",
            **installed("zzframe", ["zzframe/__init__.py"]),
            **installed("zzexcel", ["zzexcel/__init__.py"]),
        },
        {
            "pyproject.toml": pyproject("zzframe", "zzexcel"),
            "shop/__init__.py": "import zzframe\n",
            **installed("zzframe", ["zzframe/__init__.py"], requires=['zzexcel; extra == "excel"']),
            **installed("zzexcel", ["zzexcel/__init__.py"]),
        },
    ),
    "it only comes along": (
        "transitive-import",
        {
            "pyproject.toml": pyproject("zzweb"),
            "shop/__init__.py": "import zzweb, zzwire\n",
            **installed("zzweb", ["zzweb/__init__.py"], requires=["zzwire>=1"]),
            **installed("zzwire", ["zzwire.py"]),
        },
        {
            "pyproject.toml": pyproject("zzweb", "zzwire"),
            "shop/__init__.py": "import zzweb, zzwire\n",
            **installed("zzweb", ["zzweb/__init__.py"], requires=["zzwire>=1"]),
            **installed("zzwire", ["zzwire.py"]),
        },
    ),
    "a copyleft licence": (
        "copyleft-licence",
        {
            "pyproject.toml": pyproject("zzgpl"),
            "shop/__init__.py": "import zzgpl\n",
            **installed("zzgpl", ["zzgpl.py"], licence="AGPL-3.0-only"),
        },
        {
            "pyproject.toml": pyproject("zzgpl"),
            "shop/__init__.py": "import zzgpl\n",
            **installed("zzgpl", ["zzgpl.py"], licence="GPL-3.0-only OR MIT"),
        },
    ),
    "a library's copyleft is another matter": (
        "copyleft-licence",
        {
            "pyproject.toml": pyproject("zzgpl"),
            "shop/__init__.py": "import zzgpl\n",
            **installed("zzgpl", ["zzgpl.py"], licence="GPL-2.0-or-later"),
        },
        {
            "pyproject.toml": pyproject("zzgpl"),
            "shop/__init__.py": "import zzgpl\n",
            **installed("zzgpl", ["zzgpl.py"], licence="LGPL-3.0-only"),
        },
    ),
    "no list at all": (
        "no-dependency-list",
        {"app.py": "import flask\n"},
        {"app.py": "import json\n"},
    ),
    "a requirement that is none": (
        "invalid-requirement",
        {"requirements.txt": "flask=>3\n", "app.py": "import flask\n"},
        {
            "requirements.txt": "flask>=3\n./local\nhttps://shop.example/x.whl\n-e git+https://shop.example/y#egg=y\n",
            "app.py": "import flask\n",
        },
    ),
}
