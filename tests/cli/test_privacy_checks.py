"""What the doctor says of the offline guard and of who may read the store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.cli.privacy_checks import offline_check, privacy_checks
from orchestrator_core.settings import MemorySettings, SecuritySettings, Settings
from orchestrator_core.storage.home import DATABASE, prepare_home


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(), "calls and Magnus's own threads reach this machine only"),
        (Settings(offline="process"), "the whole process reaches this machine only"),
        (Settings(offline=False), "off: agents may reach any host"),
        (
            Settings(security=SecuritySettings(network_allow=("b.lan:80", "10.0.0.0/8"))),
            "this machine and 10.0.0.0/8, b.lan:80",
        ),
        (
            Settings(memory=MemorySettings(chroma_url="http://user:hunter2@chroma.lan:8000")),
            "this machine and chroma.lan:8000",
        ),
    ],
)
def test_the_guards_state(settings: Settings, words: str) -> None:
    check = offline_check(settings)
    assert (check.status, words in check.detail) == ("ok", True)
    assert "hunter2" not in check.detail


def test_a_wrong_host_is_a_failed_check() -> None:
    check = offline_check(Settings(security=SecuritySettings(network_allow=("*",))))
    assert check.status == "fail"
    assert "security.network_allow" in check.detail
    assert "orchestrate config show" in check.fix


def test_a_private_store_has_nothing_to_say(tmp_path: Path) -> None:
    prepare_home(tmp_path / "store")
    assert privacy_checks(tmp_path / "store" / DATABASE) == []
    assert privacy_checks(tmp_path / "none" / DATABASE) == []


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_an_open_folder_an_open_parent_and_a_link_are_told(tmp_path: Path) -> None:
    home = tmp_path / "shared" / "store"
    prepare_home(home)
    (home / "logs").symlink_to(tmp_path)
    (home / "dashboards").mkdir()
    (home / "dashboards").chmod(0o755)
    home.chmod(0o750)
    home.parent.chmod(0o777)
    found = {check.name: check for check in privacy_checks(home / DATABASE)}
    assert found.keys() == {"links", "folder", "folder above"}
    assert found["links"].status == "fail"
    assert str(home / "logs") in found["links"].detail
    assert "1 more" in found["folder"].detail
    assert str(home.parent) in found["folder above"].fix
