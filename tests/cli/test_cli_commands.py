"""Every command: what it does, what it says to bad input, and its exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from orchestrator.cli.main import COMMANDS, cli
from orchestrator.version import VERSION
from orchestrator_core.records import SWITCHABLE

Run = Callable[..., Any]


def every_command(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from every_command(inner, (*path, name))


ALL = dict(every_command(cli))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_and_option_is_explained(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert command.help and command.help.strip().split("\n")[0].endswith((".", ".)"))
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, f"{parameter.opts} of {' '.join(path)}"


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_takes_the_common_options(path: tuple[str, ...]) -> None:
    options = {name for parameter in ALL[path].params for name in parameter.opts}
    assert {"--json", "--home", "--import", "--set"} <= options


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_prints_its_help(orchestrate: Any, path: tuple[str, ...]) -> None:
    result = orchestrate(*path, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: orchestrate {' '.join(path)}".rstrip())


def test_the_overview_says_what_the_commands_say() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_the_commands_of_the_guide_are_all_there() -> None:
    wanted = {
        ("run",), ("agents", "list"), ("agents", "show"), ("history", "list"), ("history", "show"), ("dashboard",), ("doctor",),
        ("setup",), ("config", "show"), ("demo",), ("maintain",),
    }  # fmt: skip
    assert wanted <= set(ALL)


def test_version(orchestrate: Any) -> None:
    assert orchestrate("--version").stdout == f"orchestrate {VERSION}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Missing command"),
        (["histroy"], "Did you mean 'history'?"),
        (["zzz"], "There are: run, agents"),
        (["run"], "Missing argument 'AGENT'"),
        (["run", "cli-echo"], "Missing argument 'REQUEST'"),
        (["run", "cli-echo", "a", "b"], "unexpected extra argument"),
        (["run", "cli-echo", "x", "--context", "nonsense"], "neither KEY=VALUE nor a JSON object"),
        (["run", "cli-echo", "x", "--context", "=3"], "neither KEY=VALUE"),
        (["run", "cli-echo", "x", "--context", "{'a': 1}"], "no valid JSON"),
        (["run", "cli-echo", "x", "--context", "{" * 100_000], "no valid JSON"),
        (["run", "cli-echo", "x", "--stage", "judge"], "must be NAME=on or NAME=off"),
        (["run", "cli-echo", "x", "--stage", "jugde=off"], "Did you mean 'judge'?"),
        (["run", "cli-echo", "x", "--stage", "xyz=off"], f"There are: {', '.join(SWITCHABLE)}."),
        (
            ["run", "cli-echo", "x", "--stage", "attempts=off"],
            "there is no stage 'attempts' to switch. There are: guard_in",
        ),
        (["run", "cli-echo", "x", "--timeout", "-1"], "timeout_s must be a number of seconds"),
        (["run", "cli-echo", "x", "--deadline", "nan"], "deadline_s must be a number of seconds"),
        (["run", "cli-echo", "x", "--timeout", "soon"], "not a valid float"),
        (["run", "cli-echo", "x", "--path", "nowhere"], "does not exist"),
        (["run", "cli-echo", "x", "--path", "pyproject.toml"], "is a file"),
        (["run", "cli-echo", "x", "--feature", "a\nb"], "printable"),
        (["run", "cli-echo", "@nowhere.txt"], "cannot be read: No such file"),
        (["run", "cli-echo", "@."], "cannot be read"),
        (["run", "cli-echo", "@a\0b"], "no file's name"),
        (["run", "cli-ecko", "x"], "Did you mean 'cli-echo'"),
        (["run", "", "x"], "agent's name"),
        (
            ["run", "cli-echo", "x", "--import", "no_such_module"],
            "'no_such_module' cannot be imported: ModuleNotFoundError",
        ),
        (["run", "cli-echo", "x", "--import", "a b"], "cannot be imported"),
        (["run", "cli-echo", "x", "--set", "memory.recal_k=3"], "Did you mean 'memory.recall_k'?"),
        (["run", "cli-echo", "x", "--set", "memory.recall_k"], "write it as KEY=VALUE"),
        (
            ["run", "cli-echo", "x", "--set", "memory.recall_k=many"],
            "--set memory.recall_k=many: memory.recall_k must be a whole",
        ),
        (["run", "cli-echo", "x", "--set", "memory.recall_k=-1"], "of at least 0, not -1"),
        (["agents", "show"], "Missing argument 'NAME'"),
        (["agents", "show", "cli-ecko"], "Did you mean 'cli-echo'"),
        (["agents", "lst"], "Did you mean 'list'?"),
        (["history", "list", "--limit", "0"], "0 is not in the range"),
        (["history", "list", "--status", "done"], "'done' is not one of"),
        (["history", "list", "--since", "yesterday"], "is no time"),
        (["history", "list", "--since", "9" * 400 + "d"], "is no time"),
        (["history", "show", "abc"], "there are no calls yet in"),
        (["history", "stats", "--hours", "-1"], "hours must be a number above 0"),
        (["history", "list", "--home", "pyproject.toml"], "--home 'pyproject.toml' is not a folder"),
        (["doctor", "--home", "pyproject.toml"], "is not a folder"),
        (["dashboard", "--hours", "-1"], "hours must be a number above 0"),
        (["dashboard", "--hours", "x"], "not a valid float"),
        (["config", "show", "memory.recal_k"], "Did you mean 'memory.recall_k'?"),
        (["config", "show", "a b"], "is no setting's name"),
        (["demo", "nowhere"], "does not exist"),
        (["demo", "--judge", "oracle"], "'oracle' is not one of"),
        (["maintain", "now"], "unexpected extra argument"),
        (["doctor", "--mend"], "No such option"),
        (["setup", "all"], "unexpected extra argument"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_bad_input_is_told_and_ends_with_2(orchestrate: Any, words: list[str], message: str, as_json: bool) -> None:
    given = ["--import", "cli_test_agents", *words]
    result = orchestrate(*given, *(["--json"] if as_json else []))
    assert result.exit_code == 2
    if as_json:
        document = json.loads(result.stdout)
        assert set(document) == {"error"}
        assert message in document["error"]["message"]
        assert document["error"]["code"]
        assert result.stderr == ""
    else:
        assert result.stdout == ""
        assert message in " ".join(result.stderr.split())
        assert "Traceback" not in result.stderr


# --- run --------------------------------------------------------------------------------------------------------------------------


def test_run_gives_the_answer_alone_on_standard_output(orchestrate: Any) -> None:
    result = orchestrate("run", "cli-echo", "hello", "--import", "cli_test_agents")
    assert (result.exit_code, result.stdout) == (0, "said: hello {}\n")
    assert "succeeded in" in result.stderr
    assert "orchestrate history show" in result.stderr


def test_run_as_json_is_the_whole_result(run_echo: Run, project: Path) -> None:
    document = run_echo("hello", "--feature", "f", "--session", "s", "--namespace", "n")
    assert document["ok"] is True
    assert document["output"] == "said: hello {}"
    assert (document["feature"], document["session"], document["namespace"]) == ("f", "s", "n")
    assert document["caller"] == "orchestrate run"
    assert document["error"] is None
    assert document["recorded"] is True
    assert (project / ".orchestrator" / "orchestrator.db").is_file()


@pytest.mark.parametrize(
    ("words", "context"),
    [
        (
            ["-c", "a=1", "-c", "b=text", "-c", 'c="1"', "-c", "d=[1]", "-c", "e="],
            {"a": 1, "b": "text", "c": "1", "d": [1], "e": ""},
        ),
        (["-c", '{"a": {"b": 1}, "c": 2}', "-c", "c=3"], {"a": {"b": 1}, "c": 3}),
        (["--path", ".", "--execute"], {"path": ".", "execute": True}),
        (["-c", "x=a=b"], {"x": "a=b"}),
    ],
)
def test_the_context_is_put_together(run_echo: Run, words: list[str], context: dict[str, object]) -> None:
    assert run_echo("r", *words)["output"] == f"said: r {context}"


def test_the_request_may_come_from_elsewhere(orchestrate: Any, project: Path) -> None:
    (project / "ask.txt").write_bytes("\ufeffwhät".encode())

    def said(request: str, stdin: bytes | None = None) -> str:
        words = ("run", "cli-echo", request, "--import", "cli_test_agents")
        return str(orchestrate.json(*words, stdin=stdin)["output"])

    assert said("-", "from stdin ü".encode()) == "said: from stdin ü {}"
    assert said("@ask.txt") == "said: whät {}"
    assert said("@@name") == "said: @name {}"


def test_a_request_that_is_no_text_is_told_so(orchestrate: Any, project: Path) -> None:
    result = orchestrate("run", "cli-echo", "-", "--import", "cli_test_agents", stdin=b"abc\xff")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "standard input is no UTF-8 (byte 0xff at 3)" in result.stderr
    (project / "bad.txt").write_bytes(b"\xfe")
    assert "bad.txt is no UTF-8" in orchestrate("run", "cli-echo", "@bad.txt", "--import", "cli_test_agents").stderr


def test_a_request_that_is_too_large_is_not_read_to_its_end(orchestrate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.cli.run_arguments.MAX_REQUEST_BYTES", 10)
    result = orchestrate("run", "cli-echo", "-", "--import", "cli_test_agents", stdin=b"x" * 50)
    assert result.exit_code == 2
    assert "larger than 10 bytes" in result.stderr


def test_a_failed_run_ends_with_1(orchestrate: Any, run_echo: Run) -> None:
    document = run_echo("way", agent="cli-broken", code=1)
    assert document["ok"] is False
    assert document["error"]["code"] == "run-failed"
    assert document["error"]["type"] == "ValueError"
    assert "no way" in document["error"]["message"]
    result = orchestrate("run", "cli-broken", "way", "--import", "cli_test_agents")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Error: agent 'cli-broken' failed: ValueError: no way" in result.stderr


def test_a_blocked_run_ends_with_3(orchestrate: Any, run_echo: Run) -> None:
    hidden = "hello" + chr(0xE0041)
    assert run_echo(hidden, code=3)["error"]["code"] == "run-blocked"
    result = orchestrate("run", "cli-echo", hidden, "--import", "cli_test_agents")
    assert (result.exit_code, result.stdout) == (3, "")


def test_an_odd_output_is_one_json_document_all_the_same(run_echo: Run) -> None:
    output = run_echo("x", agent="cli-odd")["output"]
    assert output["3"] == "three"
    assert output["half"] == "?"
    assert output["ring"] == ["…"]


def test_stages_and_limits_are_handed_on(run_echo: Run) -> None:
    document = run_echo("x", "--stage", "judge=off", "--stage", "recall=OFF", "--timeout", "5", "--deadline", "9")
    assert (document["stages"]["judge"]["status"], document["stages"]["recall"]["status"]) == ("off", "off")
    assert len(run_echo("x", "--once", agent="cli-broken", code=1)["attempts"]) == 1


def test_modules_of_the_settings_are_found_from_below(
    orchestrate: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "orchestrator.toml").write_text("[agents]\nmodules = ['cli_test_agents']\n", encoding="utf-8")
    below = project / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert orchestrate("run", "cli-echo", "hi").stdout == "said: hi {}\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(4)", "ended the program while it was imported (exit code 4)"),
        ("def broken(:", "SyntaxError"),
    ],
)
def test_a_module_that_breaks_is_named_with_its_cause(orchestrate: Any, project: Path, code: str, words: str) -> None:
    (project / "cli_breaking.py").write_text(code, encoding="utf-8")
    result = orchestrate("run", "cli-echo", "x", "--import", "cli_breaking")
    assert result.exit_code == 2
    assert "'cli_breaking'" in result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_own_files_do_not_stand_in_for_packages_afterwards(orchestrate: Any, project: Path) -> None:
    import sys

    assert orchestrate("run", "cli-echo", "x", "--import", "cli_test_agents").exit_code == 0
    assert sys.path.index(str(project)) == len(sys.path) - 1


# --- the others -------------------------------------------------------------------------------------------------------------------


def test_agents_are_listed_and_shown(orchestrate: Any) -> None:
    document = orchestrate.json("agents", "list", "--import", "cli_test_agents")
    agents = {agent["name"]: agent for agent in document["agents"]}
    assert agents["cli-echo"]["source"] == "cli_test_agents"
    assert sum(agent["source"] == "workbench" for agent in agents.values()) == 7
    shown = orchestrate("agents", "show", "cli-echo", "--import", "cli_test_agents").stdout
    for words in ("Says it back.", "request, context", "cli_test_agents:echo", "talk", "Nothing more."):
        assert words in shown


def test_history_is_listed_shown_and_summed_up(orchestrate: Any, run_echo: Run) -> None:
    first = run_echo("alpha")["execution_id"]
    run_echo("beta", agent="cli-broken", code=1)
    document = orchestrate.json("history", "list")
    assert [row["agent"] for row in document["executions"]] == ["cli-broken", "cli-echo"]
    only = orchestrate.json("history", "list", "--agent", "cli-echo", "--since", "1h", "-n", "5")
    assert [row["id"] for row in only["executions"]] == [first]
    assert orchestrate.json("history", "list", "--since", "2100-01-01")["executions"] == []
    listed = orchestrate("history", "list").stdout
    assert "ValueError: no beta" in listed
    shown = orchestrate("history", "show", first[:-2]).stdout
    for words in (first, "alpha", "said: alpha {}", "Trace", "invoke_agent cli-echo", "Verdict"):
        assert words in shown
    whole = orchestrate.json("history", "show", first)
    assert (whole["id"], whole["request"], whole["output"]) == (first, "alpha", "said: alpha {}")
    assert whole["spans"][0]["name"] == "invoke_agent cli-echo"
    stats = orchestrate.json("history", "stats")
    assert (stats["total"]["n"], stats["agents"]["cli-broken"]["failed"]) == (2, 1)
    assert "cli-broken" in orchestrate("history", "stats").stdout
    unknown = orchestrate("history", "show", "zzz")
    assert unknown.exit_code == 2
    assert "no execution has the id 'zzz'" in unknown.stderr


def test_looking_at_the_history_makes_no_store(orchestrate: Any, project: Path) -> None:
    for words in (("history", "list"), ("history", "stats")):
        looked = orchestrate(*words)
        assert looked.exit_code == 0
        assert looked.stdout.startswith(f"No calls yet in {project / '.orchestrator'}")
    assert orchestrate.json("history", "list") == {"executions": []}
    without_store = orchestrate.json("history", "stats", "--hours", "3")
    assert (without_store["hours"], without_store["total"]["n"], without_store["agents"]) == (3, 0, {})
    orchestrate("config", "show")
    orchestrate("doctor")
    assert not (project / ".orchestrator").exists()


def test_a_store_without_calls_has_the_same_form_as_none(orchestrate: Any) -> None:
    before = orchestrate.json("history", "stats")
    orchestrate("setup")
    after = orchestrate.json("history", "stats")
    assert {**before, "since": 0} == {**after, "since": 0}


def test_the_dashboard_is_written(orchestrate: Any, run_echo: Run, project: Path) -> None:
    run_echo()
    document = orchestrate.json("dashboard", "--hours", "2")
    assert Path(document["path"]).is_file()
    assert Path(document["latest"]).is_file()
    assert document["opened"] is False
    assert Path(orchestrate("dashboard").stdout.strip()).parent == project / ".orchestrator" / "dashboards"


@pytest.mark.parametrize("works", [True, False])
def test_the_dashboard_is_opened(orchestrate: Any, monkeypatch: pytest.MonkeyPatch, works: bool) -> None:
    opened: list[str] = []

    def browser(url: str) -> bool:
        opened.append(url)
        return works

    monkeypatch.setattr("webbrowser.open", browser)
    result = orchestrate("dashboard", "--open")
    assert result.exit_code == 0
    assert opened[0].startswith("file:///")
    assert ("No browser could be opened" in result.stderr) is not works


def test_maintain_prints_counts(orchestrate: Any, run_echo: Run) -> None:
    run_echo()
    report = orchestrate.json("maintain", "--set", "retention.history_days=0")
    assert report["executions_removed"] == 1
    assert "executions removed  0" in orchestrate("maintain").stdout


def test_config_tells_each_value_and_its_origin(
    orchestrate: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project / "orchestrator.toml"
    file.write_text("[memory]\nrecall_k = 1\ntoken_budget = 2\n", encoding="utf-8")
    monkeypatch.setenv("ORCHESTRATOR_MEMORY_TOKEN_BUDGET", "3")
    document = orchestrate.json("config", "show", "--set", "offline=no")
    place = os.path.realpath(file)
    assert document["settings"]["memory.recall_k"] == {"value": 1, "source": "file", "place": f"{place}:2"}
    assert document["settings"]["memory.token_budget"]["place"] == "ORCHESTRATOR_MEMORY_TOKEN_BUDGET"
    assert document["settings"]["offline"] == {"value": False, "source": "argument", "place": "offline"}
    assert document["settings"]["call.timeout_s"]["source"] == "default"
    assert document["file"] == place
    shown = orchestrate("config", "show", "memory", "--changed").stdout
    assert f"file {place}:2" in shown
    assert "memory.namespace" not in shown


def test_nothing_changed_is_said_in_words(orchestrate: Any) -> None:
    shown = orchestrate("config", "show", "memory", "--changed").stdout
    assert shown.startswith("Every setting is at its default.\n")


def test_a_value_that_cannot_be_shown_does_not_spoil_the_answer(orchestrate: Any, project: Path) -> None:
    code = """
