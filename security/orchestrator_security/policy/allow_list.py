"""Findings that a person has looked at and lets pass, each with a reason and until a day."""

from __future__ import annotations

from datetime import date, datetime, timezone
from fnmatch import fnmatchcase

from msgspec import Struct

UTC = timezone.utc  # noqa: UP017 - the name must not hide behind an alias of a newer Python


class AllowEntry(Struct, frozen=True):
    """One exception: this value, found by this rule, is let pass up to and including the day ``expires`` (UTC)."""

    rule: str
    """The rule id, with ``*`` and ``?`` as in file names."""
    value_hash: str
    """The ``value_hash`` of the finding: keyed with the store's own key, so that it says nothing elsewhere."""
    reason: str
    expires: date
    agent: str = "*"

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return today > self.expires


class AllowList:
    """The entries of a policy. An expired entry allows nothing."""

    def __init__(self, entries: tuple[AllowEntry, ...] = ()) -> None:
        self.entries = entries
        self._by_hash: dict[str, list[AllowEntry]] = {}
        for entry in entries:
            self._by_hash.setdefault(entry.value_hash, []).append(entry)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def entry(self, rule_id: str, value_hash: str, agent: str, now: float) -> AllowEntry | None:
        """The entry that speaks of this value, a live one before an expired one; None where there is none. ``now`` is epoch seconds."""
        today = day_of(now)
        speaking = [
            entry
            for entry in self._by_hash.get(value_hash, ())
            if fnmatchcase(rule_id, entry.rule) and fnmatchcase(agent, entry.agent)
        ]
        return min(speaking, key=lambda entry: entry.expired(today), default=None)

    def expired(self, now: float) -> tuple[AllowEntry, ...]:
        """The entries whose last day is over."""
        today = day_of(now)
        return tuple(entry for entry in self.entries if entry.expired(today))


def day_of(now: float) -> date:
    """The day of an epoch time, UTC."""
    return datetime.fromtimestamp(now, UTC).date()
