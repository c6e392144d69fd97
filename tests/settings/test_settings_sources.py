"""Where settings come from, which of two values holds, and what a wrong one is told."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator_core.configuration.names import leaves, parse_text, split_key, variables
from orchestrator_core.configuration.sources import LoadedSettings, Origin, load_settings
from orchestrator_core.errors import SettingsError
from orchestrator_core.settings import Settings


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "project"
    folder.mkdir(parents=True)
    return folder


def load(project: Path, overrides: Mapping[str, Any] | None = None, **environ: str) -> LoadedSettings:
    return load_settings(overrides, start=project, environ=environ)


def write(folder: Path, text: str, name: str = "orchestrator.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_without_any_source_all_are_defaults(project: Path) -> None:
    loaded = load(project)
    assert loaded.settings == Settings()
    assert loaded.file is None
    assert {origin.source for origin in loaded.origins.values()} == {"default"}
    assert loaded.origins["memory.recall_k"] == Origin(5, "default", "")


def test_each_source_beats_the_one_below(project: Path) -> None:
    file = write(project, "[memory]\nrecall_k = 1\ntoken_budget = 11\nnamespace = 'file'\n")
    loaded = load(
        project,
        {"memory.recall_k": 3},
        ORCHESTRATOR_MEMORY_RECALL_K="2",
        ORCHESTRATOR_MEMORY_TOKEN_BUDGET="22",
    )
    assert (loaded.settings.memory.recall_k, loaded.settings.memory.token_budget) == (3, 22)
    assert loaded.settings.memory.namespace == "file"
    assert loaded.origins["memory.recall_k"] == Origin(3, "argument", "memory.recall_k")
    assert loaded.origins["memory.token_budget"] == Origin(22, "environment", "ORCHESTRATOR_MEMORY_TOKEN_BUDGET")
    assert loaded.origins["memory.namespace"] == Origin("file", "file", f"{os.path.realpath(file)}:4")


def test_nested_and_dotted_arguments_mean_the_same(project: Path) -> None:
    nested = load(project, {"memory": {"recall_k": 3}, "features": {"a.b": {"stages": {"judge": False}}}})
    dotted = load(project, {"memory.recall_k": 3, 'features."a.b".stages.judge': False})
    assert nested.settings == dotted.settings
    assert nested.origins == dotted.origins
    assert nested.origins['features."a.b".stages.judge'].place == 'features."a.b".stages.judge'


def test_features_of_file_and_argument_are_joined(project: Path) -> None:
    write(project, "[features.x]\nnamespace = 'n'\nstages = { judge = false }\n")
    feature = load(project, {"features": {"x": {"stages": {"recall": False}, "timeout_s": 4}}}).settings.features["x"]
    assert (feature.namespace, feature.stages, feature.timeout_s) == ("n", {"judge": False, "recall": False}, 4.0)


# --- the file ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("orchestrator.toml", "memory.recall_k = 1\n"),
        (".orchestrator/orchestrator.toml", "[memory]\nrecall_k = 1\n"),
        ("pyproject.toml", "[project]\nname = 'x'\n[tool.orchestrator.memory]\nrecall_k = 1\n"),
    ],
)
def test_the_file_of_the_nearest_folder_counts(project: Path, name: str, text: str) -> None:
    write((project / name).parent, text, Path(name).name)
    write(project.parent, "memory.recall_k = 2\n")
    below = project / "a" / "b"
    below.mkdir(parents=True)
    loaded = load(below)
    assert loaded.settings.memory.recall_k == 1
    assert loaded.file == Path(os.path.realpath(project / name))


@pytest.mark.parametrize(
    "names",
    [
        ("orchestrator.toml", "pyproject.toml"),
        ("orchestrator.toml", ".orchestrator/orchestrator.toml"),
        (".orchestrator/orchestrator.toml", "pyproject.toml"),
    ],
)
def test_two_files_in_one_folder_are_an_error(project: Path, names: tuple[str, str]) -> None:
    for name in names:
        text = "[tool.orchestrator]\noffline = true\n" if name == "pyproject.toml" else "offline = true\n"
        write((project / name).parent, text, Path(name).name)
    with pytest.raises(SettingsError) as caught:
        load(project)
    assert all(str(Path(os.path.realpath(project)) / name) in str(caught.value) for name in names)


def test_a_pyproject_without_the_table_is_passed_by(project: Path) -> None:
    write(project, "[project]\nname = 'orchestrator-user'\n[tool.other]\nx = 1\n", "pyproject.toml")
    write(project.parent, "memory.recall_k = 2\n")
    assert load(project).settings.memory.recall_k == 2


def test_a_broken_pyproject_that_does_not_speak_of_magnus_is_ignored(project: Path) -> None:
    write(project, "this is = = no toml\n", "pyproject.toml")
    assert load(project).settings == Settings()
    (project / "pyproject.toml").write_bytes(b"\xff\xfe\x00")
    assert load(project).settings == Settings()


def test_files_in_the_home_folder_count_only_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = project.parent
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    write(home, "memory.recall_k = 2\n")
    assert load(project).settings.memory.recall_k == 5
    assert load(home).settings.memory.recall_k == 2


@pytest.mark.parametrize("by", ["argument", "variable"])
def test_a_named_store_brings_its_own_file(project: Path, tmp_path: Path, by: str) -> None:
    store = tmp_path / "store"
    write(store, "memory.recall_k = 7\n")
    write(project, "memory.recall_k = 2\n")
    loaded = load(project, {"storage.home": store}) if by == "argument" else load(project, ORCHESTRATOR_HOME=str(store))
    assert loaded.settings.memory.recall_k == 7
    assert loaded.file == store / "orchestrator.toml"
    assert loaded.settings.storage.home == str(store)


def test_a_relative_home_is_taken_from_where_it_is_written(project: Path) -> None:
    write(project, "storage.home = 'mine'\n")
    below = project / "a"
    below.mkdir()
    assert load(below).settings.storage.home == os.path.join(os.path.realpath(project), "mine")
    assert load(below, ORCHESTRATOR_HOME="mine").settings.storage.home == os.path.join(str(below), "mine")
    assert load(below, {"storage": {"home": "mine"}}).origins["storage.home"].value == os.path.join(str(below), "mine")


def test_lists_may_be_written_as_json_too() -> None:
    allow = ("security", "network_allow")
    assert parse_text('["a.lan", "b.lan"]', allow) == parse_text("a.lan, b.lan", allow) == ["a.lan", "b.lan"]
    assert parse_text("[]", allow) == parse_text("", allow) == []
    assert parse_text("[::1]:443,[fe80::1]", allow) == ["[::1]:443", "[fe80::1]"], "addresses, not JSON"
    for wrong in ('["a.lan"', "['a.lan']", '["a", 2]'):
        with pytest.raises(SettingsError, match="write it as a,b or as a JSON list"):
            parse_text(wrong, allow)


def test_a_relative_policy_file_is_taken_from_where_it_is_written(project: Path) -> None:
    write(project, "[security]\npolicy_file = 'rules/mine.toml'\n")
    below = project / "a"
    below.mkdir()
    assert load(below).settings.security.policy_file == os.path.join(os.path.realpath(project), "rules", "mine.toml")
    argument = {"security.policy_file": "mine.toml"}
    assert load(below, argument).settings.security.policy_file == os.path.join(str(below), "mine.toml")
    assert load(below, {"security.policy_file": ""}).settings.security.policy_file == "", "the preset alone"


LAYOUT = """\
# comment with [brackets] and memory.recall_k = 1
offline = true

