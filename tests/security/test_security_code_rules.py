"""Insecure programs and their secure twins, by weakness: the data beside this file in ``code_twins``.

Titles that end with ``(low)`` name what the scanner can only hint at: that a check is missing, or that a size has no limit.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_core.analysis.code_scan import scan_python

SEEN = ("medium", "high")
HINTS = ("B404", "B413", "B603", "B607")
"""bandit's remarks on an import or on any subprocess at all; they find nothing."""


class Twins(NamedTuple):
    title: str
    insecure: str
    secure: str


def twins() -> list[Twins]:
    found = []
    for path in sorted((Path(__file__).parent / "code_twins").glob("*.txt")):
        for part in path.read_text(encoding="utf-8").split("## ")[1:]:
            title, _, code = part.partition("\n")
            insecure, cut, secure = code.partition("\n---\n")
            assert cut, title
            found.append(Twins(title, insecure, secure))
    return found


TWINS = twins()


@pytest.mark.parametrize("pair", TWINS, ids=[pair.title for pair in TWINS])
def test_the_insecure_twin_is_found_and_the_secure_one_is_not(pair: Twins) -> None:
    insecure, secure = scan_python(pair.insecure), scan_python(pair.secure)
    assert (insecure.error, secure.error) == ("", "")
    enough = ("low", *SEEN) if pair.title.endswith(" (low)") else SEEN
    assert [f for f in insecure.findings if f.severity in enough and not f.rule.startswith(HINTS)], "missed"
    assert [(f.rule, f.line) for f in secure.findings if f.severity in SEEN] == []


@pytest.mark.parametrize("pair", TWINS, ids=[pair.title for pair in TWINS])
def test_each_finding_says_where_what_kind_and_what_to_write_instead(pair: Twins) -> None:
    for finding in scan_python(pair.insecure, "app.py").findings:
        assert finding.path == "app.py"
        assert 1 <= finding.line <= pair.insecure.count("\n") + 1
        assert finding.cwe.startswith("CWE-")
        assert finding.fix


def test_there_is_one_finding_for_one_weakness_on_one_line() -> None:
    findings = scan_python("import subprocess\nsubprocess.run('ls ' + input(), shell=True)\n").findings
    assert len({(f.line, f.cwe) for f in findings}) == len(findings)


def test_nosec_switches_nothing_off() -> None:
    assert [f for f in scan_python("eval(input())  # nosec\n").findings if f.severity == "high"]


def test_a_secret_never_stands_in_a_finding() -> None:
    value = "Zk8-" + "q7Lm2xV9"
    findings = scan_python(
        f"password = {value!r}\nclient(token={value!r})\nlogin('ada', {{'api_key': {value!r}}})\n"
    ).findings
    assert findings
    assert value not in repr(findings)


def test_what_is_harmless_on_one_line_does_not_hide_what_is_not() -> None:
    code = "import os, shlex\ndef f(a, b):\n    os.system('x ' + shlex.quote(a)); os.system('y ' + b)\n"
    assert [f.line for f in scan_python(code).findings if f.severity in SEEN] == [3]


def test_a_check_counts_only_where_it_decides() -> None:
    code = (
        "import os\n"
        "def f(name):\n"
        "    if name in ('a', 'b'):\n"
        "        os.system('run ' + name)\n"
        "    else:\n"
        "        os.system('run ' + name)\n"
    )
    assert {f.line for f in scan_python(code).findings if f.severity in SEEN} == {6}


def test_a_value_is_followed_through_closures_and_branches() -> None:
    code = (
        "import os\n"
        "def outer(name):\n"
        "    def inner():\n"
        "        os.system(command)\n"
        "    command = 'ls'\n"
        "    if name:\n"
        "        command = 'ls ' + name\n"
        "    os.system(command)\n"
        "    return inner\n"
    )
    assert 8 in {f.line for f in scan_python(code).findings if f.severity in SEEN}


@pytest.mark.parametrize(
    "code",
    [
        "",
        "\n" * 5000,
        "x = " + "(" * 80 + "1" + ")" * 80,
        "x = " + "+".join(["a"] * 3000),
        "if a:\n    pass\n" + "elif b:\n    pass\n" * 2000,
        "def f(x):\n" + "".join(f"    v{i} = x\n    if x:\n        y = v{i}\n" for i in range(1500)),
        "x = f\"{f'{f1}'}\"\n" * 50,
        "import re\nre.compile('" + "(" * 90 + "a" + ")*" * 90 + "')\n",
        "import re\nre.compile('" + "|".join(["a"] * 900) + "')\n",
        "\ufeffeval(x)\n",
        "# coding: utf-7\neval(x)\n",
        "match x:\n    case {'a': [1, *rest]} if rest:\n        pass\n",
        "lambda *a, b=1, **k: (yield)\n",
        "async def f():\n    async with a as (b, c):\n        async for d in b:\n            await d\n",
        "try:\n    pass\nexcept* ValueError as e:\n    print(e)\n",
        "del x.y, z[0]\nglobal_ = [*a, *b]\nd = {**a, 'b': 1}\n",
    ],
)
def test_odd_code_ends_in_an_answer(code: str) -> None:
    report = scan_python(code)
    assert isinstance(report.findings, tuple)
    assert report.error == "" or "stopped" in report.error or "not scanned" in report.error


@pytest.mark.parametrize("code", ["def (", "x = 1\x00", "(" * 5000, "\ud800 = 1", "\tx\n y"])
def test_what_does_not_parse_is_not_scanned(code: str) -> None:
    assert "not scanned" in scan_python(code).error


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([pair.insecure for pair in TWINS]), min_size=2, max_size=4))
def test_findings_of_joined_programs_keep_their_places(programs: list[str]) -> None:
    """Functions of one file do not change each other's findings: what the first program has alone it has in company."""
    first = {(f.line, f.rule) for f in scan_python(programs[0]).findings if f.rule == "evaluated-text"}
    together = {(f.line, f.rule) for f in scan_python("\n".join(programs)).findings if f.rule == "evaluated-text"}
    assert first <= together


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abx()[]{}=:,.'\"\n \t+*#@0", max_size=120))
def test_any_text_ends_in_an_answer(text: str) -> None:
    report = scan_python(text)
    assert report.error == "" or report.error.startswith(("not scanned", "own rules"))
