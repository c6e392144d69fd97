"""The walk asks bandit's checks exactly what bandit's own visitor asks them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from orchestrator_core.analysis import bandit_scan
from orchestrator_core.analysis.bandit_checks import CHAIN_STEPS_MAX, reads_as_sql

_ROOT = Path(__file__).parents[2]
_FILES = sorted([*(_ROOT / "tests" / "security").rglob("*.py"), *(_ROOT / "core").rglob("*.py")])
_WORDS = "import os as o\nfrom subprocess import Popen as P\nimport telnetlib\n"
_ODD = (
    _WORDS + "P('ls ' + x, shell=True)\no.system('chmod * ' + y)\n",
    "def f(db, a):\n    db.execute('select ' + a + ' from t')\n    db.execute('update {} set x'.format(a))\n",
    "q = f'{a} insert into {b} values (1)'\nq2 = 'delete from x'.replace('x', y)\nq3 = 'a' + ('b' + 'select 1 from ' + c)\n",
    "d = {'password': 'x', 'user': 'y', **e, 'token': 1, 'b': 'secret', z: 'pwd'}\nd['secret'] = 'v'\n",
    "x = 'a\u202eb'  # \u2066\ny = '\u200f'\n",
    "try:\n    pass\nexcept Exception:\n    pass\nfor a in b:\n    try:\n        pass\n    except Exception:\n        continue\n",
    "from . import pickle\nimport pickle\npickle.loads(b'/tmp/x')\nassert True\nopen('/tmp/y')\n__import__('telnetlib')\n",
    "def g(password='x', *, ssl_version=ssl.PROTOCOL_SSLv2): ...\nasync def h(token='y'): ...\ng((1, [2, (3,)]), **{'a': 1})\n",
    "s = 'docstring'\n'not a check'\nb'bytes'\nt = '/tmp/a', '0.0.0.0', b'/tmp/b'\n",
)  # fmt: skip


def _by_bandit(source: str) -> list[tuple[Any, ...]]:
    """What bandit's own visitor says."""
    from bandit.core.config import BanditConfig  # type: ignore[import-untyped]
    from bandit.core.meta_ast import BanditMetaAst  # type: ignore[import-untyped]
    from bandit.core.metrics import Metrics  # type: ignore[import-untyped]
    from bandit.core.node_visitor import BanditNodeVisitor  # type: ignore[import-untyped]
    from bandit.core.test_set import BanditTestSet  # type: ignore[import-untyped]

    data = source.encode("utf-8")
    checks = BanditTestSet(BanditConfig(), {})
    visitor = BanditNodeVisitor("./text.py", io.BytesIO(data), BanditMetaAst(), checks, False, {}, Metrics())
    visitor.process(data)
    return sorted((i.lineno, i.test_id, i.severity.lower()) for i in visitor.tester.results)


def _by_walk(source: str) -> list[tuple[Any, ...]]:
    report = bandit_scan.scan_source(source)
    assert not report.error
    return sorted((found.line, found.rule, found.severity) for found in report.findings)


@pytest.mark.parametrize("source", _ODD)
def test_every_check_is_asked_the_same(source: str) -> None:
    bandit_scan.scan_source("")  # imports bandit with its warnings muted
    assert _by_walk(source) == _by_bandit(source) != []


def test_whole_files_are_judged_as_bandit_judges_them() -> None:
    bandit_scan.scan_source("")
    found = 0
    for file in _FILES:
        source = file.read_text(encoding="utf-8").replace("nosec", "n0sec")
        expected = _by_bandit(source)
        assert _by_walk(source) == expected, file
        found += len(expected)
    assert found > 100


def test_a_sum_of_too_many_strings_is_not_passed_off_as_clean() -> None:
    sums = "\n".join(f"x{i} = 'select a from b' + " + " + ".join(["y"] * 400) for i in range(CHAIN_STEPS_MAX // 300))
    report = bandit_scan.scan_source(sums)
    assert report.error
    assert {found.rule for found in report.findings} <= {"B608"}


@pytest.mark.parametrize(
    ("statement", "sql"),
    [
        ("select a from b", True), ("SELECT\n*\nFROM\nx", True), ("from a select b", False), ("select a", False),
        ("delete from b", True), ("delete all from b", False), ("insert into t values(1)", True), ("insert into t (a)", False),
        ("update t set x", True), ("settle the update", False), ("", False),
    ],
)  # fmt: skip
def test_sql_is_read_as_bandit_reads_it(statement: str, *, sql: bool) -> None:
    bandit_scan.scan_source("")  # imports bandit with its warnings muted
    from bandit.plugins.injection_sql import SIMPLE_SQL_RE  # type: ignore[import-untyped]

    assert reads_as_sql(statement) is sql is (SIMPLE_SQL_RE.search(statement) is not None)