[ "memory" ]   # header
recall_k = 9
namespace = \"\"\"
[memory]
token_budget = 4
\"\"\"

[agents]
modules = [   # open
  "a",  # ]
  '''b''',
]
workbench = false
[features."a.b"]
stages = { judge = false, recall = true }
[features.c.stages]
judge = true
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_are_right_in_an_odd_layout(project: Path, newline: str) -> None:
    (project / "orchestrator.toml").write_bytes(LAYOUT.replace("\n", newline).encode())
    origins = load(project).origins
    lines = {key: int(o.place.rpartition(":")[2]) for key, o in origins.items() if o.source == "file"}
    assert lines == {
        "offline": 2,
        "memory.recall_k": 5,
        "memory.namespace": 6,
        "agents.modules": 12,
        "agents.workbench": 16,
        'features."a.b".stages.judge': 18,
        'features."a.b".stages.recall': 18,
        "features.c.stages.judge": 20,
    }


BAD_FILES = [
    ("[memory]\nrecal_k = 3\n", 2, "Did you mean 'memory.recall_k'?"),
    ("offline = true\n\n[memry]\nrecall_k = 3\n", 3, "Did you mean 'memory"),
    ("recall_k = 3\n", 1, "Did you mean 'memory.recall_k'?"),
    ("[memory]\n\nrecall_k = 'three'\n", 3, "memory.recall_k must be a whole number of at least 0, not 'three'"),
    ("[memory]\nrecall_k = -1\n", 2, "of at least 0, not -1"),
    ("[memory]\nrecall_k = 1.5\n", 2, "whole number"),
    ("memory = 3\n", 1, "memory is a group of settings and must be a table"),
    ("[[memory]]\nrecall_k = 3\n", 1, "must be a table"),
    ("[healing]\nmax_attempts = 7\n", 2, "of at least 1 and at most 6, not 7"),
    ("[evaluation]\njudge = 'oracle'\n", 2, "one of 'auto', 'llm', 'rules', not 'oracle'"),
    ("[call]\ntimeout_s = inf\n", 2, "a finite number"),
    ("[call]\ntimeout_s = nan\n", 2, "a finite number"),
    ("[call]\ntimeout_s = 2020-01-01\n", 2, "must be a finite number"),
    ("[agents]\nmodules = 'one'\n", 2, "a list of texts"),
    ("[agents]\nmodules = ['one',\n 2]\n", 2, "a list of texts, not ['one', 2]"),
    ("[features.x]\ntimeout_s = -1\n", 2, "of at least 0 (or nothing)"),
    ("[features.x.stages]\njudg = false\n", 2, "Did you mean 'features.x.stages.judge'?"),
    ("[features]\nx = 3\n", 2, "features.x is a group"),
    ("offline = true\noffline = false\n", 2, "no valid TOML"),
    ("offline = true\nmemory = {\n", None, "no valid TOML"),
    ('[storage]\nhome = "a\\u0000b"\n', 2, "NUL"),
    ("x = " + "[" * 5000 + "\n", None, "no valid TOML"),
]


