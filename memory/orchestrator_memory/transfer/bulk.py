"""Storing many memories at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from orchestrator_core.errors import UsageError
from orchestrator_memory.arguments import ROW_ARGUMENTS, check_names
from orchestrator_memory.transfer.import_run import Into

BATCH = 500
"""Memories stored in one transaction: other writers get their turn between two."""
_KNOWN = frozenset({"text", *ROW_ARGUMENTS})


def store_many(
    into: Into, items: Iterable[Mapping[str, Any]], *, progress: Callable[[int], None] | None = None
) -> list[str]:
    """Store memories and embed them before returning; returns their ids, in order.

    Args:
        into: where they go.
        items: each holds ``text`` and any argument of ``remember``.
        progress: called with how many are stored.

    Raises:
        UsageError: an item is wrong; those before it are kept, and the message counts from 1.
        StoreError: the store cannot be written; the batches before are kept.
    """
    ids: list[str] = []
    source = iter(items)
    try:
        while batch := list(islice(source, BATCH)):
            ids += _put(into, batch, first=len(ids) + 1)
            if progress is not None:
                progress(len(ids))
    except BaseException:
        into.embedding.stored()  # what was kept gets its vectors in the background
        raise
    into.embedding.embed_all()
    return ids


def _put(into: Into, items: list[Mapping[str, Any]], *, first: int) -> list[str]:
    now = into.clock.now()
    rows, problem = [], None
    for number, item in enumerate(items, first):
        try:
            check_names(item, _KNOWN)
            rows.append(into.arguments.row(now=now, **{"text": "", **item}))
        except UsageError as error:
            problem = UsageError(f"memory number {number}: {error}")
            break
    stored = into.store.put_many(rows, first=first)
    if problem is not None:
        raise problem
    return [row.id for row in stored]
