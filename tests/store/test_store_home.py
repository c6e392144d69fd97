"""Where a store's folder is looked for, and what is done to its rights."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator_core.storage.home import find_home, prepare_home


@pytest.mark.parametrize("mark", ["orchestrator.toml", "pyproject.toml", ".git"])
def test_a_store_is_made_beside_the_nearest_project_file(tmp_path: Path, mark: str) -> None:
    deep = tmp_path / "outer" / "inner" / "deep"
    deep.mkdir(parents=True)
    (tmp_path / "outer" / "pyproject.toml").touch()
    assert find_home(deep, user_home=tmp_path) == tmp_path / "outer" / ".orchestrator"
    (tmp_path / "outer" / "inner" / mark).touch()
    assert find_home(deep, user_home=tmp_path) == tmp_path / "outer" / "inner" / ".orchestrator"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize(("before", "after"), [(0o755, 0o700), (0o555, 0o500), (0o700, 0o700), (0o500, 0o500)])
def test_others_lose_their_rights_and_the_owner_gets_none(tmp_path: Path, before: int, after: int) -> None:
    home = tmp_path / "store"
    prepare_home(home)
    home.chmod(before)
    prepare_home(home)
    assert home.stat().st_mode & 0o777 == after
    home.chmod(0o700)