@pytest.mark.parametrize(("text", "line", "words"), BAD_FILES)
@pytest.mark.parametrize("kind", ["orchestrator.toml", "pyproject.toml"])
def test_a_wrong_file_names_file_and_line(project: Path, kind: str, text: str, line: int | None, words: str) -> None:
    if kind == "pyproject.toml":
        text = re.sub(r"(?m)^(\[+)(?=\w)", r"\1tool.orchestrator.", text)
        if not text.startswith("["):
            text, line = "[tool.orchestrator]\n" + text, line and line + 1
    file = write(project, text, kind)
    with pytest.raises(SettingsError) as caught:
        load(project)
    place = os.path.realpath(file) + (f":{line}" if line else "")
    assert place in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xef\xbb\xbfoffline = true\n", ":1: the file starts with a UTF-8 byte order mark"),
        ("offline = true\n".encode("utf-16"), "UTF-16 byte order mark"),
        (b"offline = true\n# \xff\n", ":2: the byte 0xff is no UTF-8"),
        (b"#" * 4_194_305, "is larger than"),
        (b"offline = true\0\n", "no valid TOML"),
    ],
)
def test_a_file_that_is_no_text_is_told_so(project: Path, data: bytes, words: str) -> None:
    (project / "orchestrator.toml").write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        load(project)
    assert words in str(caught.value)
    assert str(project / "orchestrator.toml") in str(caught.value)


def test_a_folder_in_the_files_place_is_an_error(project: Path) -> None:
    (project / "orchestrator.toml").mkdir()
    with pytest.raises(SettingsError, match="is a folder"):
        load(project)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a POSIX matter")
def test_a_pipe_in_the_files_place_does_not_hang(project: Path) -> None:
    os.mkfifo(project / "orchestrator.toml")
    with pytest.raises(SettingsError, match="no regular file"):
        load(project)


def test_an_unreadable_file_is_an_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, "offline = true\n")

    def refuse(*args: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(SettingsError, match=r"cannot read .*orchestrator\.toml: Permission denied"):
        load(project)


def test_a_bad_value_is_an_error_even_where_a_higher_source_overrides_it(project: Path) -> None:
    write(project, "[memory]\nrecall_k = 'x'\n")
    with pytest.raises(SettingsError, match=r"orchestrator\.toml:2"):
        load(project, {"memory.recall_k": 3})


# --- environment ------------------------------------------------------------------------------------------------------------------


def test_every_setting_has_a_variable_of_its_own() -> None:
    table = variables()
    assert len(set(table.values())) == len(table)
    assert table["ORCHESTRATOR_HOME"] == ("storage", "home")
    assert table["ORCHESTRATOR_OFFLINE"] == ("offline",)
    reached = set(table.values())
    for leaf in leaves():
        assert leaf.path in reached or leaf.path[:1] in reached, leaf.path


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("ORCHESTRATOR_OFFLINE", "No", "offline", False),
        ("ORCHESTRATOR_OFFLINE", " on ", "offline", True),
        ("ORCHESTRATOR_OFFLINE", "0", "offline", False),
        ("ORCHESTRATOR_OFFLINE", "Process", "offline", "process"),
        ("ORCHESTRATOR_SECURITY_NETWORK_ALLOW", "a.lan, b.lan:80", "security.network_allow", ("a.lan", "b.lan:80")),
        ("ORCHESTRATOR_MEMORY_RECALL_K", "7", "memory.recall_k", 7),
        ("ORCHESTRATOR_CALL_TIMEOUT_S", "1.5", "call.timeout_s", 1.5),
        ("ORCHESTRATOR_CALL_TIMEOUT_S", "2", "call.timeout_s", 2.0),
        ("ORCHESTRATOR_AGENTS_MODULES", "a, b.c,,", "agents.modules", ("a", "b.c")),
        ("ORCHESTRATOR_EVALUATION_JUDGE", "rules", "evaluation.judge", "rules"),
        ("ORCHESTRATOR_FEATURES", '{"x": {"stages": {"judge": false}}}', "features.x.stages.judge", False),
    ],
)
def test_variables_are_typed_by_the_schema(project: Path, name: str, text: str, key: str, value: object) -> None:
    origin = load(project, **{name: text}).origins[key]
    assert origin == Origin(value, "environment", name)
    assert type(origin.value) is type(value)


