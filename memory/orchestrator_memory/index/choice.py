"""Which index answers for a namespace, and how vectors leave all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.settings import MemorySettings
from orchestrator_core.storage.database import Database
from orchestrator_memory.embedding.vectors import Vectors
from orchestrator_memory.index.contract import VectorIndex

if TYPE_CHECKING:
    from orchestrator_memory.index.chroma.server import ServerChroma

SCANNED = 200_000
"""With ``auto``, vectors up to which all of them are compared: about 35 ms there, and exact."""


def vector_index(
    settings: MemorySettings,
    home: Path,
    database: Database,
    namespace: str,
    identity: ModelIdentity,
    vectors: Vectors,
) -> VectorIndex | None:
    """The derived index of a namespace; None where all vectors are compared. Loads nothing and opens nothing.

    Keep what it returns. In a large store that is set to ``auto`` it counts, which costs about 50 ms.

    Raises:
        SettingsError: ``chroma_url`` is no address.
        StoreError: the store cannot be read.
    """
    if settings.index == "exact":
        return None
    if settings.chroma_url:
        return _server(settings.chroma_url, home, database, namespace, identity, vectors)
    if settings.index == "auto" and not _large(database, namespace, identity.digest):
        return None
    from orchestrator_memory.index.chroma.embedded import EmbeddedChroma

    return EmbeddedChroma(home, database, namespace, identity, vectors)


def purge_indexes(settings: MemorySettings, home: Path, database: Database, seqs: Sequence[int]) -> bool:
    """Take memories that were deleted out of every derived index of the store, whichever is in use now.

    False while one still holds bytes of their vectors: another process owns the folder, or a server holds them, whose files are its own.

    Raises:
        SettingsError: ``chroma_url`` is no address.
        StoreError: the store cannot be read.
    """
    from orchestrator_memory.index.chroma.feed import gone_since
    from orchestrator_memory.index.chroma.folder import FOLDER, chroma_folder

    clean = True
    if (home / FOLDER).is_dir():
        clean = chroma_folder(home / FOLDER).forget(gone_since(database, seqs))
    if settings.chroma_url:
        from orchestrator_memory.index.chroma.server import purge_server

        clean = purge_server(settings.chroma_url, database, seqs) and clean
    return clean


def _large(database: Database, namespace: str, digest: str) -> bool:
    if database.query("SELECT coalesce(max(seq), 0) FROM memories")[0][0] <= SCANNED:
        return False
    rows = database.query(
        "SELECT count(*) FROM (SELECT 1 FROM memories m JOIN memory_vectors v ON v.memory = m.seq AND v.model = ? "
        "WHERE m.namespace = ? LIMIT ?)",
        (digest, namespace, SCANNED + 1),
    )
    return bool(rows[0][0] > SCANNED)


def _server(
    url: str, home: Path, database: Database, namespace: str, identity: ModelIdentity, vectors: Vectors
) -> ServerChroma:
    from orchestrator_memory.index.chroma.server import ServerChroma

    return ServerChroma(url, home, database, namespace, identity, vectors)
