"""The store belongs to its owner alone, whatever the process gives new files, and no link leads it elsewhere."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator import Orchestrator
from orchestrator_core.errors import StoreUnsafe
from orchestrator_core.storage import permissions
from orchestrator_core.storage.home import DATABASE, placed_home, prepare_home
from orchestrator_core.storage.permissions import look, make_private

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")

_EVERYTHING = """
import os, sys
os.umask(0)
from pathlib import Path
from orchestrator import Orchestrator
home = Path(sys.argv[1])
one = Orchestrator(home=home, overrides={"evaluation.judge": "rules", "memory.embedding": "none", "dashboards.auto": True})
@one.agent("echo")
def echo(request):
    return request
one.execute("echo", "something to keep")
one.memory.remember("a text to keep")
one.generate_dashboard()
one.database.query("SELECT 1")
told = sorted(str(p) for p in home.rglob("*") if p.lstat().st_mode & 0o077)
one.maintain()
one.close()
again = Orchestrator(home=home, overrides={"evaluation.judge": "rules", "memory.embedding": "none"})
again.open()
told += sorted(str(p) for p in (home, *home.rglob("*")) if p.lstat().st_mode & 0o077)
names = sorted(p.name for p in home.rglob("*"))
again.close()
import json
print(json.dumps([told, names]))
"""


@posix
def test_no_file_is_open_to_others_even_where_new_files_are(tmp_path: Path) -> None:
    home = tmp_path / "above" / "store"
    done = subprocess.run(
        [sys.executable, "-c", _EVERYTHING, str(home)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told, names = json.loads(done.stdout.splitlines()[-1])
    assert told == []
    assert {DATABASE, f"{DATABASE}-wal", "dashboards", ".gitignore"} <= set(names), "there was something to look at"
    assert not home.parent.stat().st_mode & 0o022, "nobody else may put another folder in the store's place"


@posix
def test_what_was_opened_to_others_is_closed_again(tmp_path: Path) -> None:
    home = tmp_path / "store"
    with_store(home)
    (home / "dashboards").mkdir(mode=0o755)
    (home / "dashboards" / "old.html").touch(mode=0o644)
    (home / "chroma" / "data").mkdir(parents=True, mode=0o777)
    (home / "chroma" / "data" / "x.bin").touch(mode=0o666)
    (home / "agents").mkdir(mode=0o755)
    (home / "agents" / "mine.py").touch(mode=0o644)
    (home / DATABASE).chmod(0o664)
    home.chmod(0o755)
    assert set(look(home, DATABASE).open_to_others) >= {
        str(home),
        str(home / DATABASE),
        str(home / "dashboards" / "old.html"),
    }
    Orchestrator(home=home).open()
    assert look(home, DATABASE).open_to_others == ()
    assert mode(home) == mode(home / "chroma") == mode(home / "chroma" / "data") == 0o700
    assert (
        mode(home / "chroma" / "data" / "x.bin")
        == mode(home / "dashboards" / "old.html")
        == mode(home / DATABASE)
        == 0o600
    )
    assert mode(home / "agents" / "mine.py") == 0o644, "agents and settings there are the user's own"


def test_a_link_in_the_stores_place_is_refused_however_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "elsewhere"
    with_store(real)
    link = tmp_path / "project" / ".orchestrator"
    link.parent.mkdir()
    link.symlink_to(real)
    with pytest.raises(StoreUnsafe, match=r"symbolic link to .*elsewhere.*ORCHESTRATOR_HOME") as caught:
        Orchestrator(home=link).open()
    assert str(link) in str(caught.value)
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(link))
    with pytest.raises(StoreUnsafe):
        Orchestrator().open()
    monkeypatch.delenv("ORCHESTRATOR_HOME")
    monkeypatch.chdir(link.parent)
    with pytest.raises(StoreUnsafe):
        Orchestrator().open()
    Orchestrator(home=real).open()


def test_a_link_to_nothing_is_not_followed_either(tmp_path: Path) -> None:
    (tmp_path / "store").symlink_to(tmp_path / "not there")
    with pytest.raises(StoreUnsafe):
        prepare_home(tmp_path / "store")
    assert not (tmp_path / "not there").exists()


def test_a_link_above_the_store_is_the_users_own_affair(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "projects").symlink_to(tmp_path / "disk")
    one = Orchestrator(home=tmp_path / "projects" / "store")
    one.open()
    assert one.home == (tmp_path / "disk").resolve() / "store"
    assert placed_home(f"{tmp_path}/projects/x/../store") == one.home


@pytest.mark.parametrize(
    "name", [DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "dashboards", "logs", "models", "chroma", "running"]
)
@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_inside_is_refused_and_its_goal_untouched(tmp_path: Path, name: str, dangling: bool) -> None:
    home, goal = tmp_path / "store", tmp_path / "goal"
    prepare_home(home)
    if not dangling:
        goal.write_text("mine")
        goal.chmod(0o644)
    (home / name).symlink_to(goal)
    with pytest.raises(StoreUnsafe, match=rf"{name} is a symbolic link"):
        Orchestrator(home=home).open()
    assert look(home, DATABASE).links == (str(home / name),)
    assert dangling is not goal.exists()
    if not dangling and os.name == "posix":
        assert (goal.read_text(), mode(goal)) == ("mine", 0o644)


@posix
def test_links_further_inside_are_left_alone(tmp_path: Path) -> None:
    home, goal = tmp_path / "store", tmp_path / "goal"
    prepare_home(home)
    goal.touch(mode=0o644)
    (home / "dashboards").mkdir()
    (home / "dashboards" / "linked.html").symlink_to(goal)
    prepare_home(home)
    make_private(home)
    assert mode(goal) == 0o644


@posix
def test_another_users_folder_that_is_open_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "store"
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    mine = os.getuid()
    monkeypatch.setattr(permissions.os, "getuid", lambda: mine + 1)
    with pytest.raises(StoreUnsafe, match=rf"belongs to another user \(number {mine}\).*ORCHESTRATOR_HOME"):
        prepare_home(home)
    assert list(home.iterdir()) == []
    home.chmod(0o700)
    prepare_home(home)  # private, and the system let us in: a container that runs as root over a user's folder


@posix
@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root gives files away")
def test_a_database_that_a_stranger_put_there_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "store"
    with_store(home)
    os.chown(home / DATABASE, 12_345, 12_345)
    with pytest.raises(StoreUnsafe, match=r"belongs to another user \(number 12345\).*chown"):
        Orchestrator(home=home).open()


@posix
def test_a_folder_that_is_swapped_while_it_is_made_private_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "store"
    home.mkdir()
    home.chmod(0o755)
    genuine = Path.chmod

    def swap(path: Path, new_mode: int) -> None:
        path.rename(tmp_path / "aside")
        path.mkdir(mode=0o700)
        genuine(path, new_mode)

    monkeypatch.setattr(Path, "chmod", swap)
    with pytest.raises(StoreUnsafe, match="was replaced"):
        prepare_home(home)


@posix
def test_files_that_cannot_be_changed_are_covered_by_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "store"
    with_store(home)
    (home / DATABASE).chmod(0o644)

    def refuse(path: Path, new_mode: int) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "chmod", refuse)
    prepare_home(home)
    assert mode(home) == 0o700


@posix
def test_a_parent_that_others_may_write_is_told(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    prepare_home(shared / "store")
    assert look(shared / "store", DATABASE).exposed_parent == ""
    shared.chmod(0o775)
    assert look(shared / "store", DATABASE).exposed_parent == "", "one's own group is nobody else"
    shared.chmod(0o777)
    assert look(shared / "store", DATABASE).exposed_parent == str(shared)
    shared.chmod(0o1777)
    assert look(shared / "store", DATABASE).exposed_parent == ""


def test_nothing_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert look(tmp_path / "none", DATABASE) == permissions.Privacy()


def with_store(home: Path) -> None:
    one = Orchestrator(home=home)
    one.open()
    one.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
