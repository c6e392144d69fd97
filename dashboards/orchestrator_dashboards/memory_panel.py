"""What the page says of memory: how much there is in each tier, what is set aside, and what helped most."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from orchestrator_dashboards import quantities
from orchestrator_dashboards.safe_text import one_line

HELPED_MAX = 5
SOON_S = 86_400.0
"""What expires within this time is called out."""
_TIERS = ("session", "tasks", "knowledge", "lessons")
_LIVE = "superseded_at IS NULL AND (expires_at IS NULL OR expires_at > :now OR pinned)"


class TierCount(Struct, frozen=True):
    """The live memories of one tier that agents may be given."""

    tier: str
    live: int
    pinned: int
    with_vectors: int
    expire_soon: int


class Helpful(Struct, frozen=True):
    """A memory that helped. ``helped`` and ``ignored`` are weights, so they are fractions."""

    id: str
    tier: str
    text: str
    helped: float
    ignored: float


class MemoryFacts(Struct, frozen=True):
    """What the store holds of memories."""

    tiers: tuple[TierCount, ...] = ()
    quarantined: int = 0
    superseded: int = 0
    merged: int = 0
    helped_most: tuple[Helpful, ...] = ()


class TierLine(Struct, frozen=True):
    """One tier in words."""

    name: str
    live: str
    vectors: str
    soon: str
    pinned: str


class HelpedLine(Struct, frozen=True):
    """A memory that helped, in words."""

    text: str
    where: str
    odds: str
    times: str


class MemoryPanel(Struct, frozen=True):
    """Everything the page says of memory; no lines where there is none."""

    tiers: tuple[TierLine, ...] = ()
    note: str = ""
    helped: tuple[HelpedLine, ...] = ()


def read_memory(connection: sqlite3.Connection, now: float) -> MemoryFacts:
    """Count the memories of all namespaces."""
    moment = {"now": now, "soon": now + SOON_S, "most": HELPED_MAX}
    tiers = connection.execute(
        f"SELECT tier, count(*), coalesce(sum(pinned), 0), "
        "sum(EXISTS (SELECT 1 FROM memory_vectors AS v WHERE v.memory = m.seq)), "
        "coalesce(sum(NOT pinned AND expires_at IS NOT NULL AND expires_at <= :soon), 0) "
        f"FROM memories AS m WHERE quarantined = '' AND {_LIVE} GROUP BY tier",
        moment,
    ).fetchall()
    aside = connection.execute(
        f"SELECT coalesce(sum(quarantined <> '' AND {_LIVE}), 0), coalesce(sum(superseded_at IS NOT NULL), 0) FROM memories",
        moment,
    ).fetchone()
    helped = connection.execute(
        "SELECT id, tier, substr(text, 1, 400), helped, ignored FROM memories "
        f"WHERE helped > 0 AND quarantined = '' AND {_LIVE} ORDER BY helped DESC, ignored, id LIMIT :most",
        moment,
    ).fetchall()
    return MemoryFacts(
        tiers=tuple(TierCount(*row) for row in sorted(tiers, key=lambda row: (_place(row[0]), row[0]))),
        quarantined=aside[0],
        superseded=aside[1],
        merged=connection.execute("SELECT count(*) FROM memory_aliases").fetchone()[0],
        helped_most=tuple(Helpful(*row) for row in helped),
    )


def _place(tier: str) -> int:
    return _TIERS.index(tier) if tier in _TIERS else len(_TIERS)


def memory_panel(facts: MemoryFacts) -> MemoryPanel:
    """The same in words. Pure."""
    parts = [
        quantities.plural(facts.quarantined, "quarantined", "quarantined") if facts.quarantined else "",
        quantities.plural(facts.merged, "merged", "merged") if facts.merged else "",
        quantities.plural(facts.superseded, "superseded", "superseded") if facts.superseded else "",
    ]
    return MemoryPanel(
        tuple(
            TierLine(
                one_line(count.tier, 20),
                quantities.count(count.live),
                quantities.percent(count.with_vectors / count.live),
                quantities.count(count.expire_soon) if count.expire_soon else "–",
                quantities.count(count.pinned) if count.pinned else "–",
            )
            for count in facts.tiers
        ),
        ", ".join(filter(None, parts)),
        tuple(
            HelpedLine(
                one_line(memory.text, 120),
                f"{one_line(memory.tier, 20)} · {one_line(memory.id, 60)}",
                quantities.percent(memory.helped / (memory.helped + memory.ignored)),
                f"{memory.helped:.1f} of {memory.helped + memory.ignored:.1f} uses",
            )
            for memory in facts.helped_most
        ),
    )
