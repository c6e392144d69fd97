"""Projects made up for one test."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

MakeProject = Callable[[Mapping[str, str]], Path]
Digest = Callable[[Path], dict[str, str]]


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Write files (path to text) into a new folder and return it."""

    def make(files: Mapping[str, str]) -> Path:
        root = tmp_path / "project"
        root.mkdir(exist_ok=True)
        for name, text in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text), encoding="utf-8")
        return root

    return make


@pytest.fixture
def digest() -> Digest:
    """Every file and folder below a folder, with the hash of its content: equal before and after means untouched."""

    def of(root: Path) -> dict[str, str]:
        found: dict[str, str] = {}
        for folder, folders, files in os.walk(root):
            for name in [*folders, *files]:
                path = Path(folder, name)
                content = path.read_bytes() if path.is_file() else b""
                found[path.relative_to(root).as_posix()] = hashlib.sha256(content).hexdigest()
        return found

    return of
