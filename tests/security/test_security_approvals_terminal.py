"""The question at a terminal, on a terminal of its own that the test types at."""

from __future__ import annotations

import os
import pty
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator_core.clock import SystemClock
from orchestrator_core.records import Redacted
from orchestrator_core.storage.database import Database
from orchestrator_security.approvals.approvals import ApprovalDesk, user_name
from orchestrator_security.approvals.prompt import TerminalPrompt, terminal_prompt
from orchestrator_security.approvals.question import Answer, Question
from orchestrator_security.approvals.question_store import QuestionStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "orchestrator.db")
    opened.open()
    yield opened
    opened.close()


class Terminal:
    """A question at a terminal, and a person there who types after reading it."""

    def __init__(self, database: Database, *, before: bytes = b"") -> None:
        self._ours, self._theirs = pty.openpty()
        self._before = before
        self.seen = b""
        self.database = database

    def ask(self, *lines: bytes, elsewhere: bool = False) -> Answer:
        with open(os.dup(self._theirs), "w", encoding="utf-8") as screen:
            if self._before:
                os.write(self._ours, self._before)
            prompt = TerminalPrompt(self._theirs, screen)
            desk = ApprovalDesk(QuestionStore(self.database), clock=SystemClock(), redact=Redacted, prompt=prompt)
            now = SystemClock().now()
            about = Question(
                id="a1b2c3d4e5",
                agent="deploy",
                capability="fs.write",
                reason="to \x1b[31msave",
                asked_at=now,
                expires_at=now + 60,
            )

            def person() -> None:
                while b"[y/N]" not in self.seen:
                    self.seen += os.read(self._ours, 4_096)
                if elsewhere:
                    desk.settle("a1b2", True, by="ada")
                for line in lines:
                    os.write(self._ours, line)

            thread = threading.Thread(target=person)
            thread.start()
            answer = desk.ask(about, seconds=1.0, stop=threading.Event())
            thread.join()
        for handle in (self._ours, self._theirs):
            os.close(handle)
        return answer


@pytest.mark.parametrize(
    ("lines", "approved"),
    [
        ((b"y\n",), True),
        ((b"YES\n",), True),
        ((b"\n",), False),
        ((b"n\n",), False),
        ((b"yep\n",), False),
        ((b"\x04",), False),
    ],
)
def test_a_person_at_the_terminal(database: Database, lines: tuple[bytes, ...], approved: bool) -> None:
    terminal = Terminal(database)
    answer = terminal.ask(*lines)
    assert (answer.approved, answer.by) == (approved, f"terminal:{user_name()}")


def test_what_was_typed_before_the_question_is_no_answer(database: Database) -> None:
    answer = Terminal(database, before=b"y\n").ask()
    assert (answer.approved, answer.decision) == (False, "expired")


def test_without_a_terminal_there_is_no_prompt() -> None:
    assert terminal_prompt() is None


def test_an_answer_from_elsewhere_ends_the_prompt(database: Database) -> None:
    answer = Terminal(database).ask(elsewhere=True)
    assert (answer.approved, answer.by) == (True, "ada")


def test_what_the_person_reads_cannot_obey_the_agent(database: Database) -> None:
    terminal = Terminal(database)
    terminal.ask(b"n\n")
    assert b"agent deploy wants fs.write" in terminal.seen and b"to \\x1b[31msave" in terminal.seen
    assert b"\x1b" not in terminal.seen
