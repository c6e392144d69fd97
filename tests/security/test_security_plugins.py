"""Scanners of other packages: found, kept to their deadline, and never able to stop a call by being broken."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard
from orchestrator_security.contract import ScanContext
from orchestrator_security.plugins.installed import installed_scanners, plugin_of
from orchestrator_security.plugins.watched import ScannerHangs, Watched
from orchestrator_security.scanner import Hit

MODULE = """
from orchestrator_security.scanner import Hit

class Licences:
    name = "licences"
    categories = ("licence",)
    def prefilter(self, text, context):
        return "GPL" in text
    def scan(self, text, context):
        at = text.index("GPL")
        return [Hit("licence.gpl", "licence", at, at + 3, message="a copyleft licence")]

def odd():
    return 3

def broken():
    raise SystemExit(9)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A little distribution as pip would install it."""
    (tmp_path / "magnus_licences.py").write_text(MODULE)
    info = tmp_path / "magnus_licences-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: magnus-licences\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[orchestrator.scanners]\nlicences = magnus_licences:Licences\nodd = magnus_licences:odd\n"
        "broken = magnus_licences:broken\nmissing = magnus_licences:nothing\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "magnus_licences", raising=False)


@pytest.mark.usefixtures("package")
def test_an_installed_scanner_takes_part_and_a_policy_may_speak_of_what_it_finds(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[[rule]]\ncategory = "licence"\naction = "block"')
    settings = SecuritySettings(scanners=("licen*",), policy_file=str(file))
    guard = build_guard(settings, hash_key=b"k", clock=SystemClock())
    verdict = guard.check("under the GPL", ScanContext())
    assert (verdict.action, verdict.reason) == ("block", "Blocked: a copyleft licence (at character 10).")
    assert guard.check("under the MIT", ScanContext()).findings == ()


@pytest.mark.usefixtures("package")
def test_what_cannot_be_loaded_is_named_with_every_text_and_stops_nothing() -> None:
    plugins = {plugin.name: plugin.problem for plugin in installed_scanners(["*"])}
    assert plugins["licences"] == ""
    assert "int has no scan and no prefilter" in plugins["odd"]
    assert "SystemExit" in plugins["broken"]
    assert "cannot be imported: AttributeError" in plugins["missing"]
    verdict = build_guard(SecuritySettings(), hash_key=b"k", clock=SystemClock()).check("hello", ScanContext())
    assert verdict.incomplete == ("broken", "missing", "odd")
    assert verdict.action == "flag"
    strict = build_guard(SecuritySettings(preset="strict"), hash_key=b"k", clock=SystemClock())
    assert strict.check("hello", ScanContext()).action == "block", "strict lets nothing pass that was not looked at"


@pytest.mark.usefixtures("package")
def test_none_are_wanted() -> None:
    assert installed_scanners([]) == ()
    assert installed_scanners(["other"]) == ()


class _Base:
    name = "theirs"
    deadline_s = 0.05

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return True

    def scan(self, text: str, context: ScanContext) -> Sequence[Any]:
        return []


class _Hanging(_Base):
    def __init__(self) -> None:
        self.release = threading.Event()
        self.asked = 0

    def scan(self, text: str, context: ScanContext) -> Sequence[Any]:
        self.asked += 1
        self.release.wait(30)
        return []


def test_one_that_hangs_is_left_alone_until_it_comes_back() -> None:
    hanging = _Hanging()
    watched = Watched(hanging, "theirs")
    for _ in range(3):
        with pytest.raises(ScannerHangs):
            watched.scan("x", ScanContext())
    assert hanging.asked == 1, "a thread cannot be stopped, so no second one is started"
    hanging.release.set()
    while not all(future.done() for future in watched._hanging):
        threading.Event().wait(0.01)
    assert watched.scan("x", ScanContext()) == []
    assert hanging.asked == 2


class _Answers(_Base):
    def __init__(self, *found: Any) -> None:
        self.found = found

    def scan(self, text: str, context: ScanContext) -> Sequence[Any]:
        return self.found


class _Dies(_Base):
    def prefilter(self, text: str, context: ScanContext) -> bool:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "scanner",
    [
        _Answers("a string"),
        _Answers(Hit("a", "b", -1, 2)),
        _Answers(Hit("a", "b", 0, 9_999)),
        _Answers(Hit("a", "b", 0, 1, severity="gigantic")),  # type: ignore[arg-type]
        _Answers(Hit("a", "b", 0, 1, confidence=7.0)),
        _Answers(Hit("a", None, 0, 1)),  # type: ignore[arg-type]
        _Answers(Hit("a", "b", 0.5, 1)),  # type: ignore[arg-type]
        _Dies(),
    ],
    ids=["text", "before", "behind", "severity", "confidence", "category", "half", "dies"],
)
def test_nonsense_is_reported_as_incomplete(scanner: Any) -> None:
    guard = build_guard(SecuritySettings(), hash_key=b"k", clock=SystemClock(), extra_scanners=[scanner])
    verdict = guard.check("hello", ScanContext())
    assert verdict.incomplete == ("theirs",)
    assert [finding.rule_id for finding in verdict.findings] == ["incomplete.theirs"]


def test_an_instance_and_a_factory_are_both_taken() -> None:
    instance = _Answers(Hit("a.b", "pii", 0, 1))
    assert plugin_of("x", instance).scanner.scan("hello", ScanContext())
    assert plugin_of("x", lambda: instance).scanner.scan("hello", ScanContext())
    assert plugin_of("x", _Base).scanner.name == "x"
