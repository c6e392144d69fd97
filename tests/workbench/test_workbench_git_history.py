from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.workbench.code_archaeologist import run
from orchestrator.agents.workbench.structure import git_history
from orchestrator.agents.workbench.structure.git_history import parse_log, read_history

MakeProject = Callable[[Mapping[str, str]], Path]
# A shell finds the interpreter, since a first line that names it cannot hold a blank; to Python the second line is a text.
SHEBANG = f"#!/bin/sh\n'''exec' \"{sys.executable}\" \"$0\" \"$@\"\n' '''\n"


def git(root: Path, *arguments: str) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@shop.example", *arguments],
        cwd=root,
        check=True,
        capture_output=True,
        env=environment,
    )


@pytest.fixture
def repository(make_project: MakeProject) -> Path:
    root = make_project({"hot.py": "x = 0\n", "cold.py": "y = 0\n", "sub/deep é.py": "z = 0\n"})
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    for number in range(3):
        (root / "hot.py").write_text(f"x = {number}\nw = {number}\n", encoding="utf-8")
        git(root, "-c", f"user.email=b{number}@shop.example", "commit", "-qam", "change")
    return root


def test_counts_changes_authors_and_lines(repository: Path) -> None:
    history = read_history(repository)
    assert (history.commits, history.authors, history.missing) == (4, 4, "")
    hot = history.files[0]
    assert (hot.path, hot.changes, hot.authors) == ("hot.py", 4, 4)
    assert hot.added - hot.removed == 2, "the file has two lines now"
    assert {file.path for file in history.files} == {"hot.py", "cold.py", "sub/deep é.py"}
    assert hot.last_changed > 1_600_000_000


def test_hot_files_are_in_the_report_and_only_those_that_still_exist(repository: Path) -> None:
    git(repository, "rm", "-q", "cold.py")
    git(repository, "commit", "-qm", "remove")
    report = run("", {"path": repository})
    assert [file["path"] for file in report["data"]["hot_files"]] == ["hot.py", "sub/deep é.py"]
    assert "## Hot files" in report["markdown"]


def test_a_folder_inside_a_repository_sees_its_own_files(repository: Path) -> None:
    history = read_history(repository / "sub")
    assert [file.path for file in history.files] == ["deep é.py"]


def test_no_repository_no_commit_no_git(make_project: MakeProject, tmp_path: Path) -> None:
    root = make_project({"a.py": ""})
    assert read_history(root).missing == "the folder is in no git repository"
    git(root, "init", "-q")
    assert read_history(root).missing == "the repository has no commit yet"
    assert "not installed" in read_history(root, environment={"PATH": str(tmp_path)}).missing
    assert run("", {"path": root})["data"]["hot_files"] == []


def test_a_shallow_clone_is_told(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", repository.as_uri(), "shallow")
    history = read_history(tmp_path / "shallow")
    assert history.commits == 1
    assert any("shallow" in note for note in history.notes)


def test_the_commit_limit_is_told(repository: Path) -> None:
    history = read_history(repository, most_commits=2)
    assert history.commits == 2
    assert any("newest 2" in note for note in history.notes)


def test_nothing_a_repository_configures_is_run(repository: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n", encoding="utf-8")
    trap.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "diff.t.textconv",
        "diff.t.command",
        "gpg.program",
        "core.sshCommand",
    ):
        git(repository, "config", name, str(trap))
    for name, value in (("log.showSignature", "true"), ("pager.log", "true"), ("core.hooksPath", str(tmp_path))):
        git(repository, "config", name, value)
    (repository / ".gitattributes").write_text("*.py diff=t\n", encoding="utf-8")
    history = read_history(
        repository, environment={**os.environ, "GIT_EXTERNAL_DIFF": str(trap), "GIT_PAGER": str(trap)}
    )
    assert history.files
    assert not (tmp_path / "sprung").exists()


def test_a_git_inside_the_project_is_not_run(make_project: MakeProject) -> None:
    root = make_project({"a.py": "", "bin/git": "#!/bin/sh\ntouch sprung\n"})
    (root / "bin" / "git").chmod(0o755)
    assert "not installed" in read_history(root, environment={"PATH": str(root / "bin")}).missing
    assert not (root / "sprung").exists()


def test_a_git_that_hangs_is_stopped(tmp_path: Path, make_project: MakeProject) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f"{SHEBANG}import time\ntime.sleep(60)\n", encoding="utf-8")
    fake.chmod(0o755)
    history = read_history(make_project({"a.py": ""}), environment={"PATH": str(fake.parent)}, time_limit_s=0.2)
    assert "longer than 0.2 s" in history.missing


def test_an_endless_log_is_cut(tmp_path: Path, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(
        SHEBANG
        + dedent("""\
        import sys
        if "rev-parse" in sys.argv:
            print("true\\nfalse")
            raise SystemExit
        while True:
            sys.stdout.write("\\x01abc\\x021700000000\\x02a@b\\0" + "1\\t2\\ta.py\\0" * 1000)
        """),
        encoding="utf-8",
    )
    fake.chmod(0o755)
    monkeypatch.setattr(git_history, "MOST_BYTES", 100_000)
    history = read_history(make_project({"a.py": ""}), environment={"PATH": str(fake.parent)}, time_limit_s=20)
    assert history.files[0].path == "a.py"
    assert any("first 100000 bytes" in note for note in history.notes)


@given(st.binary(max_size=400))
def test_any_log_can_be_read(output: bytes) -> None:
    assert parse_log(output).commits >= 0