from orchestrator import agent

@agent("cli-deep")
def deep(request):
    nested = []
    for _ in range(100_000):
        nested = [nested]
    return nested

class Mute:
    def __repr__(self):
        raise ValueError("no words")

@agent("cli-mute")
def mute(request):
    return Mute()
"""
    (project / "cli_unshowable.py").write_text(code, encoding="utf-8")
    for name, word in (("cli-deep", "RecursionError"), ("cli-mute", "ValueError")):
        done = orchestrate("run", name, "x", "--import", "cli_unshowable")
        assert done.exit_code == 0, done.output
        assert f"that cannot be shown as text ({word})" in done.stdout
        assert "succeeded" in done.stderr
    sys.modules.pop("cli_unshowable", None)


def test_a_module_that_fails_is_told_with_its_line(orchestrate: Any, project: Path) -> None:
    (project / "cli_failing.py").write_text("x = 1\nx / 0\n", encoding="utf-8")
    done = orchestrate("agents", "list", "--import", "cli_failing")
    assert done.exit_code == 2
    assert "ZeroDivisionError: division by zero. The module was found; running it failed at " in done.stderr
    assert "cli_failing.py:2." in done.stderr


def test_a_wrong_settings_file_is_told_with_its_line(orchestrate: Any, project: Path) -> None:
    (project / "orchestrator.toml").write_text("[memory]\n\nrecal_k = 1\n", encoding="utf-8")
    for words in (["config", "show"], ["run", "cli-echo", "x"], ["history", "list"], ["maintain"], ["setup"], ["demo"]):
        result = orchestrate(*words)
        assert result.exit_code == 2
        assert "orchestrator.toml:3: memory.recal_k is no setting. Did you mean 'memory.recall_k'?" in result.stderr
    document = orchestrate.json("history", "list", code=2)
    assert document["error"]["code"] == "settings"


def test_home_may_be_given_before_or_after_the_command(orchestrate: Any, tmp_path: Path) -> None:
    words = ("run", "cli-echo", "x", "--import", "cli_test_agents")
    assert orchestrate("--home", str(tmp_path / "one"), *words).exit_code == 0
    assert orchestrate(*words, "--home", str(tmp_path / "two")).exit_code == 0
    for name in ("one", "two"):
        assert (tmp_path / name / "orchestrator.db").is_file()


def test_a_store_that_cannot_be_used_ends_with_1(orchestrate: Any, project: Path) -> None:
    (project / ".orchestrator").write_text("a file in the folder's place", encoding="utf-8")
    document = orchestrate.json("run", "cli-echo", "x", "--import", "cli_test_agents", code=1)
    assert document["error"]["code"].startswith("store")
    assert "is not a folder" in document["error"]["message"]
    assert "is not a folder" in orchestrate.json("history", "list", code=1)["error"]["message"]


def test_setup_makes_the_store_and_tells_what_is_missing(orchestrate: Any, project: Path) -> None:
    document = orchestrate.json("setup")
    assert document["ready"] is True
    assert (project / ".orchestrator" / "orchestrator.db").is_file()
    steps = {step["name"]: step for step in document["steps"]}
    assert {"store", "embedding model", "Ollama"} <= set(steps)
    for step in steps.values():
        assert step["status"] == "ok" or (step["without"] and step["fix"])
    assert "is there already" in orchestrate("setup").stdout
    (project / ".orchestrator" / "orchestrator.db").write_bytes(b"no database at all" * 100)
    broken = orchestrate.json("setup", code=1)
    assert broken["ready"] is False


def test_a_bug_is_told_without_a_traceback(orchestrate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **more: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("orchestrator_core.configuration.sources.load_settings", broken)
    result = orchestrate("config", "show")
    assert result.exit_code == 1
    assert "ZeroDivisionError: planted. This is a bug in Magnus" in result.stderr
    assert "Traceback" not in result.stderr
    assert orchestrate.json("config", "show", code=1)["error"]["code"] == "internal"
    with pytest.raises(ZeroDivisionError):
        orchestrate("config", "show", "--debug")


def test_ctrl_c_ends_with_130(orchestrate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("orchestrator_core.configuration.sources.load_settings", interrupted)
    assert orchestrate("config", "show").exit_code == 130
    document = orchestrate.json("config", "show", code=130)
    assert document == {"error": {"code": "interrupted", "message": "interrupted"}}
