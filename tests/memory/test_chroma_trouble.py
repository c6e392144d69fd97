"""What may happen to an embedded Chroma. It ends in a healthy index or in the exact scan, never in a wrong answer."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import network_guard
import pytest
from vector_stores import MODEL, VectorStore, random_vectors, same_as_exact

from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_memory.index.chroma import embedded as chroma_index
from orchestrator_memory.index.contract import IndexUnavailable

POSIX_ONLY = pytest.mark.skipif(os.name != "posix", reason="forks, signals and rights are POSIX")
START = """
import os, sys, resource
from pathlib import Path
from vector_stores import *
from orchestrator_memory.index.contract import IndexUnavailable
store = VectorStore(Path(sys.argv[1]))
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    store = VectorStore(tmp_path / "home")
    yield store
    store.database.close()


def child(store: VectorStore, script: str) -> subprocess.Popen[str]:
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((here, os.environ.get("PYTHONPATH", "")))}
    return subprocess.Popen(
        [sys.executable, "-c", START + script, str(store.home)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return out


def built(store: VectorStore, count: int = 1200) -> list[int]:
    seqs = store.add(random_vectors(count))
    index = store.index()
    index.follow()
    index.close()
    return seqs


def data_files(store: VectorStore, name: str) -> Path:
    return next((store.home / "chroma").rglob(name))


def test_only_one_process_owns_it(store: VectorStore) -> None:
    store.add(random_vectors(50))
    owner = child(store, "index = store.index(); print(index.follow(), flush=True); input()")
    assert owner.stdout is not None
    assert owner.stdout.readline() == "50\n"
    index = store.index()
    with pytest.raises(IndexUnavailable, match="another process owns"):
        index.follow()
    assert "another process owns" in index.health()
    with pytest.raises(IndexUnavailable, match="another process owns"):
        index.nearest(random_vectors(1)[0], 1)
    owner.kill()
    owner.communicate()
    assert index.follow() == 0  # the lock went with its process
    assert same_as_exact(store, index, random_vectors(1)[0])
    index.close()


def test_forgetting_asks_the_owner(store: VectorStore) -> None:
    seqs = store.add(random_vectors(50))
    script = (
        "index = store.index(); print(index.follow(), flush=True); input(); print(index.follow(), flush=True); input()"
    )
    owner = child(store, script)
    assert owner.stdout is not None and owner.stdin is not None
    owner.stdout.readline()
    trace = store.vectors.fetch(MODEL.digest, seqs[:1])[1][0, :4].tobytes()
    store.delete(seqs[0])
    index = store.index()
    assert not index.purge(seqs[:1])
    assert trace in store.files()
    owner.stdin.write("\n")
    owner.stdin.flush()
    assert owner.stdout.readline() == "49\n"  # it began anew
    assert index.purge(seqs[:1])
    assert trace not in store.files()
    owner.communicate("\n", timeout=60)


@pytest.mark.parametrize("moment", ["data_level0.bin", "link_lists.bin", "index_metadata.pickle"])
def test_a_kill_in_the_middle_of_a_flush(store: VectorStore, moment: str) -> None:
    built(store)
    script = f"""
import threading
def watch():
    file = next((store.home / "chroma").rglob("{moment}"))
    before = file.stat().st_mtime_ns
    print("watching", flush=True)
    while file.exists() and file.stat().st_mtime_ns == before:
        pass
    os.kill(os.getpid(), 9)
index = store.index()
index.follow()
store.add(random_vectors(3000, seed=4))
threading.Thread(target=watch).start()
index.follow()
"""
    process = child(store, script)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    index = store.index()
    index.follow()
    assert index.health() == "ok"
    assert all(same_as_exact(store, index, query) for query in random_vectors(20, seed=6))
    index.close()


def test_a_kill_between_two_batches_goes_on_where_it_was(store: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_index, "AT_ONCE", 500)
    store.add(random_vectors(1400))
    script = """
from orchestrator_memory.index.chroma import embedded as chroma_index
from orchestrator_memory.index.chroma import feed as chroma_feed
chroma_index.AT_ONCE = 500
after = store.index()._feed.after
index = store.index()
batches = []
def counted(cursor, limit=500):
    batches.append(cursor)
    if len(batches) == 3:
        os.kill(os.getpid(), 9)
    return after(cursor, 500)
index._feed.after = counted
index.follow()
"""
    process = child(store, script)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    index = store.index()
    monkeypatch.setattr(index._feed, "after", lambda cursor, limit=500, after=index._feed.after: after(cursor, limit))
    assert index.follow() == 400
    assert same_as_exact(store, index, random_vectors(1, seed=8)[0])
    index.close()


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 3, len(data), 997):
        data[at] ^= 0xFF
    facts = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, Callable[[VectorStore], object]] = {
    "bytes flipped in the graph": lambda store: _flip(data_files(store, "data_level0.bin")),
    "bytes flipped in the links": lambda store: _flip(data_files(store, "link_lists.bin")),
    "bytes flipped in the map of ids": lambda store: _flip(data_files(store, "index_metadata.pickle")),
    "graph cut": lambda store: _truncate(data_files(store, "data_level0.bin")),
    "graph gone": lambda store: shutil.rmtree(data_files(store, "data_level0.bin").parent),
    "bytes flipped in the database": lambda store: _flip(data_files(store, "chroma.sqlite3")),
    "database cut": lambda store: _truncate(data_files(store, "chroma.sqlite3")),
    "database gone": lambda store: data_files(store, "chroma.sqlite3").unlink(),
    "database a folder": lambda store: _replace_by_folder(data_files(store, "chroma.sqlite3")),
    "state cut": lambda store: _truncate(store.home / "chroma" / "state.json"),
    "state gone": lambda store: (store.home / "chroma" / "state.json").unlink(),
    "data a file": lambda store: (
        shutil.rmtree(store.home / "chroma" / "data"),
        (store.home / "chroma" / "data").touch(),
    ),
    "all gone": lambda store: shutil.rmtree(store.home / "chroma"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_built_anew(store: VectorStore, damage: str) -> None:
    built(store)
    DAMAGE[damage](store)
    index = store.index()
    assert index.follow() == 1200
    assert index.health() == "ok"
    assert all(same_as_exact(store, index, query) for query in random_vectors(5, seed=6))
    index.close()


def test_vectors_that_went_missing_in_it_are_noticed(store: VectorStore) -> None:
    seqs = built(store)
    index = store.index()
    index.follow()
    assert index._ready is not None
    index._ready.collection.delete(ids=[str(seq) for seq in seqs[:10]])
    index.close()
    assert index.follow() == 1200  # the count tells
    assert index._ready is not None
    index._ready.collection.upsert(ids=[str(seq) for seq in seqs], embeddings=random_vectors(1200, seed=30))
    index.close()
    assert index.follow() == 1200  # no vector finds itself
    assert same_as_exact(store, index, random_vectors(1, seed=8)[0])
    index.close()


def test_a_folder_that_cannot_be_made(store: VectorStore) -> None:
    store.add(random_vectors(3))
    (store.home / "chroma").write_text("mine")
    index = store.index()
    with pytest.raises(IndexUnavailable, match="cannot be used"):
        index.follow()
    assert (store.home / "chroma").read_text() == "mine"


@POSIX_ONLY
@pytest.mark.parametrize("present", [True, False])
def test_a_read_only_folder(store: VectorStore, present: bool) -> None:
    if present:
        built(store)
    else:
        store.add(random_vectors(3))
    script = """
folders = [path for path in (store.home, *store.home.rglob("*")) if path.is_dir()]
store.database.open()
for path in folders:
    path.chmod(0o555)
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
index = store.index()
store.database.query = lambda *statement, query=store.database.query: query(*statement)
try:
    index.follow()
except Exception as error:
    print(type(error).__name__)
"""
    folder = store.home.parent
    while os.geteuid() == 0 and folder != folder.parent and folder.stat().st_mode & 0o005 == 0:
        folder.chmod(0o755)
        folder = folder.parent
    out = finished(child(store, script))
    for path in (store.home, *store.home.rglob("*")):
        if path.is_dir():
            path.chmod(0o700)
    assert out.strip() in ("IndexUnavailable", "StoreReadOnly")


@POSIX_ONLY
def test_a_full_disk(store: VectorStore) -> None:
    store.add(random_vectors(3000))
    script = """
store.index()._feed.store_id()
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
index = store.index()
try:
    print(index.follow())
except IndexUnavailable as error:
    print("unavailable", index.health() != "ok")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
index._pause_until = 0
index.close()
print(index.follow(), same_as_exact(store, index, random_vectors(1, seed=2)[0]))
"""
    assert finished(child(store, script)).split() == ["unavailable", "True", "3000", "True"]


def test_a_log_that_was_trimmed(store: VectorStore) -> None:
    built(store, 100)
    store.add(random_vectors(20, seed=2))
    store.database.execute([("DELETE FROM memory_log WHERE n <= (SELECT max(n) - 5 FROM memory_log)", ())])
    index = store.index()
    assert index.follow() == 120
    assert same_as_exact(store, index, random_vectors(1, seed=8)[0])
    store.database.execute([("DELETE FROM memory_log", ())])
    store.add(random_vectors(1, seed=3))
    index.follow()
    assert index.nearest(random_vectors(1, seed=3)[0], 1)[0].tolist() == [121]
    index.close()


def test_a_store_that_was_removed_and_made_anew(store: VectorStore) -> None:
    built(store, 100)
    store.database.close()
    for path in store.home.glob("orchestrator.db*"):
        path.unlink()
    rows = random_vectors(100, seed=5)
    store.add(rows)
    index = store.index()
    assert index.follow() == 100
    assert index.nearest(rows[3], 1)[1][0] > 0.99
    shutil.rmtree(store.home / "chroma")  # under the open index
    with pytest.raises(IndexUnavailable):
        index.nearest(rows[3], 1)
    assert index.follow() == 100
    assert same_as_exact(store, index, rows[3])
    index.close()


def test_a_changed_model_with_vectors_of_another_size(store: VectorStore) -> None:
    built(store, 50)
    small = ModelIdentity("c3" * 8, "small", 8)
    rows = random_vectors(10)[:, :8]
    rows /= (rows**2).sum(axis=1, keepdims=True) ** 0.5
    store.add(rows, model=small)
    index = store.index(model=small)
    assert index.follow() == 10
    assert index.nearest(rows[4], 3)[0].tolist() == store.exact(rows[4], 3, model=small)
    index.close()


@POSIX_ONLY
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # from Python 3.12 on, of forks with threads
def test_a_forked_child_does_not_touch_the_parents_client(store: VectorStore) -> None:
    script = """
store.add(random_vectors(50))
index = store.index()
index.follow()
child = os.fork()
if not child:
    for use in (lambda: index.nearest(random_vectors(1)[0], 1), index.follow):
        try:
            use()
            print("no error")
        except IndexUnavailable as error:
            print("child:", error)
    index.close()
    sys.exit(3)  # it must end although Chroma's threads do not exist in it
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), index.nearest(random_vectors(1)[0], 1)[0].tolist(), flush=True)
index.close()
store.delete(1)
child = os.fork()
if not child:
    print("heir:", index.purge([1]), os.listdir(store.home / "chroma"), flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(index.follow())
"""
    out = finished(child(store, script))
    assert "no error" not in out
    assert "was forked" in out
    assert "3 [1]" in out
    assert "heir: True ['owner.lock']" in out
    assert out.endswith("49\n")


def test_searches_while_it_is_fed_and_purged(store: VectorStore) -> None:
    store.add(random_vectors(600))
    index = store.index()
    index.follow()
    queries = random_vectors(8, seed=11)
    wrong: list[object] = []
    answered = []
    over = threading.Event()

    def search() -> None:
        while not over.is_set():
            for query in queries:
                try:
                    found, cosines = index.nearest(query, 3)
                except IndexUnavailable:
                    continue
                except Exception as error:  # noqa: BLE001  # whatever it is fails the test
                    wrong.append(error)
                    return
                answered.append(len(found))
                if len(found) != 3 or cosines[0] < cosines[2]:
                    wrong.append(found)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(6):
        seqs = store.add(random_vectors(150, seed=20 + turn))
        index.follow()
        store.delete(seqs[0])
        if turn % 2:
            assert index.purge(seqs[:1])
    index.follow()
    over.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert answered
    assert all(same_as_exact(store, index, query) for query in queries)
    index.close()


NETWORK = """
import ctypes, struct
X86 = os.uname().machine == "x86_64"
def instruction(code, true, false, value):
    return struct.pack("HBBI", code, true, false, value)
# A process that asks the system for an internet socket is killed, whatever language asks (see seccomp(2)).
program = b"".join((
    instruction(0x20, 0, 0, 0),                     # the number of the system call
    instruction(0x15, 0, 4, 41 if X86 else 198),    # socket
    instruction(0x20, 0, 0, 16),                    # its first argument, the family
    instruction(0x15, 1, 0, 2),                     # AF_INET
    instruction(0x15, 0, 1, 10),                    # AF_INET6
    instruction(0x06, 0, 0, 0x80000000),            # kill
    instruction(0x06, 0, 0, 0x7FFF0000),            # allow
))
code = ctypes.create_string_buffer(program, len(program))
filter_ = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, filter_, 0, 0) == 0, ctypes.get_errno()
"""
LIFE = """
store.add(random_vectors(1200))
index = store.index()
index.follow()
index.nearest(random_vectors(1)[0], 5)
store.delete(3)
index.follow()
index.close()
index.follow()
index.purge([3])
index.follow()
index.close()
print("lived")
"""


def test_no_network_in_its_whole_life(store: VectorStore) -> None:
    """Python's sockets are counted by an audit hook (see ``conftest``); Chroma's Rust part is watched by the kernel."""
    log = Path(os.environ[network_guard.LOG_VARIABLE])
    before = log.stat().st_size
    watched = platform.system() == "Linux" and platform.machine() in ("x86_64", "aarch64")
    assert finished(child(store, (NETWORK if watched else "") + LIFE)) == "lived\n"
    assert log.stat().st_size == before
    if watched:
        reaching = child(store, NETWORK + "import socket; socket.socket(); print('lived')")
        assert reaching.communicate(timeout=60)[0] == ""
        assert reaching.returncode == -signal.SIGSYS
