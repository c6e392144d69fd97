"""The folder of an embedded Chroma: who owns it, whether it can be trusted, and how nothing of it is left.

Chroma keeps no other process out, and two that write break it for good. It keeps deleted vectors in its files. So one process owns the
folder by a lock, opens it only where ``chroma_state`` knows what is in it, and deletes all of it when in doubt or when a vector must go.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from orchestrator_core.forks import at_fork
from orchestrator_core.storage.permissions import make_private
from orchestrator_memory.index.chroma.fresh_memory import fresh_memory
from orchestrator_memory.index.chroma.lock import OwnerLock
from orchestrator_memory.index.chroma.state import (
    DATA,
    FORMAT,
    Collected,
    State,
    checksums,
    read_state,
    remove_state,
    why_doubtful,
    write_state,
)
from orchestrator_memory.index.contract import IndexUnavailable

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

T = TypeVar("T")

FOLDER = "chroma"
_LOCK = "owner.lock"
_UNWANTED = "forget"
"""A file by which another process asks the owner to delete all of it."""
_PATIENCE_S = 30.0

_folders: weakref.WeakValueDictionary[str, ChromaFolder] = weakref.WeakValueDictionary()
_making = threading.Lock()
_LOADED = "chromadb_rust_bindings"
_forked_with_chroma = False
"""Chroma's threads do not come along into a forked child: whatever is asked of it there waits for ever."""


def chroma_folder(path: Path) -> ChromaFolder:
    """The one object of this process for a folder."""
    name = os.path.abspath(path)
    with _making:
        folder = _folders.get(name)
        if folder is None:
            folder = _folders[name] = ChromaFolder(Path(name))
        return folder


def chroma_call(function: Callable[[], T], doing: str) -> T:
    """Call Chroma; whatever it raises is an index that cannot answer.

    Raises:
        IndexUnavailable: it raised; a panic of its Rust part is no ``Exception`` and counts too.
    """
    try:
        return function()
    except (KeyboardInterrupt, SystemExit, GeneratorExit, IndexUnavailable):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise IndexUnavailable(f"Chroma failed while {doing}: {type(error).__name__}: {error}") from error


