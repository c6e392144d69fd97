from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from orchestrator.agents.workbench.catalogue import CATALOGUE, Entry

NAMES = {
    "code-archaeologist",
    "project-analyst",
    "security-auditor",
    "code-reviewer",
    "test-automator",
    "documentation-specialist",
    "performance-optimizer",
}


def test_all_seven_are_listed_once() -> None:
    assert {entry.name for entry in CATALOGUE} == NAMES
    assert len(CATALOGUE) == len(NAMES)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_each_entry_leads_to_an_agent(entry: Entry) -> None:
    run = import_module(entry.module).run
    assert list(inspect.signature(run).parameters) == ["request", "context"]
    assert entry.description.endswith(".")
    assert entry.capabilities
    assert entry.timeout_s > 0


def test_the_table_loads_no_agent() -> None:
    code = (
        "import sys, orchestrator.agents.workbench.catalogue as c\n"
        "bad = [m for m in sys.modules if m.startswith('orchestrator.agents.workbench.') and m != c.__name__]\n"
        "bad += [m for m in ('vulture', 'markdown_it', 'packaging', 'importlib.metadata', 'bandit', 'radon') if m in sys.modules]\n"
        "print(bad)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_importing_an_agent_loads_no_analysis_library() -> None:
    code = (
        "import sys\n"
        "from orchestrator.agents.workbench import code_archaeologist, documentation_specialist, project_analyst\n"
        "print([m for m in ('vulture', 'markdown_it', 'packaging') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
