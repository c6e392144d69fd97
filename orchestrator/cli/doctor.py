"""``orchestrate doctor``: what is well, what is not, and what would mend it."""

from __future__ import annotations

import platform
import sqlite3
import sys
from pathlib import Path

import click
import msgspec

from orchestrator.cli.checks import Check, show_checks
from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator.cli.progress import Steps
from orchestrator.cli.screen import Screen, counted
from orchestrator_core.errors import SettingsError
from orchestrator_core.settings import Settings
from orchestrator_core.storage.health import StoreHealth, check_store
from orchestrator_core.storage.recovery import Recovery, repair_store

MINIMUM_PYTHON = (3, 11)
_LITTLE_DISK_BYTES = 200 * 1024 * 1024


@common_command("doctor")
@click.option("--repair", is_flag=True, help="Recover what can be read of a damaged store; the damaged file is kept.")
@click.option("--deep", is_flag=True, help="Also import every package, each in a process of its own; takes a while.")
@pass_invocation
def command(invocation: Invocation, repair: bool, deep: bool) -> int:
    """Check Python, packages, the store, agents and the models; exit 1 when something essential is broken."""
    from orchestrator.cli.agent_checks import agent_checks
    from orchestrator.cli.deep_scan_checks import deep_scan_check
    from orchestrator.cli.embedding_checks import embedding_check
    from orchestrator.cli.model_checks import ner_check, ollama_checks
    from orchestrator.cli.package_checks import package_checks
    from orchestrator.cli.privacy_checks import offline_check, privacy_checks
    from orchestrator.cli.security_checks import security_checks

    settings, path, checks = _settings(invocation)
    checks = [*machine_checks(), *checks, offline_check(settings)]
    recovery = None
    with Steps(invocation.output, "Looking") as steps:
        steps.now("the store")
        health = check_store(path)
        if repair and health.state not in ("ok", "absent"):
            recovery = repair_store(path, progress=lambda table: steps.now(f"recovering {table}"))
            health = check_store(path)
        checks += [*store_checks(health), *privacy_checks(path)]
        steps.now("agents")
        checks += agent_checks(settings, invocation.failed_modules(settings))
        steps.now("security")
        checks += [*security_checks(settings), deep_scan_check(settings)]
        steps.now("packages")
        checks += package_checks(deep=deep, progress=lambda name: steps.now(f"package {name}"))
        steps.now("models")
        checks += [embedding_check(settings), ner_check(), *ollama_checks(settings)]
    broken = any(check.status == "fail" for check in checks)

    def render(screen: Screen) -> None:
        show_checks(screen, checks)
        if repair:
            screen.line()
            _show_recovery(screen, recovery)
        screen.line()
        screen.line(_conclusion(checks), "fail" if broken else "ok")

    data = {"ok": not broken, "checks": checks, "store": health, "repair": _recovery_facts(recovery)}
    invocation.output.show(data, render)
    return int(broken)


def _settings(invocation: Invocation) -> tuple[Settings, Path, list[Check]]:
    """The settings, or the defaults with a failed check: a wrong settings file must not keep the doctor from looking."""
    from orchestrator_core.storage.home import DATABASE, find_home

    try:
        loaded = invocation.loaded
    except SettingsError as error:
        home = Path(invocation.home_option).expanduser().absolute() if invocation.home_option else find_home(Path.cwd())
        fix = "correct it; orchestrate config show lists what there is"
        failed = Check(group="Settings", name="settings", status="fail", detail=str(error), fix=fix)
        return Settings(), home / DATABASE, [failed]
    detail = str(loaded.file) if loaded.file else "no file; defaults, environment and arguments"
    return (
        loaded.settings,
        invocation.database_path,
        [Check(group="Settings", name="settings", status="ok", detail=detail)],
    )


def machine_checks() -> list[Check]:
    """Python, the system and SQLite."""
    version = platform.python_version()
    old = sys.version_info < MINIMUM_PYTHON
    checks = [
        Check(
            group="Machine", name="Python", status="fail" if old else "ok", detail=f"{version} in {sys.prefix}",
            fix=f"use Python {'.'.join(map(str, MINIMUM_PYTHON))} or newer" if old else "",
        ),
        Check(group="Machine", name="system", status="ok", detail=platform.platform()),
    ]  # fmt: skip
    missing = _missing_in_sqlite()
    checks.append(
        Check(
            group="Machine", name="SQLite", status="fail" if missing else "ok",
            detail=f"{sqlite3.sqlite_version}{' lacks ' + missing if missing else ''}",
            fix="use a Python whose sqlite3 module has it; the builds of python.org do" if missing else "",
        )
    )  # fmt: skip
    return checks


