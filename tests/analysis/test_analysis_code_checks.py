"""bandit, ruff and the complexity measures on one text, whatever the text."""

from __future__ import annotations

import logging
import warnings

import pytest

from orchestrator_core.analysis import bandit_scan, complexity, ruff_check, syntax

HARD_TO_FOLLOW = """
def grade(a, b, c):
    for x in a:
        if x and b:
            while c:
                if x == c or b == c:
                    c -= 1
                elif x:
                    return 1
    return 2
"""


def test_bandit_names_rule_line_severity_and_weakness() -> None:
    source = (
        "import sqlite3\n\n\ndef find(db, name):\n    return db.execute(f\"select * from t where name = '{name}'\")\n"
    )
    [finding] = bandit_scan.scan_source(source, "shop.py").findings
    assert (finding.rule, finding.path, finding.line, finding.severity, finding.cwe) == (
        "B608",
        "shop.py",
        5,
        "medium",
        "CWE-89",
    )
    assert 0 < finding.confidence < 1
    clean = source.replace("f\"select * from t where name = '{name}'\"", '"select * from t where name = ?", (name,)')
    assert bandit_scan.scan_source(clean) == bandit_scan.BanditReport()


def test_nosec_does_not_silence_bandit() -> None:
    assert [f.rule for f in bandit_scan.scan_source("eval(input())  # nosec\n").findings] == ["B307"]


@pytest.mark.parametrize(
    "line", ["password = 'V'", "connect(password='V')", "def f(password='V'): ...", "if password == 'V': ..."]
)
def test_bandit_findings_do_not_repeat_the_password(line: str) -> None:
    value = "s3cr" + "et-" + "Value"
    report = bandit_scan.scan_source(line.replace("V", value) + "\n")
    assert [f.rule for f in report.findings]
    assert value not in repr(report)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(:\n", "syntax error"),
        ("\0", "null byte"),
        ("(" * 300, "too many nested parentheses"),
        ("not " * 100_000 + "1", "not scanned"),
        ("x = " + "-" * 2_900 + "1", "not scanned"),
        ("1" + "+1" * 20_000, "recursion"),
    ],
    ids=lambda value: value[:12],
)
def test_a_text_that_cannot_be_read_is_not_scanned(source: str, reason: str) -> None:
    report = bandit_scan.scan_source(source)
    assert report.findings == ()
    assert report.error.startswith("not scanned")
    assert reason in report.error
    measured = complexity.measure(source)
    assert measured.error
    assert (measured.functions, measured.maintainability) == ((), None)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "\n",
        "# only a comment",
        "\ufeffx = 1\n",
        "x = '\udcff'\n",
        "a = 1\r\nb = 2\rc = 3\n",
        "# coding: none\nx = 1\n",
    ],
)
def test_odd_but_valid_texts_are_read(source: str) -> None:
    assert bandit_scan.scan_source(source) == bandit_scan.BanditReport()
    assert ruff_check.check_source(source) == ()
    assert complexity.measure(source).error == ""


def test_a_coding_line_cannot_show_bandit_other_code() -> None:
    # Read as UTF-7, the second line would be a harmless comment.
    source = "# coding: utf-7\neval(input())\n"
    assert [f.line for f in bandit_scan.scan_source(source).findings] == [2]
    assert syntax.plain(source).splitlines()[1] == "eval(input())"


def test_scanned_texts_neither_warn_nor_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    source = "pattern = '\\d'\nif pattern is 'x':\n    pass\n"
    with warnings.catch_warnings(record=True) as caught, caplog.at_level(logging.WARNING):
        warnings.simplefilter("always")
        bandit_scan.scan_source(source)
        complexity.measure(source)
        syntax.parse(source)
    assert caught == []
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_ruff_names_mistakes() -> None:
    found = ruff_check.check_source("import os\n\n\ndef f(x=[]):\n    return y\n")
    assert [(f.rule, f.line, f.severity) for f in found] == [
        ("F401", 1, "medium"),
        ("B006", 4, "medium"),
        ("F821", 5, "high"),
    ]


