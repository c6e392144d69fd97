"""The memories of one namespace as columns: what a search looks at, held in the process and derived from the store.

A memory has a *slot*, its place in the columns. A changed text gets a new slot; slots that died are left out and go at the next
rebuild. Memories of one session are linked in the order in which they happened.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from orchestrator_memory.index.columns import Columns
from orchestrator_memory.index.postings import Postings
from orchestrator_memory.text.traits import traits
from orchestrator_memory.text.words import stems, words

Floats = NDArray[np.float32]

_DEAD_KEPT = 256
SAMPLE = 1_000
"""Vectors that stand in for a namespace's; the mean of their cosines is off by at most 0.01 then, at a spread of 0.15."""


class Entry(Struct, frozen=True, array_like=True):
    """What the index knows of a memory, as it is read from the store."""

    seq: int
    text: str
    author: str
    session: str
    tier: str
    category: str
    occurred_at: float
    expires_at: float | None
    superseded_at: float | None
    pinned: int
    quarantined: str
    trust: float
    judged: float | None
    helped: float
    ignored: float


class NamespaceIndex:
    """Columns, words, conversations and vectors of one namespace. Not safe for threads: its owner holds a lock."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self.holds_vectors = True
        self.sample: Floats = np.zeros((0, dimensions), np.float32)
        """Vectors from all over the namespace, where it does not hold all of them."""
        self.postings = Postings()
        self.size = 0
        """Slots in use, the dead among them."""
        self.dead = 0
        self.version = 0
        """Grows with every change."""
        self._slot_of: dict[int, int] = {}
        self._categories: dict[str, int] = {"": 0}
        self._authors: dict[str, int] = {"": 0}
        self._tiers: dict[str, int] = {}
        self._session_codes: dict[str, int] = {}
        self.sessions: list[list[tuple[float, int, int]]] = []
        """Per session its members as (when, seq, slot), in order. A memory without a session is a session of its own."""
        self._members: dict[int, NDArray[np.int64]] = {}
        self.live_sessions = 0
        """Sessions with at least one member."""
        self._derived: dict[str, tuple[int, Any]] = {}
        self._columns = Columns(dimensions)

    def column(self, name: str) -> NDArray[Any]:
        """A column of ``Columns`` over all slots."""
        values: NDArray[Any] = getattr(self._columns, name)[: self.size]
        return values

    def padded(self, name: str) -> NDArray[Any]:
        """A column with one more place, at its end and so at -1 too, which is that of no memory: 0, or -1 for a neighbour."""
        values: NDArray[Any] = getattr(self._columns, name)[: self.size + 1]
        return values

    # Changing

    def put(self, entries: Iterable[Entry]) -> None:
        """Add memories, or take over their new text, author, session or time. In the order of time it is quickest."""
        for entry in entries:
            if entry.seq in self._slot_of:
                self.drop(entry.seq)
            slot = self.size
            self._columns.make_room(slot + 2)
            self.size += 1
            found = words(entry.text)
            kept = stems(found)
            self.postings.add(slot, kept)
            self._slot_of[entry.seq] = slot
            self._columns.seq[slot] = entry.seq
            self._columns.alive[slot] = True
            self._columns.length[slot] = len(kept)
            self._columns.occurred[slot] = entry.occurred_at
            self._columns.author[slot] = self._authors.setdefault(entry.author, len(self._authors))
            self._columns.traits[slot] = traits(entry.text)
            self._columns.embedded[slot] = False
            self._facts(slot, entry)
            self._join_session(slot, entry)
        self.version += 1

    def update(self, entries: Iterable[Entry]) -> None:
        """Take over what may change without the text: expiry, pins, scores, usefulness and the like."""
        for entry in entries:
            slot = self._slot_of.get(entry.seq)
            if slot is not None:
                self._facts(slot, entry)
        self.version += 1

    def _facts(self, slot: int, entry: Entry) -> None:
        self._columns.tier[slot] = self._tiers.setdefault(entry.tier, len(self._tiers))
        self._columns.category[slot] = self._categories.setdefault(entry.category, len(self._categories))
        for_ever = entry.pinned or entry.expires_at is None
        self._columns.expires[slot] = math.inf if for_ever or entry.expires_at is None else entry.expires_at
        self._columns.current[slot] = entry.superseded_at is None
        self._columns.quarantined[slot] = bool(entry.quarantined)
        self._columns.trust[slot] = entry.trust
        self._columns.judged[slot] = math.nan if entry.judged is None else entry.judged
        self._columns.helped[slot] = entry.helped
        self._columns.ignored[slot] = entry.ignored

    def drop(self, seq: int) -> None:
        """Take a memory out; nothing happens when it is not there."""
        slot = self._slot_of.pop(seq, None)
        if slot is None:
            return
        self._columns.alive[slot] = False
        self.dead += 1
        self.version += 1
        before, after = int(self._columns.previous[slot]), int(self._columns.next[slot])
        if before >= 0:
            self._columns.next[before] = after
        if after >= 0:
            self._columns.previous[after] = before
        code = int(self._columns.session[slot])
        members = self.sessions[code]
        del members[bisect_left(members, (float(self._columns.occurred[slot]), seq, slot))]
        self._members.pop(code, None)
        self.live_sessions -= not members

    def _join_session(self, slot: int, entry: Entry) -> None:
        self._columns.previous[slot] = self._columns.next[slot] = -1
        member = (float(entry.occurred_at), entry.seq, slot)
        code = self._session_codes.get(entry.session) if entry.session else None
        if code is None:
            code = len(self.sessions)
            self.sessions.append([member])
            self.live_sessions += 1
            if entry.session:
                self._session_codes[entry.session] = code
            self._columns.session[slot] = code
            return
        self._columns.session[slot] = code
        members = self.sessions[code]
        self.live_sessions += not members
        self._members.pop(code, None)
        if not members or members[-1] < member:
            place = len(members)
            members.append(member)
        else:
            place = bisect_left(members, member)
            members.insert(place, member)
        if place > 0:
            before = members[place - 1][2]
            self._columns.next[before], self._columns.previous[slot] = slot, before
        if place + 1 < len(members):
            after = members[place + 1][2]
            self._columns.previous[after], self._columns.next[slot] = slot, after

    def set_vectors(self, seqs: Sequence[int] | NDArray[np.int64], matrix: Floats) -> None:
        """Take over unit vectors, shape ``(len(seqs), dimensions)``; of memories that are not here they are left out.

        An index that holds no vectors only notes which memories have one.
        """
        slots = np.array([self._slot_of.get(int(seq), -1) for seq in seqs], np.int64)
        here = slots >= 0
        if not here.any():
            return
        if self.holds_vectors:
            self._columns.vectors[slots[here]] = matrix[here]
        self._columns.embedded[slots[here]] = True
        self.version += 1

    def hold_vectors(self, hold: bool) -> None:
        """Make room for vectors, to be set anew, or let go of them and keep a sample."""
        if hold == self.holds_vectors:
            return
        if not hold:
            embedded = np.flatnonzero(self.column("embedded") & self.column("alive"))
            spread = embedded[np.linspace(0, len(embedded) - 1, min(SAMPLE, len(embedded)), dtype=np.int64)]
            self.sample = self.column("vectors")[spread].copy()
        self._columns.widen(self.dimensions if hold else 0)
        self.holds_vectors = hold
        self.version += 1

    # Reading

    def members(self, code: int) -> NDArray[np.int64]:
        """The live slots of a session, in order."""
        known = self._members.get(code)
        if known is None:
            known = self._members[code] = np.array([slot for _, _, slot in self.sessions[code]], np.int64)
        return known

    def slot(self, seq: int) -> int:
        """The slot of a memory; -1 where it is not here."""
        return self._slot_of.get(seq, -1)

    def __len__(self) -> int:
        return len(self._slot_of)

    @property
    def wasteful(self) -> bool:
        """True when so many slots are dead that building anew pays."""
        return self.dead > _DEAD_KEPT and self.dead > len(self)

    def codes(self, kind: str, names: Sequence[str]) -> list[int]:
        """The codes of tiers, categories or authors that are known here."""
        known = {"tiers": self._tiers, "categories": self._categories, "authors": self._authors}[kind]
        return [known[name] for name in names if name in known]

    def session_code(self, session: str) -> int:
        """The code of a session; -1 where it is not known."""
        return self._session_codes.get(session, -1)

    @property
    def authors(self) -> dict[str, int]:
        """Author names and their codes."""
        return self._authors

    def derived(self, name: str, make: Any) -> Any:
        """A value that depends on the columns, made again only after a change."""
        known = self._derived.get(name)
        if known is None or known[0] != self.version:
            known = self._derived[name] = (self.version, make(self))
        return known[1]