def _missing_in_sqlite() -> str:
    with_fts = sqlite3.connect(":memory:")
    try:
        with_fts.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='porter unicode61')")
    except sqlite3.OperationalError as error:
        return f"full-text search ({error})"
    finally:
        with_fts.close()
    return ""


def store_checks(health: StoreHealth) -> list[Check]:
    """The store's state in checks."""
    if health.state == "absent":
        checks = [
            Check(
                group="Store",
                name="database",
                status="ok",
                detail=f"none yet at {health.path}; the first call makes it",
            )
        ]
    elif health.state == "ok":
        rows = ", ".join(f"{n} {name}" for name, n in health.rows.items() if n)
        detail = f"{health.path}, {_size(health.size_bytes)}, schema {health.schema_version}, integrity ok, {rows or 'no rows'}"
        checks = [Check(group="Store", name="database", status="ok", detail=health.detail or detail)]
    else:
        fixes = {
            "damaged": "orchestrate doctor --repair",
            "too-new": "upgrade Magnus, or use another folder: ORCHESTRATOR_HOME",
            "unreadable": "make it readable, or use another folder: ORCHESTRATOR_HOME",
            "busy": "wait for the process that holds it, or end that one",
        }
        detail = f"{health.path} is {health.state.replace('-', ' ')}: {health.detail}"
        checks = [Check(group="Store", name="database", status="fail", detail=detail, fix=fixes[health.state])]
    if not health.writable:
        checks.append(
            Check(
                group="Store", name="writable", status="fail", detail=f"{health.path} cannot be written",
                fix="change its permissions, or use another folder: ORCHESTRATOR_HOME",
            )
        )  # fmt: skip
    if not health.private:
        checks.append(
            Check(
                group="Store", name="privacy", status="warn", detail="other users of this machine may read the database",
                fix=f"chmod 600 {health.path}; the next call does it too",
            )
        )  # fmt: skip
    if health.free_disk_bytes is not None and health.free_disk_bytes < _LITTLE_DISK_BYTES:
        checks.append(
            Check(
                group="Store", name="disk", status="warn", detail=f"only {_size(health.free_disk_bytes)} free",
                fix="make room, then run: orchestrate maintain",
            )
        )  # fmt: skip
    return checks


def _show_recovery(screen: Screen, recovery: Recovery | None) -> None:
    screen.heading("Repair")
    if recovery is None:
        screen.line("  There was nothing to repair.")
        return
    screen.line(f"  {recovery.rows} rows recovered. The damaged file is kept as {recovery.kept}")
    rows = [
        (n, t.recovered, t.rejected, t.gaps, "" if t.complete else "more may be lost")
        for n, t in recovery.tables.items()
    ]
    screen.table(("table", "recovered", "no true rows", "gaps", ""), [row for row in rows if any(row[1:])])
    screen.line("  A gap is a row number without a row: lost, or deleted long before.")
    if recovery.left_out:
        screen.line(f"  Tables that are none of Magnus's stayed in the kept file: {', '.join(recovery.left_out)}")


def _recovery_facts(recovery: Recovery | None) -> dict[str, object] | None:
    if recovery is None:
        return None
    return {**msgspec.structs.asdict(recovery), "rows": recovery.rows, "complete": recovery.complete}


def _conclusion(checks: list[Check]) -> str:
    failed = [check.name for check in checks if check.status == "fail"]
    warned = sum(check.status == "warn" for check in checks)
    if failed:
        return f"Broken: {', '.join(failed)}."
    return "All is well." if not warned else f"Magnus works; {counted(warned, 'optional thing')} missing."


def _size(size_bytes: int) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size_bytes < 1024 or unit == "GiB":
            return f"{size_bytes:.0f} {unit}" if unit == "bytes" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1024  # type: ignore[assignment]
    raise AssertionError("unreachable")
