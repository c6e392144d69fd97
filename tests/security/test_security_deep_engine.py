"""Presidio in its own process: what it finds, what it leaves alone, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator_security.contract import ScanContext
from orchestrator_security.gate import Gate
from orchestrator_security.pii.deep import engine as engine_module
from orchestrator_security.pii.deep.deep_engine import DeepScanUnavailable, DeepScanUnfinished, EngineFacts, described
from orchestrator_security.pii.deep.engine import TEXT_MAX, PresidioProcess
from orchestrator_security.pii.deep.scanner import DeepPiiScanner

MAIL = "jane.doe" + "@contoso.de"


@pytest.fixture(scope="module")
def engine() -> Iterator[PresidioProcess]:
    found = PresidioProcess("none")
    yield found
    found.close()


def seen(engine: PresidioProcess, text: str) -> list[tuple[str, str]]:
    return [(text[place.start : place.end], place.entity) for place in engine.find(text)]


def process_id(engine: PresidioProcess) -> int:
    assert engine._process is not None
    return engine._process.pid


def test_it_says_what_it_can_see(engine: PresidioProcess) -> None:
    facts = engine.facts()
    assert {"EMAIL", "CARD", "IBAN", "PHONE", "SSN", "PASSPORT", "HEALTHID"} <= set(facts.words)
    assert not {"PERSON", "PLACE"} & set(facts.words)
    assert (facts.problem, facts.model, facts.model_problem) == ("", "", "")
    assert engine.entities() == facts.entities
    assert engine.engine() == f"Presidio: {len(facts.entities)} kinds, no names of persons and places"
    assert described(EngineFacts()) == "Presidio, not started yet"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"write to {MAIL} soon", [(MAIL, "EMAIL_ADDRESS")]),
        ("her NHS number is 943 476 5919.", [("943 476 5919", "UK_NHS")]),
        ("passport: C03005988", [("C03005988", "US_PASSPORT")]),
        ("patientPhone = '030 12345678'", [("030 12345678", "PHONE_NUMBER")]),
        ("el DNI 12345678Z", [("12345678Z", "ES_NIF")]),
        ("codice RSSMRA85T10A562S", [("RSSMRA85T10A562S", "IT_FISCAL_CODE")]),
        ("it costs 12345678 in build 20240501123456, id=9434765919", []),
        ("Node.js at https://nodejs.org on 2024-05-01, order 2024-0501-1234", []),
        ("hash 3f786850e387550fdab836ed7e6dc881de23001b at 0x7fff5fbff8a0", []),
        ("", []),
        ("  \n\t--- \x00", []),
        ("\ud800 and \udc00", []),
    ],
)
def test_what_it_finds(engine: PresidioProcess, text: str, found: list[tuple[str, str]]) -> None:
    assert seen(engine, text) == found


def test_offsets_hold_behind_all_kinds_of_characters(engine: PresidioProcess) -> None:
    text = f"\ud83d\ude00 a \U0001f600 b\r\n\u0301 \ud800 {MAIL}"
    assert seen(engine, text) == [(MAIL, "EMAIL_ADDRESS")]


def test_what_stands_across_two_pieces_is_found_once(engine: PresidioProcess) -> None:
    for lead in range(1_900, 2_020, 15):
        assert seen(engine, "word " * (lead // 5) + MAIL + " word" * 200) == [(MAIL, "EMAIL_ADDRESS")]


def test_placeholders_are_left_alone(engine: PresidioProcess) -> None:
    text = "call <PHONE_12345678901234> or passport <PASSPORT_98765432101234>, phone <PHONE_1>"
    assert seen(engine, text) == []
    assert seen(engine, f"<{MAIL}> <EMAIL_0123456789abcd>") == [(MAIL, "EMAIL_ADDRESS")]


@pytest.mark.parametrize("piece", ["'", "1-", "a@", "+1 ", "(", "A", "-", "%25", "0", "::", "a.", "Aa1"])
def test_hostile_texts_come_to_an_end(engine: PresidioProcess, piece: str) -> None:
    engine.find((piece * 20_000)[:20_000])


def test_threads_take_turns(engine: PresidioProcess) -> None:
    results: dict[int, list[tuple[str, str]]] = {}

    def work(number: int) -> None:
        results[number] = seen(engine, f"user{number}.name" + "@contoso.de writes")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == {n: [(f"user{n}.name" + "@contoso.de", "EMAIL_ADDRESS")] for n in range(8)}


def test_a_process_that_was_killed_is_begun_anew(engine: PresidioProcess) -> None:
    engine.find("warm")
    first = process_id(engine)
    os.kill(first, signal.SIGKILL)
    assert seen(engine, MAIL) == [(MAIL, "EMAIL_ADDRESS")]
    assert process_id(engine) != first


def test_a_text_that_takes_too_long_is_given_up_and_the_next_one_is_read(
    engine: PresidioProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.find("warm")
    os.kill(process_id(engine), signal.SIGSTOP)  # it hangs, as a pattern that runs away would
    monkeypatch.setattr(engine_module, "TEXT_S", 0.2)
    with pytest.raises(DeepScanUnfinished, match="took longer than 0 s"):
        engine.find("anything at all")
    monkeypatch.undo()
    assert seen(engine, MAIL) == [(MAIL, "EMAIL_ADDRESS")]


def test_an_endless_text_is_refused(engine: PresidioProcess) -> None:
    with pytest.raises(DeepScanUnfinished, match="longer than 2,000,000 characters"):
        engine.find("a" * (TEXT_MAX + 1))


def test_without_presidio_it_says_so_and_is_not_asked_again_at_once(tmp_path: Path) -> None:
    (tmp_path / "presidio_analyzer.py").write_text("raise ModuleNotFoundError('gone', name='presidio_analyzer')")
    engine = PresidioProcess(extra_environment={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(DeepScanUnavailable, match="not installed: presidio_analyzer; pip install presidio-analyzer"):
        engine.find(MAIL)
    assert engine.facts().problem.startswith("Presidio does not run") and engine.entities() == ()
    (tmp_path / "presidio_analyzer.py").unlink()
    with pytest.raises(DeepScanUnavailable):
        engine.find(MAIL)
    assert engine._process is None


def test_a_presidio_that_is_broken_is_told_by_its_kind(tmp_path: Path) -> None:
    (tmp_path / "presidio_analyzer.py").write_text("print('noise')\nraise RuntimeError('secret text')")
    engine = PresidioProcess(extra_environment={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(DeepScanUnavailable, match="does not run: RuntimeError;"):
        engine.find(MAIL)


@pytest.mark.parametrize(
    "attempt", ["create_connection(('127.0.0.1', 9))", "getaddrinfo('localhost', 9)", "socket().bind(('127.0.0.1', 0))"]
)
def test_the_process_can_reach_nobody_not_even_itself(tmp_path: Path, attempt: str) -> None:
    (tmp_path / "presidio_analyzer.py").write_text(f"import socket\nsocket.gethostname()\nsocket.{attempt}\n")
    engine = PresidioProcess("none", extra_environment={"PYTHONPATH": str(tmp_path)})
    # The refusal is a plain OSError; a connection that was tried would fail with one of its kinds.
    with pytest.raises(DeepScanUnavailable, match="does not run: OSError;"):
        engine.find(MAIL)


def test_a_python_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(DeepScanUnavailable, match="cannot be started"):
        PresidioProcess().find(MAIL)
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(DeepScanUnavailable, match="does not say which Python"):
        PresidioProcess().find(MAIL)


SCRIPT = """
import os, sys
from orchestrator_security.pii.deep.engine import PresidioProcess
engine = PresidioProcess("none")
assert len(engine.find("a.person" + "@contoso.de")) == 1
heavy = [name for name in ("presidio_analyzer", "spacy", "torch", "transformers") if name in sys.modules]
child = os.fork()
if not child:  # a forked process gets an engine of its own, and leaves its parent's alone
    os._exit(0 if len(engine.find("b.person" + "@contoso.de")) == 1 else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert len(engine.find("c.person" + "@contoso.de")) == 1
print(engine._process.pid, heavy)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_nothing_is_loaded_said_or_left_behind_by_the_process_that_asks(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONWARNINGS": "error",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
    }
    environment.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    worker, _, heavy = done.stdout.strip().partition(" ")
    assert heavy == "[]"
    assert list(tmp_path.rglob("*")) == [], "tldextract writes no cache"
    until = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists(), "it ends with the process that started it"


def test_the_gate_gets_its_finds_under_the_inline_rules(engine: PresidioProcess) -> None:
    text = f"{MAIL}, passport C03005988"
    hits, incomplete = Gate([DeepPiiScanner(engine)]).scan(text, ScanContext())
    assert incomplete == ()
    assert [(hit.rule_id, hit.category, hit.kind, text[hit.start : hit.end]) for hit in hits] == [
        ("pii.email", "pii", "EMAIL", MAIL),
        ("pii.passport", "pii", "PASSPORT", "C03005988"),
    ]


def test_the_gate_says_so_when_it_could_not_look() -> None:
    class Broken:
        def find(self, text: str) -> list[object]:
            raise DeepScanUnfinished("no")

    assert Gate([DeepPiiScanner(Broken())]).scan("a text", ScanContext()) == ([], ("presidio",))  # type: ignore[arg-type]


KILLED = """
import os, signal
from orchestrator_security.pii.deep.engine import PresidioProcess
engine = PresidioProcess("none")
engine.find("some text")
print(engine._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are looked for in /proc")
def test_it_ends_with_a_process_that_is_killed() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=120, check=False)
    worker = Path("/proc") / done.stdout.strip()
    until = time.monotonic() + 20
    while worker.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert done.stdout.strip() and not worker.exists()
