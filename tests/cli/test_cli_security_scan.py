"""``orchestrate security scan``: what it reads, what it prints in each format, and how it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orchestrator.cli.main import cli
from orchestrator.version import VERSION

BAD = "import os\nos.system('ls ' + input())\n"
MILD = "assert True\n"


def scan(*words: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(cli, ["security", "scan", *words], input=stdin)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    code = tmp_path / "code"
    (code / "in side").mkdir(parents=True)
    (code / "in side" / "bad.py").write_text(BAD, encoding="utf-8")
    (code / "good.py").write_text("print('fine')\n", encoding="utf-8")
    return code


def test_a_folder_is_walked_and_each_finding_has_line_weakness_and_fix(folder: Path) -> None:
    done = scan("code")
    assert done.exit_code == 1
    first, fix, last = done.stdout.splitlines()
    assert first.startswith("in side/bad.py:2: high: ")
    assert "[CWE-78]" in first
    assert "shlex.quote" in fix
    assert last == "2 files scanned, 1 finding: 1 high."


def test_nothing_found_ends_with_0(folder: Path) -> None:
    done = scan("code/good.py")
    assert (done.exit_code, done.stdout) == (0, "1 file scanned, 0 findings.\n")


def test_milder_findings_are_left_out_and_do_not_count(folder: Path) -> None:
    (folder / "mild.py").write_text(MILD, encoding="utf-8")
    assert scan("code/mild.py").exit_code == 1
    done = scan("code/mild.py", "--min-severity", "medium")
    assert (done.exit_code, "0 findings" in done.stdout) == (0, True)


def test_standard_input_may_be_python_or_markdown(folder: Path) -> None:
    assert "<stdin>:2: high" in scan("-", stdin=BAD).stdout
    assert "<stdin>:5: high" in scan("-", stdin=f"# Title\n\n```python\n{BAD}```\n").stdout
    assert scan("-", stdin="").exit_code == 0


def test_markdown_and_notebooks_are_read(folder: Path) -> None:
    (folder / "page.md").write_text(f"Text\n\n~~~py\n{BAD}~~~\n```python\ndef (\n```\n", encoding="utf-8")
    cells = [
        {"cell_type": "markdown", "source": ["eval(input())"]},
        {"cell_type": "code", "source": ["import os\n", "%matplotlib inline\n"]},
        {"cell_type": "code", "source": "x = 1\nos.system('ls ' + input())"},
    ]
    (folder / "book.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    done = scan("code")
    assert "page.md:5: high" in done.stdout
    assert "(code cell 2, line 2)" in done.stdout
    assert "page.md: the code at line 8: not scanned: syntax error" in done.stderr


def test_json_is_one_document_by_either_option(folder: Path) -> None:
    by_format, by_option = scan("code", "--format", "json"), scan("code", "--json")
    documents = [json.loads(done.stdout) for done in (by_format, by_option)]
    assert documents[0] == documents[1]
    (finding,) = documents[0]["findings"]
    assert (finding["path"], finding["line"], finding["severity"], finding["cwe"]) == (
        "in side/bad.py",
        2,
        "high",
        "CWE-78",
    )
    assert documents[0]["files"] == 2


def check_sarif(log: dict[str, Any]) -> dict[str, Any]:
    """What the SARIF 2.1.0 schema requires of the parts that are used here."""
    assert log["version"] == "2.1.0"
    assert log["$schema"].startswith("https://")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "Magnus"
    assert driver["version"] == VERSION
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        assert rule["helpUri"].startswith("https://cwe.mitre.org/")
        assert "security" in rule["properties"]["tags"]
        assert rule["shortDescription"]["text"] and rule["help"]["text"]
        assert 0 <= float(rule["properties"]["security-severity"]) <= 10
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("note", "warning", "error")
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert "\\" not in place["artifactLocation"]["uri"] and " " not in place["artifactLocation"]["uri"]
        assert not place["artifactLocation"]["uri"].startswith("/")
        assert place["region"]["startLine"] >= 1
    assert all(isinstance(invocation["executionSuccessful"], bool) for invocation in run["invocations"])
    return dict(run)


def test_sarif_is_valid_and_tells_rule_weakness_and_place(folder: Path) -> None:
    (folder / "broken.py").write_text("def (", encoding="utf-8")
    done = scan("code", "--format", "sarif")
    run = check_sarif(json.loads(done.stdout))
    assert done.exit_code == 1
    (result,) = run["results"]
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "in%20side/bad.py"
    assert "external/cwe/cwe-078" in run["tool"]["driver"]["rules"][0]["properties"]["tags"]
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "broken.py" in note["message"]["text"]


def test_sarif_of_nothing_is_valid(folder: Path) -> None:
    assert check_sarif(json.loads(scan("code/good.py", "--format", "sarif").stdout))["results"] == []


def test_what_cannot_be_read_gets_a_line_and_the_others_go_on(folder: Path) -> None:
    (folder / "latin.py").write_bytes(b"x = '\xe9'\n")
    (folder / "binary.py").write_bytes(b"\0\1\2")
    (folder / "broken.py").write_text("def (", encoding="utf-8")
    (folder / "huge.py").write_text("x = 1\n" * 200_000, encoding="utf-8")
    (folder / "loop.py").symlink_to("loop.py")
    (folder / "around").symlink_to(".", target_is_directory=True)
    done = scan("code")
    assert done.exit_code == 1
    assert "bad.py:2: high" in done.stdout
    for name in ("latin.py", "binary.py", "broken.py", "huge.py", "loop.py"):
        assert [line for line in done.stderr.splitlines() if name in line], name
        assert name not in done.stdout


def test_a_file_that_may_not_be_read_gets_a_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "closed.py").write_text(BAD, encoding="utf-8")
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:  # root reads whatever the mode says
        if path.name == "closed.py":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "closed.py: cannot be read" in scan("code").stderr


@pytest.mark.parametrize(
    "words", [("missing.py",), (), ("code", "--format", "xml"), ("code", "--min-severity", "grave"), ("empty",)]
)
def test_usage_errors_end_with_2(folder: Path, words: tuple[str, ...]) -> None:
    (folder.parent / "empty").mkdir()
    done = scan(*words)
    assert done.exit_code == 2
    assert done.stdout == ""


def test_a_single_file_that_cannot_be_scanned_ends_with_2(folder: Path) -> None:
    (folder / "binary.py").write_bytes(b"\0\1\2")
    assert scan("code/binary.py").exit_code == 2


def test_utf16_and_byte_order_marks_are_read(folder: Path) -> None:
    (folder / "wide.py").write_bytes(BAD.encode("utf-16"))
    (folder / "mark.py").write_bytes(b"\xef\xbb\xbf" + BAD.encode())
    assert ":2: high" in scan("code/wide.py").stdout
    assert ":2: high" in scan("code/mark.py").stdout


def test_deep_says_when_semgrep_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    done = scan("code", "--deep")
    assert done.exit_code == 1
    assert "semgrep is not installed" in done.stderr


RESULT = (
    "{'results': [{'check_id': 'a.request-to-shell', 'path': path, 'start': {'line': 1}, 'extra': "
    "{'message': 'A value\\n reaches a shell', 'severity': 'ERROR', 'metadata': {'cwe': 'CWE-78'}}}]}"
)
FAKE = """#!{python}
import json, sys
assert "--metrics=off" in sys.argv and "--disable-version-check" in sys.argv, sys.argv
assert any(word.startswith("--config=") and word.endswith("semgrep_rules.yaml") for word in sys.argv)
path = next(word for word in sys.argv if word.endswith("good.py"))
print({answer})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a script with a first line")
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            f"json.dumps({RESULT})",
            "good.py:1: high: semgrep.request-to-shell [CWE-78] A value reaches a shell.",
        ),
        ("'no json'", "semgrep's answer cannot be read"),
        ("json.dumps({'results': [{}]})", "semgrep's answer cannot be read"),
    ],
)
def test_deep_joins_what_semgrep_says(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, told: str) -> None:
    program = folder.parent / "bin" / "semgrep"
    program.parent.mkdir()
    program.write_text(FAKE.format(python=sys.executable, answer=answer), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    done = scan("code", "--deep")
    assert told in done.stdout + done.stderr
    assert "bad.py:2: high" in done.stdout
