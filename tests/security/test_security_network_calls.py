"""The guard around calls: agents, their retries, Magnus's own threads and what stays possible beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from network_child import run

from orchestrator import Orchestrator
from orchestrator_core.errors import OfflineRefused, SettingsError
from orchestrator_core.settings import SecuritySettings, Settings

# The records of these calls are not looked at, so they need no model; no clock is faked, since nothing waits.
_MAGNUS = """
from orchestrator import Orchestrator
def magnus(home="home", **overrides):
    quiet = {"memory.embedding": "none", "evaluation.judge": "rules", "dashboards.auto": False}
    return Orchestrator(home=home, overrides={**quiet, **overrides})
"""


def test_an_agents_request_to_another_machine_fails_once_with_its_line(tmp_path: Path) -> None:
    found = run(
        f"""
{_MAGNUS}
import urllib.request
one = magnus()
calls = []
@one.agent("fetch")
def fetch(request):
    calls.append(request)
    return urllib.request.urlopen("http://host.invalid/path?key=hunter2").read()
@one.agent("fetch-async")
async def fetch_async(request):
    calls.append(request)
    reader, writer = await asyncio.open_connection("192.0.2.1", 80)
for name, call in {{
    "sync": lambda: one.execute("fetch", "go"), "untimed": lambda: one.execute("fetch", "go", timeout_s=0),
    "async": lambda: asyncio.run(one.aexecute("fetch-async", "go")), "async in sync": lambda: one.execute("fetch-async", "go"),
    "sync in async": lambda: asyncio.run(one.aexecute("fetch", "go")),
}}.items():
    calls.clear()
    result = call()
    told[name] = [len(calls), len(result.attempts), result.status, result.error.message]
told["outside"] = outcome(lambda: send("192.0.2.1"))
one.close()
""",
        tmp_path,
    )
    assert found.pop("outside") == "passed"
    assert found.keys() == {"sync", "untimed", "async", "async in sync", "sync in async"}
    for calls, attempts, status, message in found.values():
        assert (calls, attempts, status) == (1, 1, "failed")
        assert "offline guard" in message
        assert "child.py:" in message
        assert "hunter2" not in message


def test_hosts_that_are_allowed_and_offline_false(tmp_path: Path) -> None:
    found = run(
        f"""
{_MAGNUS}
def agents(one):
    @one.agent("reach")
    def reach(request):
        return [n for n in (1, 2, 3) if outcome(lambda: send(f"192.0.2.{{n}}", 80)) == "passed"]
    return one
listed = agents(magnus("a", **{{"security.network_allow": ["192.0.2.1:80"], "memory.chroma_url": "http://192.0.2.3:80"}}))
free = agents(magnus("b", offline=False))
told["listed"] = listed.execute("reach", "go").output
told["free"] = free.execute("reach", "go").output
@listed.agent("nest")
def nest(request):
    return free.execute("reach", "go").output
told["nested"] = listed.execute("nest", "go").output
told["free afterwards"] = free.execute("reach", "go").output
""",
        tmp_path,
    )
    assert found == {"listed": [1, 3], "free": [1, 2, 3], "nested": [1, 3], "free afterwards": [1, 2, 3]}


def test_the_threads_of_magnus_are_guarded_wherever_they_were_started(tmp_path: Path) -> None:
    found = run(
        f"""
{_MAGNUS}
import orchestrator.background
orchestrator.background.IDLE_S = 0.0
one = magnus(**{{"dashboards.auto": True, "dashboards.min_interval_s": 0.0}})
seen = threading.Event()
import orchestrator.runtime
genuine = orchestrator.runtime.dashboards_for
def dashboards(*args):
    told["idle"] = [threading.current_thread().name, outcome(lambda: send("192.0.2.1"))[:7]]
    seen.set()
    return genuine(*args)
orchestrator.runtime.dashboards_for = dashboards
@one.agent("nothing")
def nothing(request):
    return "done"
one.execute("nothing", "go")
seen.wait(20)
one.close()
# The idle worker looks for the model too, so this one has none.
other = magnus("other")
asked = threading.Event()
def prepare():
    told["embedding"] = [threading.current_thread().name, outcome(lambda: send("192.0.2.1"))[:7]]
    asked.set()
    from orchestrator_core.models.embedding.contract import PreparedModel
    return PreparedModel(None, "none", "")
other.memory._embedding._model._prepare = prepare
other.memory.remember("a text that wants its vector")
told["asked"] = asked.wait(20)
other.close()
""",
        tmp_path,
    )
    assert found["idle"] == ["magnus-idle", "refused"]
    assert found["asked"]
    assert found["embedding"] == ["magnus-embedding", "refused"]


def test_a_worker_of_the_pool_takes_no_scope_from_who_made_it(tmp_path: Path) -> None:
    found = run(
        """
        from orchestrator_core.daemon_pool import DaemonPool
        pool = DaemonPool()
        with guard().scope():
            pool.submit(lambda: None).result()
        time.sleep(0.05)
        told["later work"] = pool.submit(lambda: outcome(lambda: send("192.0.2.1"))).result()
        """,
        tmp_path,
    )
    assert found == {"later work": "passed"}


def test_the_whole_process_from_the_environment(tmp_path: Path) -> None:
    found = run(
        f"""
{_MAGNUS}
told["before"] = outcome(lambda: send("192.0.2.1"))
one = magnus()
told["after"] = outcome(lambda: send("192.0.2.1"))[:7]
told["named"] = outcome(lambda: send("192.0.2.8"))
""",
        tmp_path,
        ORCHESTRATOR_OFFLINE="process",
        ORCHESTRATOR_SECURITY_NETWORK_ALLOW="192.0.2.8",
    )
    assert found == {"before": "passed", "after": "refused", "named": "passed"}


def test_a_wrong_host_in_the_settings_opens_nothing(tmp_path: Path) -> None:
    settings = Settings(security=SecuritySettings(network_allow=("http://user:hunter2@models.lan",)))
    with pytest.raises(SettingsError, match=r"security\.network_allow") as caught:
        Orchestrator(settings, home=tmp_path / "home")
    assert "hunter2" not in str(caught.value)
    assert not (tmp_path / "home").exists()


def test_the_refusal_survives_copies_and_is_a_failed_connection() -> None:
    import copy
    import pickle

    error = OfflineRefused("refused", host="models.lan", port=80, line="agent.py:3")
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (str(twin), twin.host, twin.port, twin.line) == ("refused", "models.lan", 80, "agent.py:3")
        assert isinstance(twin, PermissionError)
        assert twin.strerror == "refused"
