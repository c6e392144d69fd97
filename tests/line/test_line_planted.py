"""A secret and a person's data, planted wherever a call takes text, are afterwards found nowhere: raw bytes are searched."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator import Call, ExecutionResult, Orchestrator
from orchestrator.testing import temporary_orchestrator
from orchestrator_core.storage.trace_blob import unpack

Run = Callable[..., ExecutionResult]
SECRET = "gh" + "p_" + "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX"
PERSON = "planted.person" + "@contoso.de"
PASSWORD = "correct horse battery " + "staple"
"""Known as a secret only by the key it stands under."""
MARKS = (SECRET, PERSON, PASSWORD)

pytestmark = pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")


@pytest.fixture
def magnus(tmp_path: Path) -> Iterator[Orchestrator]:
    with temporary_orchestrator(tmp_path / "home") as orchestrator:
        yield orchestrator


def found_in(data: bytes) -> list[str]:
    """Which marks stand in the bytes: as they are, in UTF-16, as JSON and HTML escape them, or in a compressed part."""
    parts = [data]
    for header in (b"\x78\x01", b"\x78\x9c", b"\x78\xda"):
        at = data.find(header)
        while at >= 0:
            with contextlib.suppress(zlib.error):
                parts.append(zlib.decompressobj().decompress(data[at:]))
            at = data.find(header, at + 1)
    forms = {
        mark: {mark.encode(), mark.encode("utf-16-le"), mark.replace("@", "&#64;").encode(), mark.replace("@", "\\u0040").encode()}
        for mark in MARKS
    }  # fmt: skip
    return [mark for mark, shapes in forms.items() if any(shape in part for part in parts for shape in shapes)]


def left_in(home: Path) -> dict[str, list[str]]:
    """The files of a store that hold a mark."""
    files = [file for file in home.rglob("*") if file.is_file()]
    assert any(file.name.endswith("-wal") for file in files), "the search looks at the write-ahead log too"
    return {file.name: marks for file in files if (marks := found_in(file.read_bytes()))}


def everything_planted(request: str, call: Call) -> dict[str, Any]:
    with call.span(f"step for {PERSON}", token=SECRET, note=f"password is {PASSWORD}"):
        pass
    call.report(model=f"model of {PERSON}", tokens_in=1)
    return {"markdown": f"sent {SECRET} to {PERSON}", "deep": [{"password": PASSWORD}, (PERSON, {SECRET: 1})]}


def failing(request: str, context: dict[str, Any]) -> str:
    try:
        raise KeyError(SECRET)
    except KeyError as cause:
        raise ConnectionError(f"login of {PERSON} with {PASSWORD} failed") from cause


def plant(magnus: Orchestrator, run: Run) -> list[ExecutionResult]:
    magnus.register("planted", everything_planted)
    magnus.register("failing", failing, idempotent=False)
    magnus.register("model", lambda request: f"re: {request}", sees="placeholders")
    magnus.memory.remember(
        f"{PERSON} uses {SECRET}", author=PERSON, session=SECRET, metadata={"password": PASSWORD, "who": PERSON}
    )
    context = {"password": PASSWORD, "nested": [{"mail": PERSON}, {"deeper": {"key": SECRET}}], PERSON: 1}
    request = f"write to {PERSON} with {SECRET}"
    return [
        run(magnus, "planted", request, context=context, session="s1"),
        run(magnus, "failing", request, context=context),
        run(magnus, "planted", {"to": PERSON, "password": PASSWORD, "list": [SECRET]}),
        run(magnus, "model", request, context=context),
    ]


def test_nothing_planted_reaches_a_file_a_trace_or_a_page(
    magnus: Orchestrator, run: Run, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    tracing: Any = magnus.open().rooms.tracing
    tracing.tracer.span_processor.add_span_processor(SimpleSpanProcessor(exporter))
    with caplog.at_level(logging.DEBUG):
        results = plant(magnus, run)
        page = magnus.generate_dashboard()
    assert [result.status for result in results] == ["succeeded", "failed", "succeeded", "succeeded"]
    assert all(result.recorded for result in results)
    assert results[0].output["deep"][0]["password"] == PASSWORD, "the caller gets the reply as it is"
    assert left_in(magnus.home) == {}
    assert found_in(page.read_bytes()) == []
    assert found_in(caplog.text.encode()) == []
    told = capfd.readouterr()
    assert found_in((told.out + told.err).encode()) == []
    blobs = [span for (blob,) in magnus.database.query("SELECT blob FROM traces") for span in unpack(blob)]
    assert blobs
    assert found_in(repr(blobs).encode()) == []
    for result in results:
        error = "" if result.error is None else repr(result.error)
        assert found_in(error.encode()) == []
        assert found_in(repr(result.findings).encode()) == []
    exported = encode_spans(exporter.get_finished_spans()).SerializeToString()
    assert b"invoke_agent" in exported
    assert found_in(exported) == []


def test_nothing_planted_reaches_the_command_lines_output(magnus: Orchestrator) -> None:
    from click.testing import CliRunner

    from orchestrator.cli.main import cli

    results = plant(magnus, lambda magnus, *args, **more: magnus.execute(*args, **more))
    home = ["--home", str(magnus.home)]
    commands = [
        ["history", "list"], ["memory", "list"], ["memory", "search", "uses"], ["config", "show"], ["doctor"],
        *(["history", "show", result.execution_id] for result in results),
    ]  # fmt: skip
    for command in commands:
        for extra in ([], ["--json"]):
            told = CliRunner().invoke(cli, [*command, *home, *extra])
            assert told.output, command
            assert found_in(told.output.encode()) == [], command
    exported = magnus.home.parent / "memories.jsonl"
    magnus.memory.export_jsonl(exported)
    assert found_in(exported.read_bytes()) == []
    assert json.loads(exported.read_text().splitlines()[-1])


def test_the_search_would_find_what_is_there() -> None:
    assert found_in(b"x" + zlib.compress(json.dumps({"a": SECRET}).encode())) == [SECRET]
    assert found_in(io.BytesIO(PERSON.encode("utf-16-le")).read()) == [PERSON]
    assert found_in(b"nothing") == []
