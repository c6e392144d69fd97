"""The command line as a process of its own: pipes, signals, code pages, and what is loaded."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "orchestrator"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and descriptors of POSIX")


def run(*words: str, stdin: bytes = b"", **more: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *words], input=stdin, capture_output=True, timeout=60, check=False, **more  # type: ignore[call-overload]
    )  # fmt: skip


def test_json_holds_one_document_while_agents_and_their_children_print(project: Path) -> None:
    done = run("run", "cli-noisy", "x", "--import", "cli_test_agents", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert document["output"]["nan"] is None
    assert b"noise on stdout" in done.stderr
    assert b"noise of a child" in done.stderr


def test_a_reader_that_has_seen_enough_stops_nothing(project: Path) -> None:
    words = [*COMMAND, "run", "cli-echo", "x" * 300_000, "--import", "cli_test_agents"]
    # Arguments have a size limit on some systems: the request comes by standard input.
    words[words.index("x" * 300_000)] = "-"
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    process.stdout.close()
    process.stdin.write(b"x" * 300_000)
    process.stdin.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(60) == 0
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors
    listed = json.loads(run("history", "list", "--json").stdout)["executions"]
    assert [row["status"] for row in listed] == ["succeeded"]


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["config", "show"], ["config", "show", "--json"]])
def test_no_command_complains_of_a_closed_pipe(project: Path, words: list[str]) -> None:
    process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(60)
    assert errors == b""


@POSIX
def test_streams_that_are_closed_from_the_start_do_no_harm(project: Path) -> None:
    done = subprocess.run(
        f"{shlex.quote(sys.executable)} -m orchestrator config show --json >&- 2>&-",
        shell=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
def test_a_full_disk_behind_standard_output_is_told(project: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "config", "show"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode == 1
    assert b"cannot write to standard output" in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_old_code_page_is_no_obstacle(project: Path) -> None:
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = run("run", "cli-echo", "-", "--import", "cli_test_agents", stdin="grüße 漢".encode(), env=ascii_only)
    assert done.returncode == 0
    assert done.stdout.decode("ascii").startswith("said: gr\\xfc")
    document = run(
        "run", "cli-echo", "-", "--import", "cli_test_agents", "--json", stdin="grüße 漢".encode(), env=ascii_only
    )
    assert json.loads(document.stdout.decode("ascii"))["output"] == "said: grüße 漢 {}"
    assert run("history", "list", env=ascii_only).returncode == 0


@POSIX
def test_arguments_that_are_no_utf8_end_in_words(project: Path) -> None:
    done = subprocess.run(
        [os.fsencode(word) for word in [*COMMAND, "run"]] + [b"\xff\xfe", b"x", b"--json"],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "usage"
    asked = subprocess.run(
        [os.fsencode(word) for word in [*COMMAND, "run", "--import", "cli_test_agents", "cli-echo"]] + [b"\xff\xfe", b"--json"],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    document = json.loads(asked.stdout)
    assert document["status"] in ("blocked", "succeeded")
    assert asked.returncode == (0 if document["ok"] else 3)


SLEEPER = (
    "import time\nfrom orchestrator import agent\n@agent('cli-sleeper')\ndef sleeper(request):\n"
    "    open('started', 'w').close()\n    time.sleep(60)\n"
)


def started_sleeper(project: Path, *options: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    """``orchestrate run`` of an agent that is at work by now, and will be for long."""
    (project / "cli_sleeper.py").write_text(SLEEPER, encoding="utf-8")
    process = subprocess.Popen(
        [*before, *COMMAND, "run", "cli-sleeper", "x", "--import", "cli_sleeper", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    give_up = time.monotonic() + 30
    while not (project / "started").exists() and time.monotonic() < give_up:
        time.sleep(0.02)
    return process


@POSIX
@pytest.mark.parametrize("options", [(), ("--timeout", "0")], ids=["in a thread", "in the main thread"])
@pytest.mark.parametrize(
    ("name", "code", "words"),
    [("SIGINT", 130, b"Interrupted."), ("SIGTERM", 143, b"Ended by SIGTERM."), ("SIGHUP", 129, b"Ended by SIGHUP.")],
)
def test_a_signal_leaves_a_line_and_the_call_in_the_history(
    project: Path, options: tuple[str, ...], name: str, code: int, words: bytes
) -> None:
    process = started_sleeper(project, *options)
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert errors.strip() == words
    (call,) = json.loads(run("history", "list", "--json").stdout)["executions"]
    assert (call["status"], call["attempts"]) == ("cancelled", 0)


@POSIX
def test_a_signal_is_told_in_the_document(project: Path) -> None:
    process = started_sleeper(project, "--json")
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 143
    assert json.loads(printed) == {"error": {"code": "terminated", "message": "ended by SIGTERM"}}


@POSIX
def test_what_nohup_ignores_stays_ignored(project: Path) -> None:
    process = started_sleeper(project, before=("sh", "-c", 'trap "" HUP; exec "$@"', "sh"))
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors.strip()) == (143, b"Ended by SIGTERM.")


@POSIX
def test_the_surrounding_programs_handlers_come_back(project: Path) -> None:
    from orchestrator.cli.termination import Terminated, ending_as_interruption

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated, match="SIGTERM"), ending_as_interruption():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_root_loads_no_command_and_no_heavy_package() -> None:
    code = (
        "import sys, orchestrator.cli.main as m\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "commands = [place for place, _ in m.COMMANDS.values() if place in sys.modules]\n"
        "print(sorted(loaded & {'rich', 'httpx', 'jinja2', 'sqlite_utils', 'opentelemetry', 'ollama', 'numpy', 'bandit'}), commands)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[] []"


def read_terminal(ours: int) -> bytes:
    shown = b""
    try:
        while chunk := os.read(ours, 65_536):
            shown += chunk
    except OSError:
        pass  # how Linux tells that the other end of a terminal was closed
    os.close(ours)
    return shown


STUMBLER = """
import asyncio
from orchestrator import RetryLater, agent, aexecute_agent

