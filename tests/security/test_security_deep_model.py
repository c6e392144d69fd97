"""With a spaCy model: found, checked against the installed spaCy, and used for names. The model here is a tiny one of the test's own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.cli.deep_scan_checks import deep_scan_check
from orchestrator.cli.model_checks import ner_check
from orchestrator_core.settings import SecuritySettings, Settings
from orchestrator_security.pii.deep.engine import PresidioProcess
from orchestrator_security.pii.deep.spacy_model import chosen_model, described, installed_models, misfit

_BUILD = """
import sys, spacy
pipeline = spacy.blank("en")
ruler = pipeline.add_pipe("entity_ruler")
ruler.add_patterns([
    {"label": "PERSON", "pattern": "Ada Lovelace"}, {"label": "PERSON", "pattern": "Docker"},
    {"label": "GPE", "pattern": "Zurich"}, {"label": "ORG", "pattern": "Contoso"},
])
pipeline.meta["name"], pipeline.meta["version"] = "tiny", "1.2"
pipeline.to_disk(sys.argv[1])
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    subprocess.run([sys.executable, "-W", "ignore", "-c", _BUILD, str(folder)], check=True, timeout=120)
    return folder


def changed(model: Path, to: Path, **meta: object) -> Path:
    import shutil

    shutil.copytree(model, to)
    known = json.loads((to / "meta.json").read_text())
    (to / "meta.json").write_text(json.dumps({**known, **meta}))
    return to


@pytest.fixture(scope="module")
def engine(tiny: Path) -> Iterator[PresidioProcess]:
    found = PresidioProcess(str(tiny))
    yield found
    found.close()


def seen(engine: PresidioProcess, text: str) -> list[tuple[str, str]]:
    return [(text[place.start : place.end], place.entity) for place in engine.find(text)]


def test_names_are_seen_with_a_model(engine: PresidioProcess) -> None:
    facts = engine.facts()
    assert {"PERSON", "PLACE", "EMAIL"} <= set(facts.words)
    assert (facts.model, facts.model_problem) == ("tiny 1.2", "")
    assert engine.engine().endswith("names with tiny 1.2")
    text = "Ada Lovelace of Contoso went to Zurich, passport C03005988"
    assert seen(engine, text) == [("Ada Lovelace", "PERSON"), ("Zurich", "LOCATION"), ("C03005988", "US_PASSPORT")]


def test_what_a_model_takes_for_a_name_in_code_is_left_alone(engine: PresidioProcess) -> None:
    assert seen(engine, "start Docker, set city to 'Zurich' and geo.Zurich or Zurich(1) for user_Zurich") == [
        ("Zurich", "LOCATION")
    ]
    assert seen(engine, "<PERSON_12345678901234> saw <PLACE_1>") == []


def test_punctuation_does_not_slow_a_model_down(engine: PresidioProcess) -> None:
    assert seen(engine, "'" * 100_000 + " Ada Lovelace") == [("Ada Lovelace", "PERSON")]


def test_a_model_of_the_wrong_version_is_not_used_and_the_patterns_go_on(tiny: Path, tmp_path: Path) -> None:
    old = changed(tiny, tmp_path / "old", spacy_version=">=2.3.0,<2.4.0")
    engine = PresidioProcess(str(old))
    assert seen(engine, "Ada Lovelace, passport C03005988") == [("C03005988", "US_PASSPORT")]
    facts = engine.facts()
    assert facts.problem == facts.model == "" and "PERSON" not in facts.words
    assert facts.model_problem.startswith("old: it is made for spaCy >=2.3.0,<2.4.0; ")
    assert facts.model_problem.endswith(" is installed")
    engine.close()


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda folder: (folder / "config.cfg").write_text("no config"), "it cannot be loaded"),
        (lambda folder: (folder / "meta.json").write_text("{"), "its meta.json cannot be read"),
        (lambda folder: (folder / "meta.json").write_text("[]"), "its meta.json cannot be read"),
        (lambda folder: (folder / "meta.json").write_text('{"pipeline": ["tagger"]}'), "no component that finds names"),
        (
            lambda folder: (folder / "meta.json").write_text('{"spacy_version": "new", "pipeline": ["ner"]}'),
            "which is no version",
        ),
    ],
)
def test_a_broken_model_keeps_no_pattern_from_running(tiny: Path, tmp_path: Path, damage: object, problem: str) -> None:
    broken = changed(tiny, tmp_path / "broken")
    damage(broken)  # type: ignore[operator]
    engine = PresidioProcess(str(broken))
    assert problem in engine.facts().model_problem
    assert seen(engine, "Ada Lovelace, passport C03005988") == [("C03005988", "US_PASSPORT")]
    engine.close()


