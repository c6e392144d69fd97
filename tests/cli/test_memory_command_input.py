"""Whatever is typed behind ``orchestrate memory``: an answer or a message that says what to do, never a crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ODD_TEXTS = (
    '"', "NEAR(", "*", "-", "a AND OR b", "text:x", "^x", "(((", "'; DROP TABLE memories; --", "?!…", "🦊", "日本語の文", "שלום עולם",
    "a\0b", "\ud800x", "\u202eevil", "\x1b[31mred", "%s %n {}", "\ufeffbom", "e\u0301\u0301",
)  # fmt: skip


def messages(result: Any) -> str:
    return " ".join(result.stderr.split())


@pytest.mark.parametrize("command", ["search", "explain"])
@pytest.mark.parametrize("query", ["", " ", *ODD_TEXTS], ids=ascii)
def test_any_text_is_a_query(orchestrate: Any, command: str, query: str) -> None:
    orchestrate("memory", "add", "A fox of the text called x.", "--set", "memory.embedding=none")
    result = orchestrate("memory", command, "--set", "memory.embedding=none", "--", query)
    assert result.exit_code == 0, result.stderr
    document = json.loads(
        orchestrate("memory", command, "--json", "--set", "memory.embedding=none", "--", query).stdout
    )
    assert "error" not in document


@pytest.mark.parametrize("text", [text for text in ODD_TEXTS if text != "-"], ids=ascii)
def test_any_text_is_a_memory(orchestrate: Any, text: str) -> None:
    added = orchestrate("memory", "add", "--no-wait", "--key", text, "--author", text, "--", text)
    assert added.exit_code == 0, added.stderr
    memory_id = added.stdout.strip()
    for words in (("show", memory_id), ("list",), ("search", "fox")):
        result = orchestrate("memory", *words)
        assert result.exit_code == 0, result.stderr
        assert not {"\x1b", "\u202e", "\0"} & set(result.stdout)
    lines = orchestrate("memory", "export", "-").stdout.splitlines()
    assert json.loads(lines[1])["text"] == orchestrate.json("memory", "show", memory_id)["text"]


def test_a_query_of_a_megabyte(orchestrate: Any) -> None:
    orchestrate("memory", "add", "The fox in the snow.")
    assert "The fox" in orchestrate("memory", "search", "fox snow " * 120_000).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["memory"], "Usage: orchestrate memory"),
        (["memory", "serach"], "No such command 'serach'"),
        (["memory", "add", ""], "a memory is a text with at least one visible character"),
        (["memory", "add", "x" * 1_000_001], "at most 1,000,000 characters, got 1,000,001"),
        (["memory", "add", "x", "--tier", "tsaks"], "'tsaks' is not one of"),
        (["memory", "add", "x", "--trust", "1.5"], "trust is a number from 0 to 1"),
        (["memory", "add", "x", "--trust", "nan"], "trust is a number from 0 to 1"),
        (["memory", "add", "x", "--expires", "-1"], "expires_in_s is a number of 0 or more"),
        (["memory", "add", "x", "--at", "yesterday"], "--at 'yesterday' is no time"),
        (["memory", "add", "x", "--meta", "novalue"], "--meta 'novalue' must be KEY=VALUE"),
        (["memory", "add", "x", "--namespace", " "], "a namespace is a short name"),
        (["memory", "add", "x", "--key", "k" * 501], "key has at most 500 characters"),
        (["memory", "search"], "Missing argument 'QUERY'"),
        (["memory", "search", "x", "-k", "0"], "0 is not in the range"),
        (["memory", "search", "x", "-k", "-1"], "-1 is not in the range"),
        (["memory", "search", "x", "-k", "many"], "'many' is not a valid integer"),
        (["memory", "search", "x", "--until", "soon"], "--until 'soon' is no time"),
        (["memory", "list", "--offset", "-1"], "-1 is not in the range"),
        (["memory", "list", "--tier", "all"], "'all' is not one of"),
        (["memory", "show", "mem-nothing"], "there is no memory of the id 'mem-nothing'"),
        (["memory", "show", "fax-machine-1"], "Did you mean 'fax-machine-"),
        (["memory", "show", "fax"], "A shortened id has 4 characters or more"),
        (["memory", "show", "fax-"], "several memories have an id that begins so: fax-machine-2, fax-machine-3"),
        (["memory", "show", ""], "an id is a text that is not empty"),
        (["memory", "show", "a\0b"], "an id is a text that is not empty"),
        (["memory", "show", "\ud800\ud800\ud800\ud800"], "there is no memory of the id"),
        (["memory", "show", "%%%%"], "there is no memory of the id"),
        (["memory", "pin", "nowhere-1"], "there is no memory of the id"),
        (["memory", "release", "nowhere-1"], "there is no memory of the id"),
        (["memory", "forget", "--yes"], "takes exactly one of ID, --key and --query"),
        (["memory", "forget", "fax-machine-2", "--key", "k", "--yes"], "takes exactly one of ID, --key and --query"),
        (["memory", "forget", "nowhere-1", "--yes"], "there is no memory of the id"),
        (["memory", "forget", "--query", "...", "--yes"], "no word to look for"),
        (["memory", "forget", "--query", "", "--dry-run"], "no word to look for"),
        (["memory", "forget", "fax-machine-2"], "add --yes to forget without asking"),
        (["memory", "export"], "Missing argument 'FILE'"),
        (["memory", "export", "missing/out.jsonl"], "cannot be written: No such file"),
        (["memory", "export", "."], "is no plain file"),
        (["memory", "export", "out.jsonl", "--namespace", ""], "a namespace is a short name"),
        (["memory", "import", "nowhere.jsonl"], "cannot be read: No such file"),
        (["memory", "import", "."], "cannot be read"),
        (["memory", "import", "newer.jsonl"], "has version 99 of the format, and this Magnus knows 1: upgrade Magnus"),
    ],
    ids=lambda value: " ".join(value)[:40].encode("ascii", "replace").decode() if isinstance(value, list) else "",
)
@pytest.mark.parametrize("as_json", [False, True])
def test_bad_input_ends_with_2(orchestrate: Any, project: Path, words: list[str], message: str, as_json: bool) -> None:
    (project / "newer.jsonl").write_text('{"magnus": "memories", "version": 99}\n', encoding="utf-8")
    for number, colour in ((2, "grey"), (3, "white")):
        orchestrate("memory", "add", f"The fax machine is {colour}.", "--id", f"fax-machine-{number}", "--no-wait")
    result = orchestrate(*words, *(["--json"] if as_json else []))
    assert result.exit_code == 2
    if as_json:
        error = json.loads(result.stdout)["error"]
        assert (message in error["message"] or words == ["memory"]) and error["code"]
    else:
        assert message in messages(result)
        assert "Traceback" not in result.stderr and "bug in Magnus" not in result.stderr
    assert len(orchestrate.json("memory", "list")["memories"]) == 2


@pytest.mark.parametrize(
    "words",
    [
        ("search", "x"), ("explain", "x"), ("list",), ("stats",),
    ],
)  # fmt: skip
def test_looking_makes_no_store(orchestrate: Any, project: Path, words: tuple[str, ...]) -> None:
    result = orchestrate("memory", *words)
    assert result.exit_code == 0 and "no memories yet in" in result.stdout
    assert "error" not in orchestrate.json("memory", *words)
    assert not (project / ".orchestrator").exists()


@pytest.mark.parametrize("words", [("show", "x"), ("pin", "x"), ("forget", "x", "--yes"), ("export", "out.jsonl")])
def test_without_a_store_there_is_nothing_to_change(orchestrate: Any, project: Path, words: tuple[str, ...]) -> None:
    result = orchestrate("memory", *words)
    assert result.exit_code == 2 and "there are no memories yet in" in messages(result)
    assert not (project / ".orchestrator").exists() and not (project / "out.jsonl").exists()


def test_a_store_that_is_no_folder_is_named(orchestrate: Any, project: Path) -> None:
    (project / ".orchestrator").write_text("a file", encoding="utf-8")
    for words in (("list",), ("add", "x"), ("show", "x")):
        result = orchestrate("memory", *words)
        assert result.exit_code == 1 and "is not a folder" in messages(result)


def test_a_damaged_store_is_named(orchestrate: Any, project: Path) -> None:
    orchestrate("memory", "add", "Soon unreadable.", "--no-wait")
    (project / ".orchestrator" / "orchestrator.db").write_bytes(b"no database at all" * 1_000)
    for words in (("list",), ("search", "x"), ("stats",)):
        result = orchestrate("memory", *words)
        assert result.exit_code == 1 and "doctor --repair" in messages(result)


def test_nothing_on_standard_input_is_told(orchestrate: Any) -> None:
    assert "at least one visible character" in messages(orchestrate("memory", "add", stdin=b""))
    result = orchestrate("memory", "add", "-", stdin=b"caf\xe9")
    assert result.exit_code == 2 and "is no UTF-8 (byte 0xe9 at 3)" in messages(result)


def test_export_to_standard_output_and_json_exclude_each_other(orchestrate: Any) -> None:
    error = orchestrate.json("memory", "export", "-", code=2)["error"]
    assert "name a file" in error["message"]


@pytest.mark.skipif(os.name != "posix", reason="closes a pipe early, as head does")
def test_a_closed_pipe_is_no_error(orchestrate: Any, project: Path) -> None:
    lines = "\n".join(json.dumps({"text": f"Fact number {number}: " + "word " * 50}) for number in range(2_000))
    (project / "many.jsonl").write_text(lines, encoding="utf-8")
    assert orchestrate("memory", "import", "many.jsonl", "--set", "memory.embedding=none").exit_code == 0
    export = subprocess.Popen(
        [sys.executable, "-m", "orchestrator", "memory", "export", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert export.stdout is not None and export.stderr is not None
    assert export.stdout.readline().startswith(b'{"magnus"')
    export.stdout.close()
    assert export.stderr.read() == b""
    assert export.wait(60) == 0
    export.stderr.close()


def test_nothing_heavy_is_loaded_for_help_and_lists(orchestrate: Any, project: Path) -> None:
    orchestrate("memory", "add", "Light as a feather.", "--no-wait")
    code = (
        "import sys\n"
        "from orchestrator.cli.main import cli\n"
        "try:\n    cli.main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'onnxruntime', 'tokenizers', 'chromadb', 'torch', 'sqlite_utils', 'rich', 'transformers'}\n"
        "print('loaded:', sorted(heavy & {name.partition('.')[0] for name in sys.modules}))"
    )
    for words in (
        ("--help",),
        ("memory", "--help"),
        ("memory", "list"),
        ("memory", "show", "mem-"),
        ("memory", "export", "-"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=True
        )
        assert done.stdout.splitlines()[-1] == "loaded: []", words


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_may_be_imported(orchestrate: Any, data: bytes) -> None:
    for words in ((), ("--text",), ("--skip-bad",)):
        result = orchestrate("memory", "import", "-", *words, "--set", "memory.embedding=none", stdin=data)
        assert result.exit_code in (0, 1, 2)
        assert "bug in Magnus" not in result.stderr
