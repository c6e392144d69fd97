"""What holds for every test: no other machine is reached, no file of the user is touched, and in CI nothing is skipped."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

_OFFLINE = Path(__file__).parent / "offline"
sys.path.insert(0, str(_OFFLINE))

import network_guard  # noqa: E402  # it must be found first

from orchestrator_core.models.embedding.export_process import run_export  # noqa: E402
from orchestrator_core.models.embedding.exported import models_folder  # noqa: E402
from orchestrator_core.models.embedding.sources import default_key, find_source  # noqa: E402

_PLACE = Path(tempfile.mkdtemp(prefix="magnus-tests-")).resolve()
_NETWORK_LOG = _PLACE / "network.log"
_numbers = itertools.count()
_workers_attempts: list[str] = []
_MODELS = "MAGNUS_TEST_MODELS"
"""Names the folder of exported models that all processes of a test run share; the user's own is only copied from."""


def _prepare_environment() -> None:
    """Before a test module is imported, and so for child processes too."""
    if _MODELS not in os.environ:  # else this is a worker
        os.environ[_MODELS] = str(_PLACE / "models")
        _copy_export(models_folder(), Path(os.environ[_MODELS]))
    unwanted = ("ORCHESTRATOR_", "OTEL_", "OLLAMA_")
    for name in list(os.environ):
        if name.startswith(unwanted) or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            del os.environ[name]
    home = _PLACE / "home"
    home.mkdir()
    os.environ["HOME"] = os.environ["USERPROFILE"] = str(home)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        os.environ.pop(name, None)
    os.environ["ORCHESTRATOR_MODELS"] = os.environ[_MODELS]
    others = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place not in ("", str(_OFFLINE))]
    os.environ["PYTHONPATH"] = os.pathsep.join((str(_OFFLINE), *others))
    os.environ[network_guard.LOG_VARIABLE] = str(_NETWORK_LOG)
    _NETWORK_LOG.touch()
    network_guard.install()
    atexit.register(shutil.rmtree, _PLACE, ignore_errors=True)


def _copy_export(users: Path, place: Path) -> None:
    """The default model as the user's installation has exported it, which spares the run 12 s."""
    place.mkdir(mode=0o700)
    if (users / default_key()).is_dir():
        shutil.copytree(users / default_key(), place / default_key())


_prepare_environment()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Export the embedding model once for the whole run, where the user's installation has not."""
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    models = Path(os.environ[_MODELS])
    source = find_source("", models=models, environ=os.environ)
    if source.folder and not (models / source.key).is_dir():
        run_export(source, models / source.key)


@pytest.fixture(autouse=True)
def _own_store() -> Iterator[None]:
    """Each test has a store folder of its own, which does not exist until something makes it."""
    os.environ["ORCHESTRATOR_HOME"] = str(_PLACE / f"store-{next(_numbers)}")
    yield
    os.environ.pop("ORCHESTRATOR_HOME", None)


@pytest.fixture(autouse=True)
def _no_other_machine() -> Iterator[None]:
    """A test fails that tries to reach another machine, even where the code under test swallows the refusal."""
    before = _NETWORK_LOG.stat().st_size
    yield
    if _NETWORK_LOG.stat().st_size > before:
        with _NETWORK_LOG.open("rb") as log:
            log.seek(before)
            attempts = log.read().decode()
        pytest.fail(f"it tried to reach another machine:\n{attempts}", pytrace=False)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Attempts outside any test (while modules are imported, in threads that outlive their test) fail the run as well."""
    attempts = _NETWORK_LOG.read_text(encoding="utf-8") if _NETWORK_LOG.exists() else ""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["network"] = attempts
    elif attempts or _workers_attempts:
        print(f"\nattempts to reach another machine:\n{attempts}{''.join(_workers_attempts)}", file=sys.stderr)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A pytest-xdist worker has ended."""
    if attempts := getattr(node, "workeroutput", {}).get("network"):
        _workers_attempts.append(attempts)


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """In CI everything a test may need is there, so a skip hides something."""
    if not os.environ.get("CI") or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: a skipped test fails in CI. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: Any) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report