def test_an_empty_variable_counts_as_not_set(project: Path) -> None:
    assert load(project, ORCHESTRATOR_OFFLINE="", ORCHESTRATOR_HOME=" ").settings == Settings()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("ORCHESTRATOR_MEMORY_RECALLK", "3", "Did you mean ORCHESTRATOR_MEMORY_RECALL_K?"),
        ("ORCHESTRATOR_STORAGE_HOME", "x", "Did you mean ORCHESTRATOR_HOME?"),
        ("ORCHESTRATOR_", "x", "is no setting"),
        ("ORCHESTRATOR_OFFLINE", "maybe", "true or false or 'process', not 'maybe'"),
        ("ORCHESTRATOR_MEMORY_RECALL_K", "3.0", "whole number"),
        ("ORCHESTRATOR_MEMORY_RECALL_K", "-3", "of at least 0, not -3"),
        ("ORCHESTRATOR_CALL_TIMEOUT_S", "nan", "finite number"),
        ("ORCHESTRATOR_EVALUATION_JUDGE", "oracle", "one of 'auto'"),
        ("ORCHESTRATOR_FEATURES", "{", "JSON object"),
        ("ORCHESTRATOR_FEATURES", "[]", "JSON object"),
        ("ORCHESTRATOR_FEATURES", '{"x": {"namespase": "y"}}', "Did you mean 'features.x.namespace'?"),
    ],
)
def test_a_wrong_variable_is_named(project: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(project, **{name: text})
    assert f"environment variable {name}" in str(caught.value)
    assert words in str(caught.value)


def test_an_unknown_variable_does_not_have_its_value_shown(project: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(project, ORCHESTRATOR_TOKEN="hidden-value")
    assert "hidden-value" not in str(caught.value)


# --- arguments --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"memory.recal_k": 1}, "argument memory.recal_k is no setting. Did you mean 'memory.recall_k'?"),
        ({"memory": {"recal_k": 1}}, "argument memory.recal_k is no setting"),
        ({"memory.recall_k": "3"}, "argument memory.recall_k must be a whole number of at least 0, not '3'"),
        ({"memory.recall_k": None}, "not nothing"),
        ({"memory.recall_k": True}, "not true"),
        ({"memory.recall_k": object()}, "not a value of type object"),
        ({"memory": 3}, "argument memory is a group"),
        ({"memory": {"recall_k": 1}, "memory.recall_k": 2}, "is given twice"),
        ({"memory": {1: 2}}, "its keys must be text"),
        ({1: 2}, "must have text keys"),
        ({"": 2}, "is no setting's name"),
        ({"a b": 2}, "is no setting's name"),
        ({"offline = 0 #": 2}, "is no setting's name"),
        ({"zzzzzz": 2}, "Known here: offline"),
        ({"offline.x": True}, "argument offline must be true or false"),
        ({"storage.home": "a\0b"}, "NUL"),
        ({"security.policy_file": "a\0b"}, "security.policy_file must not hold a NUL"),
        ([("offline", True)], "must be a mapping, not list"),
    ],
)
def test_a_wrong_argument_is_named(project: Path, overrides: Any, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(project, overrides)
    assert words in str(caught.value)


def test_arguments_given_are_left_as_they_were(project: Path) -> None:
    overrides = {"storage": {"home": "x"}, "features": {"a": {"stages": {"judge": False}}}}
    load(project, overrides)
    assert overrides == {"storage": {"home": "x"}, "features": {"a": {"stages": {"judge": False}}}}


def test_a_deleted_current_folder_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> str:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "getcwd", gone)
    with pytest.raises(SettingsError, match="current folder cannot be read"):
        load_settings(environ={})


@pytest.mark.parametrize(
    ("key", "path"),
    [("a", ("a",)), ("a.b-c.d_1", ("a", "b-c", "d_1")), ('a."b.c"', ("a", "b.c")), ("a . 'b'", ("a", "b"))],
)
def test_keys_are_split_as_toml_splits_them(key: str, path: tuple[str, ...]) -> None:
    assert split_key(key) == path


def test_an_optional_value_can_be_none_in_text() -> None:
    assert parse_text("none", ("features", "x", "timeout_s")) is None
    assert parse_text("2.5", ("features", "x", "timeout_s")) == 2.5
