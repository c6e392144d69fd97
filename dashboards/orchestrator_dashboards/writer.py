"""Pages as files: read the store, render, replace atomically."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from datetime import tzinfo
from pathlib import Path

from orchestrator_core.errors import StoreError, StoreFull, StoreReadOnly
from orchestrator_core.settings import DashboardSettings
from orchestrator_core.storage.database import Database
from orchestrator_dashboards import quantities
from orchestrator_dashboards.contract import Dashboards
from orchestrator_dashboards.pages import page
from orchestrator_dashboards.queries import read
from orchestrator_dashboards.render import render

LATEST = "dashboard_latest.html"
_TEMPORARY = ".dashboard-"
_ABANDONED_AFTER_S = 3_600


class FileDashboards:
    """Writes pages into a folder that only its owner can read. ``zone`` is that of local time, else the machine's."""

    def __init__(
        self, database: Database, folder: Path, settings: DashboardSettings, *, version: str, zone: tzinfo | None = None
    ) -> None:
        self._database = database
        self._folder = folder
        self._settings = settings
        self._version = version
        self._zone = zone

    def write(self, *, hours: float, now: float) -> Path:
        """Write a dated page and the latest one; see ``contract.Dashboards``.

        A second page in the same second gets a number behind its name, unless it would be the same file again.

        Raises:
            UsageError: ``hours`` or ``now`` is no usable number.
            StoreError: the store cannot be read, or the folder cannot be written.
        """
        content = self._content(hours=hours, now=now)
        name = quantities.local(now, self._zone).strftime("dashboard_%Y%m%d_%H%M%S")
        dated = self._keep(name, content)
        self._replace(LATEST, content)
        return dated

    def refresh_latest(self, *, hours: float, now: float) -> Path:
        """Write only the latest page; raises as ``write`` does."""
        return self._replace(LATEST, self._content(hours=hours, now=now))

    def _content(self, *, hours: float, now: float) -> bytes:
        snapshot = read(self._database, hours=hours, now=now, zone=self._zone)
        return render(
            page(snapshot, hours=hours, now=now, zone=self._zone, version=self._version, settings=self._settings)
        )

    def _keep(self, name: str, content: bytes) -> Path:
        temporary = self._temporary(content)
        try:
            number = 1
            while True:
                target = self._folder / (f"{name}.html" if number == 1 else f"{name}_{number}.html")
                if _claim(temporary, target) or _same(target, content):
                    return target
                number += 1
        except OSError as error:
            raise self._mapped(error) from error
        finally:
            with suppress(OSError):
                temporary.unlink()

    def _replace(self, name: str, content: bytes) -> Path:
        temporary = self._temporary(content)
        target = self._folder / name
        try:
            os.replace(temporary, target)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink()
            raise self._mapped(error) from error
        return target

    def _temporary(self, content: bytes) -> Path:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.name == "posix" and self._folder.stat().st_mode & 0o077:
                self._folder.chmod(0o700)
            # Beside its target, since a replacement is only atomic within one file system.
            path = self._folder / f"{_TEMPORARY}{secrets.token_hex(8)}.tmp"
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except OSError as error:
            raise self._mapped(error) from error
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            self._sweep(path)
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            raise self._mapped(error) from error
        return path

    def _sweep(self, newest: Path) -> None:
        """Remove what killed processes left half-written."""
        now = newest.stat().st_mtime
        for path in self._folder.glob(f"{_TEMPORARY}*.tmp"):
            with suppress(OSError):  # another process may sweep as well
                if now - path.stat().st_mtime > _ABANDONED_AFTER_S:
                    path.unlink()

    def _mapped(self, error: OSError) -> StoreError:
        reason = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            return StoreFull(f"cannot write a dashboard in {self._folder}: {reason}. Free some space, then try again.")
        if error.errno in (errno.EEXIST, errno.ENOTDIR):
            return StoreError(f"{self._folder} is not a folder. Move what stands in its place away, then try again.")
        return StoreReadOnly(
            f"cannot write a dashboard in {self._folder}: {reason}. "
            "Make the folder writable, or set ORCHESTRATOR_HOME to another one."
        )


def _claim(temporary: Path, target: Path) -> bool:
    """Give the finished file its name if no other file has it; False when one has."""
    try:
        if os.name == "nt":
            os.rename(temporary, target)  # refuses an existing name there
        else:
            os.link(temporary, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        # A file system without hard links: claim the name first, then fill it.
        try:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        os.replace(temporary, target)
    return True


def _same(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def build_dashboards(
    database: Database, folder: Path, settings: DashboardSettings, *, version: str, zone: tzinfo | None = None
) -> Dashboards:
    """The dashboards of a store, written into ``folder``. ``zone`` fixes the local time, by default the machine's."""
    return FileDashboards(database, folder, settings, version=version, zone=zone)
