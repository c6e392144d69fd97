"""Policies as TOML: the presets that come with Magnus, and a user's own file whose lines come first.

name = "payments"                    # optional; shown in the log of decisions
restore_in_reply = false             # optional; see Policy

[[rule]]                             # read from the top, the first that fits decides
category = ["pii", "secret"]         # one, several, or "*"
direction = "out"                    # in, out, memory, tool, file
sink = "model"                       # model, sql, html, shell, path, template
trust = "untrusted"                  # user, untrusted
severity = "high"                    # this and graver: info, low, medium, high, critical
rule = "pii.*"                       # rule ids, with * and ?
agent = "billing-*"
action = "block"                     # allow, flag, redact, block

[[allow]]
rule = "secret.github-token"
value_hash = "0123456789abcdef"
reason = "revoked in the test data"
expires = 2027-01-31
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from string import hexdigits
from typing import Any, get_args

from msgspec import Struct, structs

from orchestrator_core.errors import SettingsError
from orchestrator_security.contract import Direction, Sink, Trust
from orchestrator_security.policy.allow_list import AllowEntry, AllowList
from orchestrator_security.policy.categories import CATEGORIES
from orchestrator_security.policy.table import ACTIONS, SEVERITIES, Policy, PolicyRule

PRESETS = Path(__file__).with_name("presets")
FILE_MAX_BYTES = 1_048_576
_HASH_DIGITS = 16

_TOP = ("name", "restore_in_reply", "wait_for_deep_scan", "rule", "allow")
_WORDS: dict[str, tuple[str, ...]] = {
    "direction": get_args(Direction), "sink": get_args(Sink), "trust": get_args(Trust), "severity": SEVERITIES, "action": ACTIONS,
}  # fmt: skip


class PolicySource(Struct, frozen=True):
    """A policy as it was read: the whole table with the preset's lines below, and the allow list."""

    policy: Policy
    allow: AllowList
    path: str = ""
    """The user's file; empty for a preset alone."""
    preset_lines: int = 0
    """How many of the table's lines, at its end, are the preset's."""
    settings_lines: int = 0
    """How many, at its beginning, come from the settings."""

    def origin(self, n: int) -> str:
        """Where the table's line of index ``n`` stands: ``settings``, ``file`` or ``preset``."""
        if n < self.settings_lines:
            return "settings"
        return "preset" if n >= len(self.policy.rules) - self.preset_lines else "file"


def read_policy(preset: str, path: str = "", *, categories: Iterable[str] = ()) -> PolicySource:
    """The policy of a preset, below the lines of a user's file where ``path`` names one.

    ``categories`` are those of scanners of other packages, which lines may speak of too.

    Raises:
        SettingsError: the file cannot be read, is no TOML, or holds an unknown key, category, word or a wrong type.
    """
    base, _ = _policy(_loaded(PRESETS / f"{preset}.toml"), f"preset {preset}", frozenset(CATEGORIES), None)
    if not path:
        return PolicySource(base, AllowList(), preset_lines=len(base.rules))
    own, allow = _policy(_loaded(Path(path)), path, frozenset(CATEGORIES) | frozenset(categories), base)
    return PolicySource(structs.replace(own, rules=base.before(own.rules)), AllowList(allow), path, len(base.rules))


