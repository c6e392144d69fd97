"""test-automator: finds a project's tests and, when allowed, runs them on a scratch copy."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from orchestrator.agents.workbench.execution import pytest_recorder
from orchestrator.agents.workbench.execution.listed_tests import ListedTest, list_tests
from orchestrator.agents.workbench.execution.process_tree import OUTPUT_LIMIT_BYTES, LimitedRun
from orchestrator.agents.workbench.execution.recorded_run import RecordedRun, RecordedTest, read_record
from orchestrator.agents.workbench.execution.scratch import Scratch, is_allowed, scratch_copy, time_limit
from orchestrator.agents.workbench.project import Project, open_project
from orchestrator.agents.workbench.report import Issue, build_report, table

AGENT = "test-automator"
TIMEOUT_S = 120.0
SLOWEST = 10
_MESSAGE_CHARACTERS = 400
_EXIT_USAGE, _EXIT_NO_TESTS = 4, 5
"""pytest's exit codes: https://docs.pytest.org/en/stable/reference/exit-codes.html"""

HOW_TO_RUN = "Nothing was run. To run the tests on a temporary copy, give context={'path': ..., 'execute': True}."


def run(request: str | Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001  # every agent takes a request
    """List the tests of ``context["path"]``; with ``context["execute"] = True`` run them with pytest and report what failed.

    ``context["timeout_s"]`` limits the run (default 120), ``context["python"]`` names another interpreter, which needs pytest.

    Raises:
        TargetError: the folder is missing, empty or has no Python file, or cannot be copied.
        UsageError: a context value is of the wrong kind.
    """
    timeout_s = time_limit(context, TIMEOUT_S)
    project = open_project(context)
    listed, issues = list_tests(project)
    if not listed and not issues and not project.is_package_folder:
        message = "the project has no tests: no test_*.py or *_test.py with test functions, and no unittest.TestCase"
        issues.append(Issue("no-tests", message, severity="high", fix="Begin with one test of the main job."))
    if not is_allowed(context):
        return _static_report(project, listed, issues)
    with scratch_copy(project, context) as scratch:
        return _executed_report(project, scratch, listed, issues, timeout_s)


def _counts(listed: tuple[ListedTest, ...]) -> dict[str, Any]:
    return {
        "test files": len({test.path for test in listed}),
        "test functions": len(listed),
        "of these unittest": sum(test.style == "unittest" for test in listed),
    }


def _static_report(project: Project, listed: tuple[ListedTest, ...], issues: list[Issue]) -> dict[str, Any]:
    per_file: dict[str, int] = {}
    for test in listed:
        per_file[test.path] = per_file.get(test.path, 0) + 1
    files = table(("file", "test functions"), per_file.items()) if per_file else ""
    return build_report(
        AGENT,
        title=f"Tests of {project.root.name}",
        summary={**_counts(listed), "executed": False},
        issues=issues,
        sections=[("How to run them", HOW_TO_RUN), ("Where they are", files)],
        data={"listed": list(listed)},
        limits={**project.limits(), "executed": HOW_TO_RUN},
    )


def _executed_report(
    project: Project, scratch: Scratch, listed: tuple[ListedTest, ...], issues: list[Issue], timeout_s: float
) -> dict[str, Any]:
    done, record, notes = _run_pytest(scratch, timeout_s)
    issues = [*issues, *notes, *_issues_of(scratch, done, record, timeout_s)]
    if project.is_package_folder and not listed:  # its tests lie beside it, so that none ran is no news
        issues = [issue for issue in issues if issue.rule != "no-tests-ran"]
    slowest = sorted(record.tests, key=lambda test: -test.duration_s)[:SLOWEST]
    not_run = max(0, record.collected - len(record.tests))
    summary = {
        **_counts(listed),
        "executed": True,
        "run": len(record.tests),
        "passed": record.count("passed", "xpassed"),
        "failed": record.count("failed"),
        "errors": record.count("error") + len(record.collection_errors),
        "skipped": record.count("skipped", "xfailed"),
        "unfinished": record.count("unfinished"),
        "not run": not_run,
        "duration_s": round(done.duration_s, 2),
        "ended": done.ending,
    }
    times = table(("seconds", "test"), ((f"{test.duration_s:.3f}", test.id) for test in slowest)) if slowest else ""
    tail = "" if done.exit_code == 0 and record.finished else _fenced(scratch.plain(done.output))
    return build_report(
        AGENT,
        title=f"Tests of {project.root.name}",
        summary=summary,
        issues=issues,
        sections=[("The slowest", times), ("End of the output", tail)],
        limits={
            **project.limits(),
            "time limit": f"{timeout_s:g} s",
            "output kept": f"first and last {OUTPUT_LIMIT_BYTES} bytes; {done.dropped_bytes} bytes left out",
            "interpreter": scratch.python,
            "where it ran": "a temporary copy, removed afterwards; environment reduced to a short allow-list; home folder temporary",
            "not copied": "; ".join(scratch.left_out[:20]) or "version control, environments and caches only",
            "not limited": "memory, network",
        },
        data={
            "tests": [replace(test, message=scratch.plain(test.message)) for test in record.tests],
            "slowest": [{"test": test.id, "duration_s": round(test.duration_s, 3)} for test in slowest],
        },
    )


def _fenced(output: str) -> str:
    return "```text\n" + output.strip()[-4_000:].replace("```", "'''") + "\n```" if output.strip() else ""


def _run_pytest(scratch: Scratch, timeout_s: float) -> tuple[LimitedRun, RecordedRun, list[Issue]]:
    plugin = scratch.results / "magnus_pytest_recorder.py"
    shutil.copyfile(pytest_recorder.__file__, plugin)
    record = scratch.results / "tests.jsonl"
    variables = {pytest_recorder.RECORD_VARIABLE: str(record)}
    command = ["-m", "pytest", "-p", plugin.stem, "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    command += [f"--rootdir={scratch.root}", "--color=no", "--tb=short", "-q"]
    done = scratch.run(command, timeout_s=timeout_s, variables=variables, modules=scratch.results)
    notes: list[Issue] = []
    if done.exit_code == _EXIT_USAGE and not record.exists():
        again = scratch.run(
            [*command, "-o", "addopts="], timeout_s=timeout_s, variables=variables, modules=scratch.results
        )
        if again.exit_code != _EXIT_USAGE:
            message = f"pytest refuses the project's own options (addopts), so they were left out: {_last_line(scratch.plain(done.output))}"
            notes.append(
                Issue("pytest-options", message, severity="medium", fix="Install the plug-ins that addopts needs.")
            )
            done = again
    return done, read_record(record), notes


def _issues_of(scratch: Scratch, done: LimitedRun, record: RecordedRun, timeout_s: float) -> list[Issue]:
    if not record.finished and not record.tests and "No module named pytest" in done.output:
        fix = f"{scratch.python} -m pip install pytest"
        return [Issue("pytest-missing", f"pytest is not installed for {scratch.python}", severity="high", fix=fix)]
    issues = [_failure(scratch, test) for test in record.tests if test.outcome in ("failed", "error")]
    for name, message in record.collection_errors:
        reason = scratch.plain(_last_line(message).removeprefix("E").strip())
        issues.append(Issue("collection-error", reason, scratch.relative(name), 0, "high"))
    unfinished = [test for test in record.tests if test.outcome == "unfinished"]
    if done.timed_out:
        issues += [
            _unfinished("test-hangs", test, f"did not end within the run's {timeout_s:g} s") for test in unfinished
        ]
        if not unfinished:
            message = f"the run did not end within {timeout_s:g} s, outside any test (collection, a fixture or the end)"
            issues.append(Issue("run-hangs", message, severity="high"))
    elif not record.finished:
        issues += [_unfinished("test-ends-run", test, f"ended the whole run ({done.ending})") for test in unfinished]
        if not unfinished:
            message = f"the run ended before its end ({done.ending}): {_last_line(scratch.plain(done.output))}"
            issues.append(Issue("run-broken", message, severity="high"))
    elif done.exit_code == _EXIT_NO_TESTS and not record.collection_errors:
        issues.append(
            Issue("no-tests-ran", "pytest ran no test: it found none with the project's settings", severity="high")
        )
    elif done.exit_code not in (0, 1, _EXIT_NO_TESTS) and not issues:
        issues.append(
            Issue("run-broken", f"pytest: {done.ending}: {_last_line(scratch.plain(done.output))}", severity="high")
        )
    return issues


def _failure(scratch: Scratch, test: RecordedTest) -> Issue:
    rule = "test-fails" if test.outcome == "failed" else "test-error"
    file = scratch.relative(str(scratch.root / test.file)) if test.file else test.id.partition("::")[0]
    message = f"{test.id}: {_short(scratch.plain(test.message))}"
    if Path(file).is_absolute():  # raised inside a library: the test's own file is the useful place
        return Issue(rule, message, test.id.partition("::")[0], 0, "high")
    return Issue(rule, message, file, test.line, "high")


def _unfinished(rule: str, test: RecordedTest, what: str) -> Issue:
    return Issue(rule, f"{test.id} {what}", test.file, test.line, "high")


def _short(message: str) -> str:
    return message if len(message) <= _MESSAGE_CHARACTERS else message[:_MESSAGE_CHARACTERS] + " [...]"


def _last_line(text: str) -> str:
    """What a text that a program left says at its end: its last line with the word "error", or its last line."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()]
    return _short((telling or lines)[-1]) if lines else "no output"
