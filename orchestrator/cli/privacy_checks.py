"""What keeps data on this machine and to its owner: the offline guard, and the rights of the store's files."""

from __future__ import annotations

from pathlib import Path

from orchestrator.cli.checks import Check
from orchestrator_core.errors import SettingsError
from orchestrator_core.settings import Settings
from orchestrator_core.storage.permissions import look

_WHERE = {True: "calls and Magnus's own threads reach", "process": "the whole process reaches"}


def offline_check(settings: Settings) -> Check:
    """What the offline guard would refuse, and which hosts it lets through."""
    from orchestrator.wiring import named_servers
    from orchestrator_security.network.confinement import allowed_hosts

    try:
        hosts = allowed_hosts(settings.security.network_allow, urls=named_servers(settings))
    except SettingsError as error:
        return Check(
            group="Settings", name="offline", status="fail", detail=str(error),
            fix="orchestrate config show security.network_allow says where it is set",
        )  # fmt: skip
    if not settings.offline:
        return Check(group="Settings", name="offline", status="ok", detail="off: agents may reach any host")
    where = _WHERE[settings.offline]
    besides = f" and {', '.join(sorted(host.shown for host in hosts))}" if hosts else " only"
    return Check(group="Settings", name="offline", status="ok", detail=f"{where} this machine{besides}")


def privacy_checks(database: Path) -> list[Check]:
    """Whether others may read what is in the store's folder, or put something into its place."""
    home = database.parent
    found = look(home, database.name)
    checks = []
    if found.links:
        checks.append(
            Check(
                group="Store", name="links", status="fail", detail=f"{', '.join(found.links)}: a symbolic link, which is refused",
                fix="remove it and move what it leads to in its place, or set ORCHESTRATOR_HOME to the real folder",
            )
        )  # fmt: skip
    # The database itself is the store check's.
    shared = [path for path in found.open_to_others if path != str(database)]
    if shared:
        more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
        checks.append(
            Check(
                group="Store", name="folder", status="warn", detail=f"other users of this machine may use {shared[0]}{more}",
                fix=f"chmod -R go= {home}; the next call does it for what Magnus made",
            )
        )  # fmt: skip
    if found.exposed_parent:
        checks.append(
            Check(
                group="Store", name="folder above", status="warn",
                detail=f"other users may write in {found.exposed_parent}, and so put another folder in the store's place",
                fix=f"chmod go-w {found.exposed_parent}, or set ORCHESTRATOR_HOME to a folder elsewhere",
            )
        )  # fmt: skip
    return checks
