from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from seeded_calls import NOW, ZONE

from orchestrator_core.errors import StoreDamaged, StoreError, StoreFull, StoreReadOnly
from orchestrator_core.settings import DashboardSettings
from orchestrator_core.storage.database import Database
from orchestrator_dashboards.contract import Dashboards
from orchestrator_dashboards.writer import build_dashboards

if TYPE_CHECKING:
    from seeded_calls import SeededCalls


@pytest.fixture
def dashboards(calls: SeededCalls, folder: Path) -> Dashboards:
    return build_dashboards(calls.database, folder, DashboardSettings(), version="0.1.0", zone=ZONE)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_dated_page_and_the_latest_one(calls: SeededCalls, dashboards: Dashboards, folder: Path) -> None:
    calls.add()
    path = dashboards.write(hours=24, now=NOW)
    assert path == folder / "dashboard_20260114_153700.html", "local time: an hour ahead of UTC here"
    assert names(folder) == ["dashboard_20260114_153700.html", "dashboard_latest.html"]
    assert path.read_bytes() == (folder / "dashboard_latest.html").read_bytes()


def test_refreshing_touches_only_the_latest(dashboards: Dashboards, folder: Path) -> None:
    assert dashboards.refresh_latest(hours=24, now=NOW) == folder / "dashboard_latest.html"
    assert names(folder) == ["dashboard_latest.html"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_only_the_owner_can_read(dashboards: Dashboards, folder: Path) -> None:
    folder.mkdir(mode=0o755)
    path = dashboards.write(hours=24, now=NOW)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in (path, folder / "dashboard_latest.html"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_page_in_the_same_second_overwrites_nothing(
    calls: SeededCalls, dashboards: Dashboards, folder: Path
) -> None:
    first = dashboards.write(hours=24, now=NOW)
    content = first.read_bytes()
    assert dashboards.write(hours=24, now=NOW + 0.4) == first, "the same page is the same file"
    calls.add()
    second = dashboards.write(hours=24, now=NOW)
    assert second.name == "dashboard_20260114_153700_2.html"
    assert first.read_bytes() == content != second.read_bytes()
    assert dashboards.write(hours=24, now=NOW) == second
    assert len(names(folder)) == 3


def test_without_hard_links_nothing_is_overwritten_either(
    calls: SeededCalls, dashboards: Dashboards, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    first = dashboards.write(hours=24, now=NOW)
    calls.add()
    second = dashboards.write(hours=24, now=NOW)
    assert [first.name, second.name] == ["dashboard_20260114_153700.html", "dashboard_20260114_153700_2.html"]
    assert len(names(folder)) == 3


def test_readers_never_see_half_a_page(calls: SeededCalls, dashboards: Dashboards, folder: Path) -> None:
    calls.a_day(40)
    latest = dashboards.refresh_latest(hours=24, now=NOW)
    stop, torn = threading.Event(), []

    def look() -> None:
        while not stop.is_set():
            if not latest.read_bytes().endswith(b"</html>"):
                torn.append(1)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for n in range(15):
            dashboards.refresh_latest(hours=24, now=NOW + n)
    finally:
        stop.set()
        reader.join()
    assert not torn
    assert names(folder) == ["dashboard_latest.html"]


def test_pages_written_at_once_all_arrive(calls: SeededCalls, dashboards: Dashboards, folder: Path) -> None:
    calls.add()
    paths: list[Path] = []
    threads = [
        threading.Thread(target=lambda h=hours: paths.append(dashboards.write(hours=h, now=NOW)))  # type: ignore[misc]
        for hours in (1, 2, 3, 4, 5, 6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(paths)) == 6
    assert len({path.read_bytes() for path in paths}) == 6


@pytest.fixture
def failing_write(monkeypatch: pytest.MonkeyPatch) -> Any:
    def failing(number: int) -> None:
        real = os.open

        def opened(path: Any, flags: int, *more: Any, **named: Any) -> int:
            if str(path).endswith(".tmp"):
                raise OSError(number, os.strerror(number), str(path))
            return real(path, flags, *more, **named)

        monkeypatch.setattr(os, "open", opened)

    return failing


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (errno.ENOSPC, StoreFull, "Free some space"),
        (errno.EACCES, StoreReadOnly, "ORCHESTRATOR_HOME"),
        (errno.EROFS, StoreReadOnly, "ORCHESTRATOR_HOME"),
    ],
)
def test_a_folder_that_takes_nothing_is_a_clear_error(
    dashboards: Dashboards, folder: Path, failing_write: Any, number: int, kind: type[StoreError], said: str
) -> None:
    kept = dashboards.refresh_latest(hours=24, now=NOW).read_bytes()
    failing_write(number)
    with pytest.raises(kind, match=said) as caught:
        dashboards.write(hours=24, now=NOW)
    assert str(folder) in str(caught.value)
    assert names(folder) == ["dashboard_latest.html"]
    assert (folder / "dashboard_latest.html").read_bytes() == kept


def test_a_failed_replacement_leaves_nothing_behind(
    dashboards: Dashboards, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StoreReadOnly):
        dashboards.refresh_latest(hours=24, now=NOW)
    assert names(folder) == []


def test_what_a_killed_process_left_is_swept(dashboards: Dashboards, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    old, fresh, other = (folder / name for name in (".dashboard-0.tmp", ".dashboard-1.tmp", "notes.tmp"))
    for path in (old, fresh, other):
        path.write_text("half")
    for path in (old, other):
        os.utime(path, (1, 1))
    dashboards.refresh_latest(hours=24, now=NOW)
    assert names(folder) == [".dashboard-1.tmp", "dashboard_latest.html", "notes.tmp"]


def test_a_file_in_the_folders_place_is_a_clear_error(dashboards: Dashboards, folder: Path) -> None:
    folder.write_text("in the way")
    with pytest.raises(StoreError, match="is not a folder"):
        dashboards.write(hours=24, now=NOW)
    assert folder.read_text() == "in the way"


def test_a_store_that_cannot_be_read_is_named(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "orchestrator.db"
    path.write_bytes(b"not a database at all, whatever its name says" * 50)
    broken = build_dashboards(Database(path), folder, DashboardSettings(), version="0.1.0")
    with pytest.raises(StoreDamaged):
        broken.write(hours=24, now=NOW)
    assert not folder.exists()


def test_importing_the_room_loads_no_template_engine() -> None:
    import subprocess
    import sys

    code = "import sys, orchestrator_dashboards.writer; print('jinja2' in sys.modules, 'sqlite_utils' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
