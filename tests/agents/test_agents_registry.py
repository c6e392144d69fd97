"""Registering agents: by decorator, by call, from modules and from installed packages."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator import Call, DuplicateAgent, UnknownAgent, UsageError
from orchestrator.agents.registry import Registry, load_modules
from orchestrator.agents.workbench.catalogue import CATALOGUE


@pytest.fixture
def registry() -> Registry:
    return Registry(Registry(), workbench=True)


def echo(request: str) -> str:
    """Says it back.

    And more.
    """
    return request


def test_the_decorator_names_and_describes(registry: Registry) -> None:
    @registry.agent()
    def find_the_thing(request: str) -> str:
        """Finds it."""
        return request

    spec = registry.get("find-the-thing")
    assert (spec.run, spec.description, spec.takes, spec.is_async) == (find_the_thing, "Finds it.", "request", False)
    assert registry.register("other", echo, description="mine", capabilities=["a"], version="2").capabilities == ("a",)
    assert registry.get("other").description == "mine"


def test_the_same_function_again_replaces_and_another_does_not(registry: Registry) -> None:
    registry.register("echo", echo)
    registry.register("echo", echo, timeout_s=5)
    assert registry.get("echo").timeout_s == 5
    with pytest.raises(DuplicateAgent, match="replace=True"):
        registry.register("echo", lambda request: "other")
    registry.register("echo", len, replace=True)
    assert registry.get("echo").run is len


def test_a_program_that_is_imported_as_a_module_too_is_told_so(registry: Registry) -> None:
    code = compile("def echo(request):\n    return request\n", "app.py", "exec")
    program: dict[str, Any] = {"__name__": "__main__"}
    module: dict[str, Any] = {"__name__": "app"}
    exec(code, program)
    exec(code, module)
    registry.register("echo", program["echo"])
    with pytest.raises(
        DuplicateAgent, match=r"keep agents in a file of their own, or take this one out of \[agents\] modules"
    ):
        registry.register("echo", module["echo"])


@pytest.mark.parametrize("name", ["", "two words", "x" * 101, "emoji🙂", "a\nb", None, 7])
def test_a_bad_name_is_refused(registry: Registry, name: Any) -> None:
    with pytest.raises(UsageError, match="name"):
        registry.register(name, echo)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("text", "must be a function"),
        (lambda: 1, "takes no request"),
        (lambda a, b, c: 1, "needs further arguments"),
        (lambda a, *, flag: 1, "flag"),
    ],
)
def test_a_function_that_cannot_be_an_agent_is_refused(registry: Registry, function: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        registry.register("odd", function)


@pytest.mark.parametrize(
    "details",
    [{"timeout_s": -1}, {"timeout_s": "5"}, {"timeout_s": float("nan")}, {"capabilities": "read"}, {"colour": "red"}],
)
def test_a_bad_detail_is_refused(registry: Registry, details: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        registry.register("echo", echo, **details)


def test_the_decorator_without_parentheses_says_so(registry: Registry) -> None:
    with pytest.raises(UsageError, match="parentheses"):
        registry.agent(echo)  # type: ignore[arg-type]


def test_an_own_agent_wins_over_a_shared_and_a_shipped_one() -> None:
    shared = Registry()
    own = Registry(shared, workbench=True)
    shared.register("code-reviewer", echo)
    assert own.get("code-reviewer").run is echo
    own.register("code-reviewer", len)
    assert own.get("code-reviewer").run is len
    assert shared.get("code-reviewer").run is echo


def test_the_workbench_is_listed_and_loaded_at_first_use(registry: Registry) -> None:
    names = {entry.name for entry in CATALOGUE}
    assert len(names) == 7 and names <= set(registry.names())
    for entry in CATALOGUE:
        spec = registry.get(entry.name)
        assert (spec.source, spec.takes, spec.timeout_s) == ("workbench", "context", entry.timeout_s)
        assert spec.description
    assert not names & set(Registry().names())


@pytest.fixture
def installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A real little extension package, as pip would leave it."""
    (tmp_path / "magnus_weather.py").write_text(
        "async def forecast(request, context):\n    '''Tells the weather.'''\n    return f'rain in {request}'\n"
    )
    info = tmp_path / "magnus_weather-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: magnus-weather\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[orchestrator.agents]\nforecast = magnus_weather:forecast\nbroken = magnus_no_such_module:agent\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    sys.modules.pop("magnus_weather", None)


@pytest.mark.usefixtures("installed_package")
def test_an_installed_package_offers_agents(registry: Registry) -> None:
    assert {"forecast", "broken"} <= set(registry.names())
    assert "magnus_weather" not in sys.modules
    spec = registry.get("forecast")
    assert (spec.description, spec.is_async, spec.takes) == ("Tells the weather.", True, "context")
    assert "entry point magnus_weather:forecast" in spec.source


@pytest.mark.usefixtures("installed_package")
def test_a_broken_package_is_named_and_does_not_hide_the_others(registry: Registry) -> None:
    with pytest.raises(UsageError, match=r"magnus_no_such_module:agent.*cannot be loaded"):
        registry.get("broken")
    assert {"forecast", "code-reviewer"} <= {spec.name for spec in registry.specs()}


def test_modules_with_agents_are_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_agents_module.py").write_text(
        "from orchestrator import agent\n@agent('of-mine')\ndef f(request): ...\n"
    )
    (tmp_path / "my_broken_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    load_modules(["my_agents_module"])
    from orchestrator.agents.registry import shared_registry

    assert shared_registry.get("of-mine").source == "my_agents_module"
    for module, words in (("my_broken_module", "ZeroDivisionError"), ("my_absent_module", "ModuleNotFoundError")):
        with pytest.raises(UsageError, match=f"{module}.*{words}"):
            load_modules([module])


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(UnknownAgent, match="Known agents: none"):
        Registry().get("anything")


def test_a_call_is_asked_for_by_an_annotation_in_quotes(registry: Registry) -> None:
    def with_a_call(request: str, run: "Call") -> str:  # noqa: UP037 - what is tested
        return request

    assert registry.register("quoted", with_a_call).takes == "call"
