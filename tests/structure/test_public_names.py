"""The public names are pinned: taking one away breaks users, adding one is a promise."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

import orchestrator
from orchestrator_core import errors

USE = {
    "execute_agent",
    "aexecute_agent",
    "agent",
    "register",
    "generate_dashboard",
    "get_orchestrator",
    "set_orchestrator",
}
TYPES = {"Orchestrator", "ExecutionResult", "Verdict", "Settings", "AgentSpec", "Call"}
ERRORS = {
    "MagnusError",
    "UsageError", "UnknownAgent", "DuplicateAgent", "SettingsError", "TargetError",
    "StoreError", "StoreTooNew", "StoreDamaged", "StoreReadOnly", "StoreUnsafe", "StoreFull", "StoreBusy",
    "RunFailed", "RunBlocked", "RunCancelled",
    "AgentTimeout", "ApprovalDenied", "OfflineRefused", "RetryLater", "MissingDependency",
    "ModelError", "ModelUnavailable", "ModelNotFound", "ModelRefused", "ModelTimeout", "ModelTruncated", "ModelBusy",
    "ModelRejected", "ModelBadOutput",
}  # fmt: skip


def test_the_names_are_these() -> None:
    assert set(orchestrator.__all__) == USE | TYPES | ERRORS | {"__version__"}
    assert set(orchestrator.__all__) <= set(dir(orchestrator))


def test_the_whole_error_tree_is_public_and_nothing_else() -> None:
    tree = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}
    assert tree == ERRORS
    for name in tree:
        assert getattr(orchestrator, name) is getattr(errors, name)
        assert name in (errors.__doc__ or ""), f"{name} is missing from the tree at the head of errors.py"


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [getattr(errors, name).code for name in ERRORS]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("name", sorted(USE))
def test_what_users_call_says_what_it_does(name: str) -> None:
    value = getattr(orchestrator, name)
    assert callable(value) and inspect.getdoc(value)


def test_execute_and_aexecute_take_the_same() -> None:
    sync, parallel = (inspect.signature(getattr(orchestrator, name)) for name in ("execute_agent", "aexecute_agent"))
    assert list(sync.parameters.values()) == list(parallel.parameters.values())
    assert list(sync.parameters)[:4] == ["agent_name", "request", "feature_name", "context"]
    wanted = {"timeout_s", "deadline_s", "idempotent", "session", "namespace", "caller"}
    assert wanted <= {name for name, p in sync.parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        orchestrator.no_such_name  # noqa: B018


FACES = {
    "memory": {"get_memory_manager", "MemoryManager", "RecalledMemory"},
    "security": {
        "get_security_manager",
        "SecurityManager",
        "Finding",
        "Guard",
        "ScanContext",
        "ScanVerdict",
        "Hit",
        "Scanner",
        "Admission",
        "Question",
        "Answer",
        "Vault",
        "PieceRedactor",
        "PieceRestorer",
        "CanaryWatch",
        "Leak",
        "new_canary",
        "escape_html",
        "quote_shell",
        "safe_path",
        "SqlStatement",
        "identifier",
        "sql_parameters",
        "render_untrusted",
    },
    "evaluation": {"Criterion", "Judge", "JudgeTask", "Verdict"},
    "dashboards": {"generate_dashboard"},
}


@pytest.mark.parametrize("face", FACES)
def test_a_face_hands_on_these_names(face: str) -> None:
    module = importlib.import_module(f"orchestrator.{face}")
    assert {name for name in vars(module) if not name.startswith("_")} - {"annotations", "get_orchestrator"} == FACES[
        face
    ]


@pytest.mark.parametrize(
    "room", ["orchestrator_memory", "orchestrator_security", "orchestrator_evaluation", "orchestrator_dashboards"]
)
def test_a_room_can_be_imported_first(room: str) -> None:
    """Each room works without the line; none meets itself half-loaded through ``orchestrator``."""
    code = f"import {room}.contract, orchestrator; orchestrator.execute_agent"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
