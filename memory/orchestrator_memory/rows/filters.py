"""What a search or a list is limited to."""

from __future__ import annotations

from msgspec import Struct


class Filters(Struct, frozen=True, kw_only=True):
    """What a search is limited to. Empty or None means no limit."""

    namespaces: tuple[str, ...]
    tiers: tuple[str, ...] = ()
    category: str = ""
    authors: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    since: float | None = None
    """Epoch seconds; compared with when a thing happened."""
    until: float | None = None
    quarantined: bool = False
    """Also what is set aside."""
