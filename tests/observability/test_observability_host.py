"""Living beside a host application's own OpenTelemetry: its variables, its random numbers, its spans."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from orchestrator import Call, Orchestrator
from orchestrator.observability.tracing import OtelTracing
from orchestrator.testing import temporary_orchestrator
from orchestrator_core.records import Redacted
from orchestrator_core.storage.trace_blob import SpanRecord, unpack

MAIL = "ada" + "@" + "example.org"


def spans(magnus: Orchestrator) -> list[SpanRecord]:
    return [span for (blob,) in magnus.database.query("SELECT blob FROM traces") for span in unpack(blob)]


@pytest.fixture
def live(tmp_path: Path) -> Any:
    with temporary_orchestrator(tmp_path / "home") as orchestrator:
        yield orchestrator


@pytest.mark.parametrize(
    ("variable", "value", "traced"),
    [
        ("OTEL_SDK_DISABLED", "true", False),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "many", False),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1", True),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "-3", True),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "2", True),
        ("OTEL_TRACES_SAMPLER", "always_off", True),
        ("OTEL_PYTHON_TRACER_PROVIDER", "there_is_none", True),
    ],
)
def test_the_hosts_variables_never_fail_a_call(tmp_path: Path, variable: str, value: str, traced: bool) -> None:
    code = (
        "from orchestrator.testing import temporary_orchestrator\n"
        "from orchestrator_core.storage.trace_blob import unpack\n"
        "import sys\nfrom pathlib import Path\n"
        "with temporary_orchestrator(Path(sys.argv[1])) as magnus:\n"
        "    magnus.register('echo', lambda request: request)\n"
        "    result = magnus.execute('echo', 'x')\n"
        "    assert result.ok and result.recorded, result\n"
        "    blobs = magnus.database.query('SELECT blob FROM traces')\n"
        "    print([span.attributes.get('gen_ai.agent.name') for span in unpack(blobs[0][0])][0] if blobs else 'no trace')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "home")],
        env={**os.environ, variable: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ("echo" if traced else "no trace")


def test_ids_do_not_repeat_where_the_host_seeds_its_random_numbers(live: Orchestrator) -> None:
    live.register("echo", lambda request: request)
    seen = set()
    for _ in range(3):
        random.seed(7)
        before = random.getstate()
        seen.add(live.execute("echo", "x").trace_id)
        assert random.getstate() == before
    assert len(seen) == 3


def test_nothing_secret_of_a_span_is_kept_wherever_it_stands(
    live: Orchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    host = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: host)
    tracer = host.get_tracer("host")

    def agent(request: str, call: Call) -> str:
        with tracer.start_as_current_span(f"to {MAIL}", attributes={"all": ["a", MAIL], MAIL: 1}) as span:
            span.add_event(f"sent to {MAIL}", {"to": [MAIL], f"{MAIL} too": "x"})
        with call.span(f"for {MAIL}", **{MAIL: MAIL}):
            pass
        return "ok"

    live.register("leaky", agent)
    assert live.execute("leaky", "x").ok
    kept = spans(live)
    assert MAIL not in str(kept)
    assert {"all", "to"} <= {
        key for span in kept for key in (*span.attributes, *(key for event in span.events for key in event))
    }


def test_a_span_of_the_host_is_kept_once_however_many_threads_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry import trace

    added: list[object] = []

    class Host:
        def add_span_processor(self, processor: object) -> None:
            time.sleep(0.01)
            added.append(processor)

    host = Host()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: host)
    tracing = OtelTracing(version="0", redact=Redacted)
    barrier = threading.Barrier(4)

    def begin() -> None:
        barrier.wait(10)
        tracing.start("x", {}, parent_span=None)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(added) == 1


def test_spans_opened_after_the_call_do_not_keep_it_alive(live: Orchestrator) -> None:
    calls: list[Call] = []

    def agent(request: str, call: Call) -> str:
        calls.append(call)
        return "ok"

    live.register("keeps", agent)
    live.execute("keeps", "x")
    for _ in range(10):
        with calls[0].span("late"):
            pass
    tracing: Any = live.open().rooms.tracing
    assert tracing._guests._owners == {}