@agent('cli-stumbler')
def stumbler(request, call):
    if call.attempt == 1:
        raise RetryLater('not yet', retry_after_s=0.25)
    return 'there'

@agent('cli-waiter')
async def waiter(request):
    ticks = 0
    async def count():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1
    counting = asyncio.create_task(count())
    await aexecute_agent('cli-stumbler', 'x')
    counting.cancel()
    return 'others were served' if ticks > 3 else 'the loop stood still'
"""


@POSIX
@pytest.mark.parametrize(
    ("agent", "said"), [("cli-stumbler", b"there"), ("cli-waiter", b"others were served")], ids=["sync", "async"]
)
def test_a_terminal_is_told_of_a_wait_before_a_retry(project: Path, agent: str, said: bytes) -> None:
    import pty

    (project / "cli_stumbler.py").write_text(STUMBLER, encoding="utf-8")
    words = [*COMMAND, "run", agent, "x", "--import", "cli_stumbler"]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=theirs, env=environment)
    os.close(theirs)
    shown = read_terminal(ours)
    printed, _ = process.communicate(timeout=60)
    assert printed.strip() == said
    assert b"The attempt failed; trying again in 0.25 s" in shown
    assert b"trying again" not in run(*words[len(COMMAND) :]).stderr, "nobody reads it in a pipe"


@POSIX
@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_a_terminal_gets_colours_unless_told_otherwise(
    project: Path, variables: dict[str, str], coloured: bool
) -> None:
    import pty

    assert run("run", "cli-broken", "x", "--import", "cli_test_agents").returncode == 1
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"TERM": "xterm-256color", **variables}
    process = subprocess.Popen([*COMMAND, "history", "list"], stdout=theirs, stderr=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    shown = read_terminal(ours)
    assert process.wait(60) == 0
    assert b"failed" in shown
    assert (b"\x1b[31m" in shown) is coloured