def test_a_model_that_is_not_there_is_told_with_the_step_that_brings_it() -> None:
    found = chosen_model("en_core_web_md")
    assert found is not None and found.problem == "it is not installed"
    assert found.fix == "python -m spacy download en_core_web_md"
    assert chosen_model("none") is None


@pytest.mark.parametrize(
    ("wants", "installed", "fits"),
    [
        ("", "3.8.1", True),
        (">=3.8.0,<3.9.0", "3.8.18", True),
        (">=3.8.0,<3.9.0", "3.8.0.dev1", False),
        (">=3.4.0,<3.5.0", "3.8.18", False),
        ("~=3.8", "3.9", True),
        ("three", "3.8.18", False),
    ],
)
def test_which_versions_fit(wants: str, installed: str, fits: bool) -> None:
    assert (misfit(wants, installed) == "") is fits


@pytest.fixture
def announce(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Installs copies of the tiny model as packages."""

    def install(name: str, **meta: object) -> None:
        package = changed(tiny, tmp_path / name, **meta)
        loader = "from spacy.util import load_model_from_path\nfrom pathlib import Path\n"
        (package / "__init__.py").write_text(
            f"{loader}def load(**options):\n    return load_model_from_path(Path(__file__).parent, **options)\n"
        )
        told = tmp_path / f"{name}-1.0.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (told / "entry_points.txt").write_text(f"[spacy_models]\n{name} = {name}\n")

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return install


def test_the_best_installed_model_is_used(announce: object) -> None:
    announce("own_model")  # type: ignore[operator]
    announce("en_core_web_lg", spacy_version=">=1.0,<2.0")  # type: ignore[operator]
    announce("en_core_web_sm")  # type: ignore[operator]
    assert [model.name for model in installed_models()] == ["en_core_web_sm", "own_model", "en_core_web_lg"]
    engine = PresidioProcess()
    assert seen(engine, "it was Ada Lovelace") == [("Ada Lovelace", "PERSON")]
    assert engine.facts().model == "en_core_web_sm 1.2"
    engine.close()
    assert (ner_check().status, ner_check().detail) == ("ok", "en_core_web_sm, own_model")
    assert "PERSON, PLACE" in deep_scan_check(Settings()).detail


def test_the_doctor_tells_a_model_of_the_wrong_version_and_the_step_that_mends_it(announce: object) -> None:
    announce("en_core_web_md", spacy_version=">=3.0,<3.1")  # type: ignore[operator]
    check = ner_check()
    assert (check.status, check.fix) == ("warn", "python -m spacy download en_core_web_md")
    assert check.detail.startswith("en_core_web_md 1.2 is not used: it is made for spaCy >=3.0,<3.1; ")
    assert deep_scan_check(Settings()).detail.endswith("PERSON and PLACE need a spaCy model")


def test_the_doctor_says_when_the_deep_scan_is_off_or_has_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    off = deep_scan_check(Settings(security=SecuritySettings(deep_scan="off")))
    assert (off.status, off.detail) == ("ok", "off by security.deep_scan")
    monkeypatch.setattr("orchestrator_security.pii.deep.engine.presidio_installed", lambda: False)
    absent = deep_scan_check(Settings())
    assert (absent.status, absent.fix) == ("warn", "pip install presidio-analyzer")


def test_a_model_on_transformers_comes_last(tmp_path: Path) -> None:
    folder = tmp_path / "trf"
    folder.mkdir()
    (folder / "meta.json").write_text('{"pipeline": ["transformer", "ner"], "version": "3"}')
    assert described(folder, name="trf", place="trf").needs_torch