def test_ruff_ignores_noqa_and_a_settings_file(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))
    with open("ruff.toml", "w", encoding="utf-8") as file:
        file.write('lint.ignore = ["F401"]\n')
    assert [f.rule for f in ruff_check.check_source("# ruff: noqa\nimport os  # noqa\n")] == ["F401"]


def test_a_text_that_does_not_parse_is_a_finding() -> None:
    assert {f.rule for f in ruff_check.check_source("def f(:\n")} == {ruff_check.SYNTAX_RULE}


def test_a_text_that_ends_ruff_is_a_finding() -> None:
    [finding] = ruff_check.check_source("1" + "+1" * 200_000)
    assert (finding.rule, finding.severity) == (ruff_check.NOT_CHECKED, "high")


def test_one_file_that_ends_ruff_does_not_hide_the_others(tmp_path: object) -> None:
    from pathlib import Path

    root = Path(str(tmp_path))
    (root / "deep.py").write_text("1" + "+1" * 200_000)
    for name in ("a.py", "b.py", "-odd name.py"):
        (root / name).write_text("import os\n")
    found = ruff_check.check_paths(root, ["a.py", "b.py", "deep.py", "-odd name.py"])
    assert [(f.path, f.rule) for f in found] == [
        ("-odd name.py", "F401"), ("a.py", "F401"), ("b.py", "F401"), ("deep.py", ruff_check.NOT_CHECKED),
    ]  # fmt: skip


def test_ruff_out_of_time_and_unknown_rules_are_errors() -> None:
    with pytest.raises(TimeoutError, match="within"):
        ruff_check.check_source("x = 1\n", timeout_s=1e-6)
    with pytest.raises(ValueError, match="NOPE"):
        ruff_check.check_source("x = 1\n", select=["NOPE"])


def test_complexity_of_functions_and_methods() -> None:
    source = f"""{HARD_TO_FOLLOW}
class Cart:
    @property
    def total(self):
        if self:
            return (
                1
            )

    @total.setter
    def total(self, value):
        pass

    class Line:
        async def price(self):
            def inner():
                if self: pass
            return inner
"""
    functions = complexity.measure(source).functions
    assert [(f.name, f.line, f.lines) for f in functions] == [
        ("grade", 2, 9), ("Cart.total", 14, 5), ("Cart.total", 21, 2), ("Cart.Line.price", 25, 4),
    ]  # fmt: skip
    by_line = {f.line: f for f in functions}
    # 1 + for + if + and + while + if + or + elif
    assert by_line[2].cyclomatic == 8
    # for 1, if 2, and 1, while 3, if 4, or 1, elif 1
    assert by_line[2].cognitive == 13
    assert (by_line[14].cyclomatic, by_line[14].cognitive) == (2, 1)
    assert (by_line[21].cyclomatic, by_line[21].cognitive) == (1, 0)
    assert all(f.cognitive is not None for f in functions)


def test_an_ignore_comment_does_not_hide_complexity() -> None:
    hidden = HARD_TO_FOLLOW.replace("c):", "c):  # complexipy: ignore  # noqa: complexipy")
    assert (
        complexity.measure(hidden).functions[0].cognitive == complexity.measure(HARD_TO_FOLLOW).functions[0].cognitive
    )


def test_maintainability_falls_with_size() -> None:
    small, large = complexity.measure("x = 1\n"), complexity.measure(HARD_TO_FOLLOW * 20)
    assert small.maintainability is not None
    assert large.maintainability is not None
    assert 0 <= large.maintainability < small.maintainability <= 100


def test_a_table_of_data_is_scanned_whole_and_has_no_maintainability() -> None:
    rows = "".join(f"    'key{n}': 'value {n}',\n" for n in range(4000))
    source = f"TABLE = {{\n{rows}}}\n\n\ndef find(key):\n    return eval(TABLE[key])\n"
    assert [(f.rule, f.line) for f in bandit_scan.scan_source(source).findings] == [("B307", 4006)]
    measured = complexity.measure(source)
    assert [f.name for f in measured.functions] == ["find"]
    assert measured.maintainability is None