class ChromaFolder:
    """Use ``chroma_folder`` to get one. Whoever changes something holds ``lock``; queries run inside ``reading``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.users: weakref.WeakSet[object] = weakref.WeakSet()
        self.state: State | None = None
        self.generation = 0
        """Grows when the client is opened or closed: what was got from an earlier one is not used any more."""
        self._owner = OwnerLock(path / _LOCK)
        self._client: ClientAPI | None = None
        self._gate = threading.Condition()
        self._reading = 0
        at_fork(self, child=ChromaFolder._in_child)

    def _in_child(self) -> None:
        global _forked_with_chroma
        _forked_with_chroma = _forked_with_chroma or _LOADED in sys.modules
        if self._client is not None:
            _keep_for_ever(self._client)
            self._client = None
        self.state = None
        self.generation += 1
        self._reading = 0
        self.lock = threading.RLock()
        self._gate = threading.Condition()
        self._owner.abandon()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()

    # Owning

    def own(self) -> None:
        """Become the owner. The caller holds ``lock``.

        Raises:
            IndexUnavailable: another process is, or the folder cannot be made.
        """
        if self._owner.held:
            return
        if self._client is not None:  # the folder was removed under it
            self.close()
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
            if os.name == "posix" and self.path.stat().st_mode & 0o077:
                self.path.chmod(0o700)
            taken = self._owner.acquire()
        except OSError as error:
            raise IndexUnavailable(f"the folder {self.path} of the vector index cannot be used: {error}.") from error
        if not taken:
            raise IndexUnavailable(f"another process owns the vector index in {self.path}.")

    def open(self, store: str, end: int) -> ClientAPI:
        """The client, after the checks; a folder in doubt is emptied first. The caller holds ``lock``.

        ``store`` is the store's id and ``end`` the last number of its log.

        Raises:
            IndexUnavailable: see ``own``; or chromadb is absent, cannot open the folder or was in use when this process was forked.
        """
        if _forked_with_chroma:
            raise IndexUnavailable(
                "Chroma was in use when this process was forked, and cannot be used in it. Start the process anew for it."
            )
        self.own()
        if (self.path / _UNWANTED).exists():
            self.wipe()
        if self._client is not None and self.state is not None and self.state.store == store:
            return self._client
        version = chroma_call(_version, "it was imported (python -m pip install chromadb)")
        state = None if self._client is not None else read_state(self.path)
        if state is not None and not why_doubtful(self.path, state, chromadb=version, store=store):
            with suppress(IndexUnavailable):
                self._client = chroma_call(self._connect, "its folder was opened")
        if self._client is None or state is None:
            self.wipe()
            state = State(FORMAT, version, store, end)
            self._save(state)
            self._client = chroma_call(self._connect, "its folder was made")
            make_private(self.path)
        self.state = state
        self.generation += 1
        return self._client

    def _connect(self) -> ClientAPI:
        from chromadb import PersistentClient
        from chromadb.config import Settings

        data = self.path / DATA
        data.mkdir(mode=0o700, exist_ok=True)
        fixed: dict[str, Any] = {
            "_env_file": None,  # else a file .env in the working folder may set anything
            "anonymized_telemetry": False,
            "chroma_otel_collection_endpoint": "",
            "chroma_api_impl": "chromadb.api.rust.RustBindingsAPI",
            "migrations": "apply",
        }
        return PersistentClient(data, Settings(**fixed))

    def wipe(self) -> None:
        """Delete all that Chroma wrote. The caller holds ``lock`` and owns the folder.

        Raises:
            IndexUnavailable: something could not be deleted; the folder is not trusted then.
        """
        self._disconnect()
        self.state = None
        try:
            remove_state(self.path)
            for path in self.path.iterdir():
                if path.name == _UNWANTED or path.suffix == ".lock":
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            (self.path / _UNWANTED).unlink(missing_ok=True)
        except OSError as error:
            raise IndexUnavailable(f"{self.path} cannot be emptied: {error}.") from error

    def close(self) -> None:
        """Close the client and let go of the folder; the next use takes it again."""
        with self.lock:
            self._disconnect()
            self.state = None
            self._owner.release()

    def _disconnect(self) -> None:
        with self._gate:
            client, self._client = self._client, None
            self.generation += 1
            # A query that still runs may write into the folder.
            if not self._gate.wait_for(lambda: not self._reading, timeout=_PATIENCE_S):
                raise IndexUnavailable("a query of the vector index does not end.")
        close = getattr(client, "close", None)  # a client has it, its declared type does not
        if close is not None:
            with suppress(IndexUnavailable):
                chroma_call(close, "it was closed")

    # Using

    @contextmanager
    def reading(self, generation: int) -> Iterator[None]:
        """Keep the client open for a query.

        Raises:
            IndexUnavailable: it was closed, or the folder was removed.
        """
        with self._gate:
            if self._client is None or generation != self.generation or not self._owner.held:
                raise IndexUnavailable("the vector index is being opened.")
            self._reading += 1
        try:
            yield
        finally:
            with self._gate:
                self._reading -= 1
                self._gate.notify_all()

    @contextmanager
    def writing(self) -> Iterator[dict[str, Collected | None]]:
        """Let Chroma write; what is put into the dictionary is then known of the collections, None takes one out.

        Where the block raises or the process is killed, the checksums tell: they are those of before.
        """
        state = self._known()
        news: dict[str, Collected | None] = {}
        with fresh_memory():
            yield news
        merged: dict[str, Collected | None] = {**state.collections, **news}
        kept = {name: known for name, known in merged.items() if known is not None}
        try:
            files = checksums(self.path, state.files)
        except OSError as error:
            raise IndexUnavailable(f"the files in {self.path} cannot be read: {error}.") from error
        make_private(self.path)  # Chroma makes its files with whatever rights the process gives by default
        self._save(msgspec.structs.replace(state, collections=kept, files=files))

    def _known(self) -> State:
        if self.state is None or self._client is None:
            raise IndexUnavailable("the vector index is not open.")
        return self.state

    def _save(self, state: State) -> None:
        try:
            write_state(self.path, state)
        except OSError as error:
            raise IndexUnavailable(f"{self.path} cannot be written: {error}.") from error
        self.state = state

    # Forgetting

    def forget(self, gone: int | None) -> bool:
        """Leave no byte of vectors that no memory had after the place ``gone`` in the log (None: nobody knows since when).

        Where another process owns the folder it is asked to, and the answer is False until it has done so.
        """
        if not self.path.is_dir():
            return True
        state = read_state(self.path)
        if gone is not None and state is not None and state.born >= gone:
            return True
        with self.lock:
            fresh = not self._owner.held
            try:
                self.own()
                self.wipe()
            except IndexUnavailable:
                with suppress(OSError):
                    (self.path / _UNWANTED).touch(mode=0o600)
                return False
            finally:
                if fresh:
                    self.close()
        return True


def _keep_for_ever(client: object) -> None:
    """Keep a parent's client from being collected, also at exit: its threads do not exist in a child, which would wait for them."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))


def _version() -> str:
    import chromadb

    return str(chromadb.__version__)
