"""``orchestrate security allow``: an exception for a value that a person has looked at."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from orchestrator.cli.command import command as common_command
from orchestrator.cli.command import pass_invocation
from orchestrator.cli.invocation import Invocation
from orchestrator_core.errors import UsageError
from orchestrator_core.plain_text import storable
from orchestrator_core.records import hides

if TYPE_CHECKING:
    from orchestrator.runtime import Orchestrator

_HASH = re.compile(r"[0-9a-f]{16}")
_FINDING = re.compile(r"([0-9a-f]{4,64})(?::([0-9]{1,6}))?")
_PATTERN = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,200}")
_DAYS = re.compile(r"([0-9]{1,5})\s*([dw])")
_REASON_CHARS = 500
_NO_FILE = (
    "no policy file is set, and a preset takes no exceptions. Name one, which need not exist yet, in orchestrator.toml: "
    '[security] policy_file = "security-policy.toml"'
)


@common_command("allow")
@click.argument("finding", metavar="HASH_OR_FINDING")
@click.option("--reason", required=True, metavar="TEXT", help="Why it may pass; stands in the file.")
@click.option(
    "--expires",
    required=True,
    metavar="DAY",
    help="The last day on which it holds: 2027-01-31, or 90d, 12w from today.",
)
@click.option(
    "--rule", metavar="RULE", help="The rule that it may pass, with * and ?; by default the one that found it."
)
@click.option("--agent", default="*", show_default=True, metavar="NAME", help="Only for this agent, with * and ?.")
@pass_invocation
def command(invocation: Invocation, finding: str, reason: str, expires: str, rule: str | None, agent: str) -> None:
    """Let one value pass: add an exception to the policy file, at its end, so that comments and order stay.

    HASH_OR_FINDING is the 16 digits of a value_hash, as security check and policy --explain show it and security hash prints it, or a
    finding of a call, CALL:N, as history show counts them. Never the value itself. Processes that run already keep their policy.
    """
    from orchestrator_security.plugins.installed import installed_scanners
    from orchestrator_security.policy.adding import add_exception
    from orchestrator_security.policy.allow_list import AllowEntry

    settings = invocation.loaded.settings.security
    until = _day(expires)
    if not settings.policy_file:
        raise UsageError(_NO_FILE)
    for option, text in (("--rule", rule), ("--agent", agent)):
        if text is not None and not _PATTERN.fullmatch(text):
            raise UsageError(f"{option} must be 1 to 200 characters on one line")
    path = Path(settings.policy_file)
    with _store(invocation, path) as orchestrator:
        value_hash, found_by = _value(orchestrator, finding.strip().lower())
        reason = _reason(reason)
        for option, text in (("--reason", reason), ("--rule", rule or ""), ("--agent", agent)):
            if hides(orchestrator.open().guard.redact, text):
                raise UsageError(
                    f"{option} holds a secret or personal data, and it stands in the file; say it in other words"
                )
    entry = AllowEntry(_rule(rule, found_by, value_hash), value_hash, reason, until, agent)
    categories = [category for plugin in installed_scanners(settings.scanners) for category in plugin.categories]
    written = add_exception(path, entry, settings.preset, categories=categories, now=time.time())
    invocation.output.show(
        {"path": str(written), "allow": msgspec.to_builtins(entry)},
        lambda screen: screen.line(
            f"{written}: {entry.value_hash} may pass {entry.rule} up to and including {entry.expires}."
        ),
    )


@contextmanager
def _store(invocation: Invocation, path: Path) -> Iterator[Orchestrator]:
    """The store; a policy file that does not exist yet is no reason not to open it."""
    from orchestrator.runtime import Orchestrator

    settings = invocation.loaded.settings
    if not path.exists():
        security = msgspec.structs.replace(settings.security, policy_file="")
        settings = msgspec.structs.replace(settings, security=security)
    orchestrator = Orchestrator(settings, home=invocation.home)
    try:
        orchestrator.open()
        yield orchestrator
    finally:
        orchestrator.close()


def _value(orchestrator: Orchestrator, text: str) -> tuple[str, tuple[str, ...]]:
    """The hash of the value that is meant, and the rules that have found it."""
    if _HASH.fullmatch(text):
        rows = orchestrator.database.query(
            "SELECT DISTINCT rule_id FROM findings WHERE value_hash = ? ORDER BY rule_id", (text,)
        )
        return text, tuple(row[0] for row in rows)
    match = _FINDING.fullmatch(text)
    if match is None:  # it may be the value itself, so it is not repeated
        raise UsageError(
            "that is neither a value_hash (16 digits 0-9 and a-f) nor a finding (CALL:N). Pipe the value into orchestrate security hash "
            "to get its value_hash; never name the value itself."
        )
    from orchestrator.observability.history import History

    call = History(orchestrator.database).get(match[1])
    hashed = [(n, finding) for n, finding in enumerate(call.findings, 1) if finding.value_hash]
    if match[2]:
        hashed = [(n, finding) for n, finding in hashed if n == int(match[2])]
    values = {finding.value_hash for _, finding in hashed}
    if len(values) != 1:
        of_those = (
            f"of {len(values)} different values; say which, as in {match[1]}:{hashed[0][0]}" if values else "of a value"
        )
        raise UsageError(
            f"call {call.id} has {'findings' if values else 'no such finding'} {of_those}. See: orchestrate history show {match[1]}"
        )
    return values.pop(), tuple(sorted({finding.rule_id for _, finding in hashed}))


def _rule(named: str | None, found_by: tuple[str, ...], value_hash: str) -> str:
    if named is not None:
        return named
    if len(found_by) == 1:
        return found_by[0]
    if found_by:
        raise UsageError(
            f"several rules have found {value_hash}: {', '.join(found_by)}. Choose with --rule; '*' is all."
        )
    raise UsageError(
        f"no call in this store has a finding with the value_hash {value_hash}. Name the rule that it may pass, such as --rule pii.email"
    )


def _reason(text: str) -> str:
    reason = " ".join(storable(text).split())
    if not reason:
        raise UsageError("--reason is empty: say why the value may pass, so that others can judge it later")
    if len(reason) > _REASON_CHARS:
        raise UsageError(f"--reason has {len(reason)} characters; {_REASON_CHARS} are enough")
    return reason


def _day(text: str) -> date:
    from orchestrator_security.policy.allow_list import day_of

    try:
        if match := _DAYS.fullmatch(text.strip().lower()):
            return day_of(time.time()) + timedelta(days=int(match[1]) * (7 if match[2] == "w" else 1))
        return date.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(f"--expires {text!r:.60} is no day: write 2027-01-31, or 90d or 12w from today") from None
