"""Numbers, durations, money and times as a person reads them, in English whatever the machine's locale."""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo

_NBSP = "\u00a0"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def count(n: float) -> str:
    """A whole number with thousands separators: ``12,345``."""
    return f"{round(n):,}"


def plural(n: int, noun: str, nouns: str = "") -> str:
    """``1 call``, ``2 calls``; ``nouns`` for irregular plurals."""
    return f"{count(n)}{_NBSP}{noun if n == 1 else nouns or noun + 's'}"


def percent(share: float) -> str:
    """A share of 1 as per cent. Only all is ``100%`` and only nothing is ``0%``: rounding never hides a failure."""
    if share in (0, 1):
        return f"{share * 100:.0f}%"
    return f"{min(99.9, max(0.1, share * 100)):.1f}%"


def duration(ms: float) -> str:
    """Milliseconds in the unit that fits: ``0.42 ms``, ``420 ms``, ``2.13 s``, ``2 min 05 s``, ``1 h 05 min``."""
    if ms < 0.995:
        return f"{ms:.2f}{_NBSP}ms"
    if ms < 9.95:
        return f"{ms:.1f}{_NBSP}ms"
    if ms < 999.5:
        return f"{ms:.0f}{_NBSP}ms"
    if ms < 9_995:
        return f"{ms / 1e3:.2f}{_NBSP}s"
    if ms < 59_950:
        return f"{ms / 1e3:.1f}{_NBSP}s"
    seconds = round(ms / 1e3)
    if seconds < 3_600:
        return f"{seconds // 60}{_NBSP}min {seconds % 60:02d}{_NBSP}s"
    minutes = round(seconds / 60)
    return f"{count(minutes // 60)}{_NBSP}h {minutes % 60:02d}{_NBSP}min"


def money(microusd: int) -> str:
    """Micro-USD as dollars, with more digits the smaller it is."""
    dollars = microusd / 1e6
    digits = 2 if microusd == 0 or abs(dollars) >= 1 else 4 if abs(dollars) >= 0.001 else 6
    return f"${dollars:,.{digits}f}"


def score(value: float) -> str:
    """A judge's score on the scale 1 to 10."""
    return f"{value:.1f}"


def span(hours: float) -> str:
    """The length of a window in words: ``24 hours``, ``7 days``, ``30 minutes``."""
    minutes = round(hours * 60)
    if minutes < 60:
        return plural(max(1, minutes), "minute")
    if minutes % 60:
        return f"{hours:.1f}{_NBSP}hours"
    whole = minutes // 60
    return plural(whole // 24, "day") if whole % 24 == 0 and whole > 24 else plural(whole, "hour")


def local(epoch_s: float, zone: tzinfo | None) -> datetime:
    """A moment in a zone; without one in the machine's own. Moments outside the calendar are moved to its edge."""
    if not math.isfinite(epoch_s):
        epoch_s = 0.0
    at = datetime.fromtimestamp(min(max(epoch_s, 0.0), 253_370_764_800.0), UTC)  # the year 9999 less a day for zones
    return at.astimezone(zone)


def clock(epoch_s: float, zone: tzinfo | None, *, seconds: bool = False) -> str:
    """``14:05`` or ``14:05:09``."""
    return local(epoch_s, zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(epoch_s: float, zone: tzinfo | None) -> str:
    """``14 Jan``."""
    at = local(epoch_s, zone)
    return f"{at.day}{_NBSP}{_MONTHS[at.month - 1]}"


def weekday_clock(epoch_s: float, zone: tzinfo | None) -> str:
    """``Tue 14:05``."""
    return f"{_DAYS[local(epoch_s, zone).weekday()]}{_NBSP}{clock(epoch_s, zone)}"


def moment(epoch_s: float, zone: tzinfo | None, *, seconds: bool = False) -> str:
    """``Tue 14 Jan 2025, 14:05``."""
    at = local(epoch_s, zone)
    return f"{_DAYS[at.weekday()]} {day(epoch_s, zone)} {at.year}, {clock(epoch_s, zone, seconds=seconds)}"


def utc(epoch_s: float) -> str:
    """The unambiguous form for titles: ``2025-01-14 13:05:09 UTC``."""
    return local(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def zone_name(epoch_s: float, zone: tzinfo | None) -> str:
    """The zone's short name and offset: ``CET (UTC+01:00)``."""
    at = local(epoch_s, zone)
    offset = at.strftime("%z")
    name = at.tzname() or ""
    shown = f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{name} ({shown})" if name and not name.startswith(("UTC", "+", "-")) else name or shown
