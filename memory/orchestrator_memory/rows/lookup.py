"""Which memory a person means: ids may be shortened, as git's may."""

from __future__ import annotations

from msgspec import Struct

from orchestrator_core.errors import UsageError
from orchestrator_core.storage.database import Database

PREFIX = "mem-"
"""Ids that Magnus makes begin so; it may be left out."""
_SHORTEST = 4
"""Characters of a shortened id, not counting the prefix."""
_SHOWN = 5
_COMPARED = 2_000
_LAST = "\U0010ffff"


class Version(Struct, frozen=True):
    """One value that stands or stood under a key."""

    id: str
    created_at: float
    superseded_at: float | None


def full_id(database: Database, text: str) -> str:
    """The id that a text means: the id itself, one of a memory that was merged, or a beginning that no other id shares.

    Raises:
        UsageError: there is none, or there are several.
        StoreError: the store cannot be read.
    """
    if not text.strip() or "\0" in text:
        raise UsageError("an id is a text that is not empty")
    if _beginning(database, text, exact=True):
        return text
    enough = len(text.removeprefix(PREFIX)) >= _SHORTEST
    found = _beginning(database, text) or _beginning(database, PREFIX + text) if enough else []
    if len(found) == 1:
        return found[0]
    if found:
        more = ", ..." if len(found) > _SHOWN else ""
        raise UsageError(
            f"several memories have an id that begins so: {', '.join(found[:_SHOWN])}{more}; write more of it"
        )
    short = "" if enough else f" A shortened id has {_SHORTEST} characters or more."
    raise UsageError(f"there is no memory of the id {text!r}.{short}{_nearest(database, text)}")


def versions(database: Database, namespace: str, key: str) -> tuple[Version, ...]:
    """All values under a key, the newest first; none for an empty key."""
    rows = database.query(
        "SELECT id, created_at, superseded_at FROM memories WHERE namespace = ? AND key = ? AND key <> '' "
        "ORDER BY created_at DESC, seq DESC",
        (namespace, key),
    )
    return tuple(Version(*row) for row in rows)


def _beginning(database: Database, text: str, *, exact: bool = False) -> list[str]:
    clean = text.encode("utf-8", "replace").decode()
    rows = database.query(
        "SELECT id FROM memories WHERE id BETWEEN ?1 AND ?2 UNION "
        "SELECT alias FROM memory_aliases WHERE alias BETWEEN ?1 AND ?2 ORDER BY 1 LIMIT ?3",
        (clean, clean if exact else clean + _LAST, _SHOWN + 1),
    )
    return [row[0] for row in rows]


def _nearest(database: Database, text: str) -> str:
    from difflib import get_close_matches

    newest = database.query("SELECT id FROM memories ORDER BY seq DESC LIMIT ?", (_COMPARED,))
    near = get_close_matches(text[:200], [row[0] for row in newest], 1, 0.75)
    return f" Did you mean {near[0]!r}?" if near else " See: orchestrate memory list"