def _loaded(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        with path.open("rb") as file:  # no more than that is read of a device without end
            data = file.read(FILE_MAX_BYTES + 1)
        if len(data) > FILE_MAX_BYTES:
            raise SettingsError(
                f"{path}: a policy of more than {FILE_MAX_BYTES:,} bytes is none; is this the right file?"
            )
        return tomllib.loads(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except OSError as error:
        raise SettingsError(
            f"the policy {path} cannot be read: {error.strerror}. Check security.policy_file, or empty it to use the preset alone."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is no TOML: {error}") from error


def _policy(
    table: dict[str, Any], where: str, categories: frozenset[str], base: Policy | None
) -> tuple[Policy, tuple[AllowEntry, ...]]:
    _known_keys(table, _TOP, where)
    base = base or Policy((), name=where.removeprefix("preset "))
    name = _typed(table, "name", str, where, base.name)
    rules = [
        rule
        for number, entry in enumerate(_tables(table, "rule", where), 1)
        for rule in _rules(entry, f"{where}: rule {number}", categories)
    ]
    allow = [
        _entry(entry, f"{where}: allow {number}") for number, entry in enumerate(_tables(table, "allow", where), 1)
    ]
    policy = Policy(
        tuple(rules),
        name or base.name,
        _typed(table, "restore_in_reply", bool, where, base.restore_in_reply),
        _typed(table, "wait_for_deep_scan", bool, where, base.wait_for_deep_scan),
    )
    return policy, tuple(allow)


def _rules(entry: dict[str, Any], where: str, categories: frozenset[str]) -> list[PolicyRule]:
    _known_keys(entry, ("category", "rule", "agent", *_WORDS), where)
    named = entry.get("category")
    wanted = [named] if isinstance(named, str) else named
    if not isinstance(wanted, list) or not wanted or not all(isinstance(name, str) for name in wanted):
        raise SettingsError(f'{where}: category must be a name, a list of names or "*"')
    for name in wanted:
        if name != "*":
            _one_of(name, sorted(categories), "category", where)
    if "action" not in entry:
        raise SettingsError(f"{where}: action is missing; it is one of {', '.join(ACTIONS)}")
    words = {key: _word(entry[key], key, where) for key in _WORDS if key in entry}
    severity = words.pop("severity", "info")
    return [
        PolicyRule(
            name,
            min_severity=severity,  # type: ignore[arg-type]
            rule=_typed(entry, "rule", str, where, "*"),
            agent=_typed(entry, "agent", str, where, "*"),
            **words,  # type: ignore[arg-type]
        )
        for name in wanted
    ]


def _entry(entry: dict[str, Any], where: str) -> AllowEntry:
    _known_keys(entry, AllowEntry.__struct_fields__, where)
    missing = [key for key in ("rule", "value_hash", "reason", "expires") if not entry.get(key)]
    if missing:
        raise SettingsError(
            f"{where}: {' and '.join(missing)} missing. An exception names the rule, the finding's value_hash, why it is safe and "
            "the day until which it holds, such as expires = 2027-01-31."
        )
    expires = entry["expires"]
    day = expires.date() if hasattr(expires, "date") else expires
    if not isinstance(day, date):
        raise SettingsError(f"{where}: expires must be a day without quotes, such as 2027-01-31")
    value_hash = _typed(entry, "value_hash", str, where, "").lower()
    if len(value_hash) != _HASH_DIGITS or not set(value_hash) <= set(
        hexdigits
    ):  # it may be the value itself, so it is not repeated
        raise SettingsError(
            f"{where}: value_hash must be the {_HASH_DIGITS} digits 0-9 and a-f that a finding shows, or that orchestrate security hash "
            "prints for the value; never the value itself."
        )
    return AllowEntry(
        _typed(entry, "rule", str, where, ""),
        value_hash,
        _typed(entry, "reason", str, where, ""),
        day,
        _typed(entry, "agent", str, where, "*"),
    )


def _tables(table: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    entries = table.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsError(f"{where}: write [[{key}]] with two brackets on each side, once for each entry")
    return entries


def _typed(table: dict[str, Any], key: str, kind: type[Any], where: str, otherwise: Any) -> Any:
    value = table.get(key, otherwise)
    if not isinstance(value, kind):
        raise SettingsError(f"{where}: {key} must be a {kind.__name__}, not {type(value).__name__}")
    return value


def _word(value: object, key: str, where: str) -> str:
    if value == "*" and key not in ("action", "severity"):
        return "*"
    if not isinstance(value, str):
        raise SettingsError(f"{where}: {key} must be one of {', '.join(_WORDS[key])}")
    return _one_of(value, _WORDS[key], key, where)


def _one_of(value: str, known: Iterable[str], what: str, where: str) -> str:
    known = tuple(known)
    if value in known:
        return value
    theirs = ""
    if what == "category":
        theirs = " One of another package's scanner is known only where that package is installed, loads and is named by security.scanners."
    import difflib  # for messages about mistakes alone

    near = difflib.get_close_matches(value, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
    raise SettingsError(f"{where}: {value!r} is no {what}. {hint}{theirs}")


def _known_keys(table: dict[str, Any], known: Iterable[str], where: str) -> None:
    for key in table:
        if key not in tuple(known):
            _one_of(key, known, "key of this table", where)
