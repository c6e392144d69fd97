"""The list of past calls, as a person and as a program read it."""

from __future__ import annotations

import io
import re

import pytest

from orchestrator.cli.history_pages import list_page
from orchestrator.cli.screen import Screen
from orchestrator.observability.history_values import ExecutionSummary


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def summary(number: int, **values: object) -> ExecutionSummary:
    given: dict[str, object] = {
        "id": f"0199a7c3d{number:017x}", "started_at": 1.75e9, "duration_ms": 1234.5, "agent": "documentation-specialist",
        "feature": "", "status": "succeeded", "attempts": 1, "healed": False, "judge_status": "judged", "overall": 7.5,
        "error_type": "", "error_message": "", "caller": "", "session": "",
        "request": "Which of these many words will still be there at the end of the line? " * 3,
    }  # fmt: skip
    return ExecutionSummary(**{**given, **values})  # type: ignore[arg-type]


ROWS = [
    summary(1),
    summary(2, status="failed", error_type="ValueError", error_message="it broke " * 20),
    summary(
        3, agent="a", request="kurz 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字"
    ),
]


def columns(line: str) -> int:
    from rich.cells import cell_len

    return cell_len(line)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_on_a_terminal_a_call_is_one_line(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen(Terminal(), width=width)
    list_page(screen, ROWS, "")
    lines = re.sub("\x1b\\[[0-9;]*m", "", screen.text()).rstrip("\n").splitlines()
    assert len(lines) == 2 + len(ROWS)
    assert max(map(columns, lines)) <= width
    assert "…" in lines[2]
    if width >= 80:
        for line, row in zip(lines[2:], ROWS, strict=True):
            assert line.startswith(row.id[:16]) and row.agent in line and row.status in line
        assert "ValueErr" in lines[3]
    assert ("tries" in lines[0]) is (width >= 110)


def test_in_a_pipe_nothing_is_left_out() -> None:
    screen = Screen(io.StringIO())
    list_page(screen, ROWS, "")
    lines = screen.text().splitlines()
    assert len(lines) == 1 + len(ROWS)
    for line, row in zip(lines[1:], ROWS, strict=True):
        assert line.startswith(row.id + "  ")
    assert "1234" in lines[1] and "7.5" in lines[1]
    assert ("it broke " * 19).strip() in lines[2]
