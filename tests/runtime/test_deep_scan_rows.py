"""Stored rows are looked at again: queued with the call, rewritten whole or not at all, and marked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deep_words import NAME, OneName

from orchestrator import Call, Orchestrator
from orchestrator.deep_scan.building import build_deep_scan
from orchestrator.deep_scan.scanning import KIND, DeepScanning
from orchestrator.testing import FakeClock, temporary_orchestrator
from orchestrator.wiring import store_key
from orchestrator_core.storage.outbox import drain
from orchestrator_core.storage.trace_blob import unpack
from orchestrator_security.pii.deep import stored_text
from orchestrator_security.pii.deep.deep_engine import DeepScanUnavailable, DeepScanUnfinished
from orchestrator_security.pii.deep.engine import presidio_installed

pytestmark = pytest.mark.skipif(not presidio_installed(), reason="nothing is queued where Presidio is not installed")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def magnus(tmp_path: Path, clock: FakeClock) -> Iterator[Orchestrator]:
    with temporary_orchestrator(tmp_path / "home", clock=clock) as orchestrator:
        orchestrator.register("echo", lambda request, context: f"reply to {request}")
        yield orchestrator


@pytest.fixture
def engine() -> OneName:
    return OneName()


@pytest.fixture
def scanning(magnus: Orchestrator, engine: OneName, clock: FakeClock) -> DeepScanning:
    guard = magnus.open().guard
    scan = build_deep_scan(
        magnus.database, magnus.settings.security, policy=guard.policy, hash_key=store_key(magnus.database),
        redact=guard.redact, clock=clock, engine=engine,
    )  # fmt: skip
    return scan.scanning


def stored(magnus: Orchestrator) -> str:
    """All text of the store, traces unpacked."""
    tables = [
        row[0]
        for row in magnus.database.query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
        )
    ]
    rows = [
        repr(magnus.database.query(f"SELECT * FROM {table}"))
        for table in tables
        if not table.startswith("memories_fts")
    ]
    blobs = [repr(unpack(row[0])) for row in magnus.database.query("SELECT blob FROM traces")]
    found = magnus.database.query("SELECT rowid FROM memories_fts WHERE memories_fts MATCH 'quill'")
    return "\n".join((*rows, *blobs, "Quill in the search index" if found else ""))


def levels(magnus: Orchestrator, table: str = "executions") -> list[str]:
    return [row[0] for row in magnus.database.query(f"SELECT scan_level FROM {table} ORDER BY rowid")]


def queued(magnus: Orchestrator) -> list[dict[str, Any]]:
    return [
        json.loads(row[0])
        for row in magnus.database.query("SELECT payload FROM outbox WHERE kind = ? ORDER BY id", (KIND,))
    ]


def failing(request: str) -> str:
    raise ValueError(f"no account for {NAME}")


def test_a_call_is_queued_with_its_record_and_loses_what_the_deep_engine_finds(
    magnus: Orchestrator, scanning: DeepScanning
) -> None:
    result = magnus.execute("echo", f"who is {NAME}?", context={"about": [NAME], "n": 12345678})
    magnus.register("broken", failing)
    failed = magnus.execute("broken", f"bill {NAME}")
    assert NAME in stored(magnus)
    assert queued(magnus) == [{"execution_id": result.execution_id}, {"execution_id": failed.execution_id}]
    assert set(levels(magnus)) == set(levels(magnus, "memories")) == {"pattern"}
    scanning.drain()
    assert "Quill" not in stored(magnus)
    assert queued(magnus) == []
    assert set(levels(magnus)) == set(levels(magnus, "memories")) == {"deep"}
    (request, context, output), _ = magnus.database.query(
        "SELECT request, context, output FROM executions ORDER BY rowid"
    )
    placeholder = request.removeprefix("who is ").removesuffix("?")
    assert placeholder.startswith("<PERSON_") and output == f"reply to {request}"
    assert json.loads(context) == {"about": [placeholder], "n": 12345678}


def test_a_name_that_an_agent_gave_a_span_is_looked_at_and_magnuss_own_are_kept(
    magnus: Orchestrator, scanning: DeepScanning
) -> None:
    def traced(request: str, call: Call) -> str:
        with call.span(f"letter to {NAME}"):
            return "done"

    magnus.register("traced", traced)
    magnus.execute("traced", "hello")
    before = [span.name for span in unpack(magnus.database.query("SELECT blob FROM traces")[0][0])]
    scanning.run()
    after = [span.name for span in unpack(magnus.database.query("SELECT blob FROM traces")[0][0])]
    assert [name for name in before if name not in after] == [f"letter to {NAME}"]
    assert NAME not in stored(magnus)


def test_the_placeholder_is_the_guards_own(magnus: Orchestrator, scanning: DeepScanning) -> None:
    magnus.execute("echo", NAME)
    scanning.drain()
    ((request,),) = magnus.database.query("SELECT request FROM executions")
    assert magnus.open().guard.redact(request) == request, "not taken for a literal"


def test_a_second_scan_changes_nothing(magnus: Orchestrator, scanning: DeepScanning, engine: OneName) -> None:
    magnus.execute("echo", f"{NAME} again")
    scanning.run()
    before = stored(magnus)
    magnus.database.execute(
        [("UPDATE executions SET scan_level = 'pattern'", ()), ("UPDATE memories SET scan_level = 'pattern'", ())]
    )
    report = scanning.run()
    assert report.scanned == 2 and report.unfinished == 0
    changes = len(magnus.database.query("SELECT n FROM memory_log"))
    assert stored(magnus).count("PERSON_") == before.count("PERSON_")
    texts = engine.texts
    assert scanning.run().scanned == 0 and engine.texts == texts
    assert len(magnus.database.query("SELECT n FROM memory_log")) == changes


def test_a_memory_keeps_its_id_and_is_found_by_its_new_text(magnus: Orchestrator, scanning: DeepScanning) -> None:
    memory = magnus.memory.remember(f"{NAME} wants the invoices as spreadsheets", metadata={"client": NAME})
    twin = magnus.memory.remember(f"{NAME} wants the invoices as spreadsheets!")
    key = magnus.memory.store_knowledge("client", f"The client is {NAME}")
    scanning.run()
    assert "Quill" not in stored(magnus)
    found = magnus.memory.get(memory)
    assert found is not None and found.text.startswith("<PERSON_") and found.metadata["client"].startswith("<PERSON_")
    assert magnus.memory.get(twin) == found
    known = magnus.memory.knowledge("client")
    assert known is not None and known.startswith("The client is <PERSON_")
    assert found.id in [hit.id for hit in magnus.memory.search("invoices spreadsheets")]
    assert all("Quill" not in hit.text for hit in magnus.memory.search("Quill"))
    # The near-duplicate of the new text still finds it.
    again = magnus.memory.remember(found.text + "!")
    assert magnus.memory.get(again).id == found.id  # type: ignore[union-attr]
    assert key


def test_a_memory_that_is_told_anew_waits_again(magnus: Orchestrator, scanning: DeepScanning) -> None:
    magnus.memory.remember("The client is nobody", id="client")
    magnus.memory.remember("A fact", id="fact")
    scanning.run()
    magnus.memory.remember(f"The client is {NAME}", id="client")
    assert levels(magnus, "memories") == ["pattern", "deep"]
    scanning.run()
    assert "Quill" not in stored(magnus) and levels(magnus, "memories") == ["deep", "deep"]


def test_what_cannot_be_finished_stays_and_says_why(
    magnus: Orchestrator, scanning: DeepScanning, engine: OneName
) -> None:
    result = magnus.execute("echo", NAME)
    engine.problem = DeepScanUnfinished("it took longer than 10 s")
    scanning.drain()
    assert set(levels(magnus)) == set(levels(magnus, "memories")) == {"pattern"}
    told = magnus.database.query("SELECT execution_id, incomplete FROM security_log WHERE incomplete <> ''")
    assert (result.execution_id, "presidio (it took longer than 10 s)") in told
    assert queued(magnus) == [], "another try would take as long"
    engine.problem = None
    assert scanning.run().scanned == 2
    assert levels(magnus) == ["deep"]


def test_without_an_engine_everything_waits(
    magnus: Orchestrator, scanning: DeepScanning, engine: OneName, clock: FakeClock
) -> None:
    magnus.execute("echo", NAME)
    magnus.execute("echo", "two")
    engine.problem = DeepScanUnavailable("Presidio does not run: gone; pip install presidio-analyzer")
    scanning.drain()
    assert engine.texts == 1, "no second text is tried"
    report = scanning.run()
    assert (report.scanned, report.unfinished) == (0, 0) and "pip install presidio-analyzer" in report.problem
    assert len(queued(magnus)) == 2
    assert not scanning.handle(queued(magnus)[0])
    engine.problem = None
    clock.advance(120)
    scanning.drain()
    assert "Quill" not in stored(magnus) and queued(magnus) == []


def test_a_row_that_changes_meanwhile_is_looked_at_again(
    magnus: Orchestrator, scanning: DeepScanning, engine: OneName
) -> None:
    magnus.execute("echo", "hello")
    changes = iter([("UPDATE executions SET advice = ?", (f"ask {NAME}",))])
    engine.meanwhile = lambda: [magnus.database.execute([change]) for change in changes]  # type: ignore[assignment, return-value]
    scanning.drain()
    assert levels(magnus) == ["deep"] and "Quill" not in stored(magnus)


def test_a_row_that_always_changes_stays(magnus: Orchestrator, scanning: DeepScanning, engine: OneName) -> None:
    magnus.execute("echo", "hello")
    engine.meanwhile = lambda: magnus.database.execute([("UPDATE executions SET advice = advice || 'x'", ())])  # type: ignore[assignment, return-value]
    scanning.drain()
    assert levels(magnus) == ["pattern"] and len(queued(magnus)) == 1


def test_a_row_is_written_whole_or_not_at_all(magnus: Orchestrator, scanning: DeepScanning) -> None:
    magnus.register("broken", failing)
    magnus.execute("broken", NAME)
    before = magnus.database.query("SELECT request, error_message, traceback, scan_level FROM executions")
    magnus.database.execute(
        [("CREATE TRIGGER full AFTER UPDATE ON attempts BEGIN SELECT RAISE(ABORT, 'disk full'); END", ())]
    )
    scanning.drain()
    assert magnus.database.query("SELECT request, error_message, traceback, scan_level FROM executions") == before
    magnus.database.execute([("DROP TRIGGER full", ())])
    scanning.run()
    assert "Quill" not in stored(magnus)


def test_a_claim_that_was_killed_is_done_later(
    magnus: Orchestrator, scanning: DeepScanning, engine: OneName, clock: FakeClock
) -> None:
    magnus.execute("echo", NAME)

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    engine.meanwhile = die  # type: ignore[assignment]
    with pytest.raises(Killed):
        drain(magnus.database, {KIND: scanning.handle}, now=clock.now(), redact=magnus.open().guard.redact)
    assert len(queued(magnus)) == 1 and levels(magnus) == ["pattern"]
    engine.meanwhile = lambda: None
    clock.advance(61)
    drain(magnus.database, {KIND: scanning.handle}, now=clock.now(), redact=magnus.open().guard.redact)
    assert queued(magnus) == [] and levels(magnus) == ["deep"]


def test_a_call_that_was_forgotten_meanwhile_is_done_with(scanning: DeepScanning) -> None:
    assert scanning.handle({"execution_id": "gone"})
    assert scanning.handle({})


def test_rows_of_older_stores_are_found_without_a_queue(magnus: Orchestrator, scanning: DeepScanning) -> None:
    for n in range(3):
        magnus.execute("echo", f"{n} {NAME}")
    magnus.database.execute([("DELETE FROM outbox", ())])
    steps: list[tuple[int, int]] = []
    report = scanning.run(lambda done, total: steps.append((done, total)))
    assert report.scanned == len(steps) == steps[-1][1] and scanning.waiting() == 0
    assert "Quill" not in stored(magnus)


def test_damaged_json_is_read_as_text(magnus: Orchestrator, scanning: DeepScanning) -> None:
    magnus.execute("echo", "hello")
    magnus.database.execute([("UPDATE executions SET context = ?, output = ?", ('{"cut": "' + NAME, f'["{NAME}"]'))])
    scanning.drain()
    ((context, output),) = magnus.database.query("SELECT context, output FROM executions")
    assert context.startswith('{"cut": "<PERSON_') and json.loads(output)[0].startswith("<PERSON_")


@pytest.mark.parametrize(("kinds", "replaced"), [(["*"], True), (["EMAIL_ADDRESS"], False), ([], False)])
def test_kinds_that_the_settings_leave_are_left(
    tmp_path: Path, engine: OneName, kinds: list[str], replaced: bool
) -> None:
    with temporary_orchestrator(tmp_path / "some", overrides={"security.redact_pii": kinds}) as magnus:
        guard = magnus.open().guard
        scan = build_deep_scan(
            magnus.database, magnus.settings.security, policy=guard.policy, hash_key=b"k", redact=guard.redact,
            clock=FakeClock(), engine=engine,
        )  # fmt: skip
        magnus.register("echo", str.upper)
        magnus.execute("echo", NAME)
        assert scan.scanning.run().scanned == 2
        ((request,),) = magnus.database.query("SELECT request FROM executions")
        assert (request != NAME) is replaced and levels(magnus) == ["deep"]


def test_off_means_that_nothing_is_queued(tmp_path: Path) -> None:
    with temporary_orchestrator(tmp_path / "off", overrides={"security.deep_scan": "off"}) as magnus:
        magnus.register("echo", str.upper)
        magnus.execute("echo", "x")
        assert queued(magnus) == [] and levels(magnus) == ["pattern"]
        assert not magnus.open().deep_scan.scanning.active


def test_the_redactor_satisfies_what_rows_ask_of_it() -> None:
    assert {"text", "data"} <= set(dir(stored_text.DeepRedactor))
