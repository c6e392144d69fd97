"""The questions and their answers by themselves: who decides, first and in time, and no in every other case."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from orchestrator import StoreReadOnly, UsageError
from orchestrator.testing import FakeClock
from orchestrator_core.clock import SystemClock
from orchestrator_core.records import Redacted
from orchestrator_core.storage.database import Database
from orchestrator_security.approvals.approvals import ApprovalDesk, user_name
from orchestrator_security.approvals.question import Answer, Question, one_line
from orchestrator_security.approvals.question_store import QuestionStore

SECRET = "hunter2"
Ask = Callable[..., Answer]


def redact(text: str) -> Redacted:
    return Redacted(text.replace(SECRET, "<SECRET>"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "orchestrator.db")
    opened.open()
    yield opened
    opened.close()


def desk_of(database: Database, **more: Any) -> ApprovalDesk:
    more.setdefault("clock", SystemClock())
    return ApprovalDesk(QuestionStore(database), redact=redact, **more)


def question(desk: ApprovalDesk, number: str = "a1b2c3d4e5", seconds: float = 60.0, **more: Any) -> Question:
    now = desk._clock.now()
    return Question(id=number, agent="deploy", asked_at=now, expires_at=now + seconds, **more)


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    def asked(
        desk: ApprovalDesk, about: Question, seconds: float = 60.0, stop: threading.Event | None = None
    ) -> Answer:
        how = {"seconds": seconds, "stop": stop or threading.Event()}
        if request.param == "sync":
            return desk.ask(about, **how)
        return asyncio.run(desk.aask(about, **how))

    return asked


async def yes_later(about: Question) -> bool:
    await asyncio.sleep(0)
    return True


class Thoughtful:
    def __call__(self, about: Question) -> Answer:
        return Answer(True, "ada", f"looked at it, {SECRET}\x1b[31m")


def raises(about: Question) -> bool:
    raise ValueError(SECRET)


def raises_timeout(about: Question) -> bool:
    raise TimeoutError


@pytest.mark.parametrize(
    ("callback", "approved", "by", "note"),
    [
        (lambda about: True, True, "callback:", ""),
        (lambda about: False, False, "callback:", ""),
        (yes_later, True, "callback:yes_later", ""),
        (Thoughtful(), True, "callback:Thoughtful (ada)", "looked at it, <SECRET>\\x1b[31m"),
        (lambda about: yes_later(structs.replace(about)), True, "callback:", ""),
        (raises, False, "callback:raises", "the callback raised ValueError"),
        (raises_timeout, False, "callback:raises_timeout", "the callback raised TimeoutError"),
        (lambda about: None, False, "callback:", "the callback returned NoneType"),
        (lambda about: 1, False, "callback:", "the callback returned int"),
        (lambda about: "yes", False, "callback:", "the callback returned str"),
        (lambda about: Answer("yes"), False, "callback:", "the callback returned Answer"),  # type: ignore[arg-type]
        (lambda: True, False, "callback:", "the callback raised TypeError"),
    ],
)
def test_what_a_callback_says(database: Database, ask: Ask, callback: Any, approved: bool, by: str, note: str) -> None:
    desk = desk_of(database, callback=callback)
    answer = ask(desk, question(desk))
    assert answer.approved is approved
    assert answer.by.startswith(by) and answer.note.startswith(note)
    entry = desk.get("a1b2c3d4e5")
    assert entry.status == answer.decision == ("approved" if approved else "denied")
    assert (entry.by, entry.note) == (answer.by, answer.note) and entry.decided_at is not None


def test_a_callback_that_takes_too_long_said_no(database: Database, ask: Ask) -> None:
    release = threading.Event()
    desk = desk_of(database, callback=lambda about: release.wait(30))
    answer = ask(desk, question(desk), seconds=0.05)
    release.set()
    assert (answer.approved, answer.decision) == (False, "expired")


def test_an_async_callback_runs_on_the_loop_it_was_written_for(database: Database) -> None:
    loops: list[object] = []

    async def callback(about: Question) -> bool:
        loops.append(asyncio.get_running_loop())
        return True

    async def asked() -> Answer:
        loops.append(asyncio.get_running_loop())
        return await desk.aask(question(desk), seconds=30, stop=threading.Event())

    desk = desk_of(database, callback=callback)
    answer = asyncio.run(asked())
    assert answer.approved and loops[0] is loops[1]
    assert answer.by.endswith("callback")


def test_an_async_callback_that_is_not_waited_for_is_cancelled(database: Database) -> None:
    ended: list[str] = []

    async def callback(about: Question) -> bool:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")
        return True

    async def asked() -> Answer:
        answer = await desk.aask(question(desk), seconds=0.05, stop=threading.Event())
        await asyncio.sleep(0.1)
        return answer

    desk = desk_of(database, callback=callback)
    assert asyncio.run(asked()).decision == "expired" and ended == ["cancelled"]


def test_everybody_sees_the_question_redacted_and_fit_for_a_terminal(database: Database, ask: Ask) -> None:
    seen: list[Question] = []
    desk = desk_of(database, callback=lambda about: bool(seen.append(about)))
    hostile = f"{SECRET} \x1b[2J\u202e\nnew line " + "x" * 5_000
    ask(desk, question(desk, reason=hostile, request=hostile, cause=hostile, caller=hostile))
    (about,) = seen
    assert desk.get("a1b2").question == about
    for text in (about.reason, about.request, about.cause, about.caller):
        assert text.startswith("<SECRET> \\x1b[2J\\u202e new line x") and text.isprintable() and len(text) < 1_100


def test_nobody_answers_in_time(database: Database, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    desk = desk_of(database, clock=clock, sleep=clock.sleep)
    answer = ask(desk, question(desk, seconds=300, reason=SECRET), seconds=300)
    assert caplog.messages == [
        "Waiting up to 300 s for a person's yes: deploy is to run. Answer with: orchestrate approvals approve a1b2c3d4e5 (or deny)."
    ]
    assert (answer.approved, answer.decision, answer.by) == (False, "expired", "")
    assert 600 < len(clock.waits) < 700, "it looks twice a second, not all the time"
    late = desk.settle("a1b2", True)
    assert (late.accepted, late.entry.status) == (False, "expired")


def test_another_process_answers(database: Database, ask: Ask) -> None:
    desk = desk_of(database)
    other = desk_of(Database(database.path))

    def answer_it() -> None:
        while not other.waiting():
            threading.Event().wait(0.01)
        assert other.settle("A1B2", True, note=f"fine, {SECRET}").accepted

    thread = threading.Thread(target=answer_it)
    thread.start()
    answer = ask(desk, question(desk))
    thread.join()
    assert (answer.approved, answer.by, answer.note) == (True, user_name(), "fine, <SECRET>")
    assert desk.waiting() == []


def test_of_two_answers_at_once_the_first_stands_and_the_other_is_told(database: Database) -> None:
    desk = desk_of(database)
    QuestionStore(database).put(question(desk))
    start = threading.Barrier(16)
    settled = []

    def answer_it(number: int) -> None:
        start.wait()
        settled.append((number, desk.settle("a1b2c3d4e5", number % 2 == 0, by=f"person {number}")))

    threads = [threading.Thread(target=answer_it, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((winner, first),) = [(number, said) for number, said in settled if said.accepted]
    assert first.entry.by == f"person {winner}"
    assert {said.entry.by for _, said in settled} == {f"person {winner}"}
    assert {said.entry.status for _, said in settled} == {"approved" if winner % 2 == 0 else "denied"}


def test_an_answer_after_the_limit_is_late_though_its_process_was_killed(database: Database) -> None:
    clock = FakeClock()
    desk = desk_of(database, clock=clock)
    QuestionStore(database).put(question(desk, seconds=10))
    assert [entry.status for entry in desk.waiting()] == ["waiting"]
    clock.advance(10)
    assert desk.waiting() == []
    assert [entry.status for entry in desk.entries()] == ["expired"]
    settled = desk.settle("a1b2c3d4e5", True, by="ada")
    assert not settled.accepted and settled.entry.status == "expired" and settled.entry.by == ""


def test_a_call_that_ends_first_withdraws_its_question(database: Database, ask: Ask) -> None:
    desk, stop = desk_of(database), threading.Event()
    threading.Timer(0.1, stop.set).start()
    assert ask(desk, question(desk), stop=stop).decision == "withdrawn"
    assert not desk.settle("a1b2c3d4e5", True).accepted


def test_a_cancelled_task_withdraws_its_question(database: Database) -> None:
    desk, stop = desk_of(database), threading.Event()

    async def cancelled() -> None:
        task = asyncio.create_task(desk.aask(question(desk), seconds=60, stop=stop))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    for _ in range(200):
        if desk.get("a1b2c3d4e5").status != "waiting":
            break
        stop.wait(0.01)
        threading.Event().wait(0.02)
    assert desk.get("a1b2c3d4e5").status == "withdrawn"


@pytest.mark.parametrize("broken", ["put", "settle"])
def test_a_store_that_cannot_be_written_is_a_no(database: Database, ask: Ask, broken: str) -> None:
    class Broken(QuestionStore):
        pass

    def fails(*args: Any, **kwargs: Any) -> Any:
        raise StoreReadOnly("cannot write")

    setattr(Broken, broken, fails)
    desk = ApprovalDesk(Broken(database), clock=SystemClock(), redact=redact, callback=lambda about: True)
    answer = ask(desk, question(desk))
    assert (answer.approved, answer.decision) == (False, "denied") and "could not be stored" in answer.note


def test_no_time_is_a_no_that_nobody_saw(database: Database, ask: Ask) -> None:
    desk = desk_of(database, callback=lambda about: True)
    assert ask(desk, question(desk), seconds=0).decision == "expired"
    assert desk.entries() == []


@pytest.mark.parametrize("wanted", [None, b"a1b2", "", "abc", "xyzw", "%%%%", "a1b2' --", "0" * 100, "ffff"])
def test_an_id_that_is_none(database: Database, wanted: Any) -> None:
    desk = desk_of(database)
    QuestionStore(database).put(question(desk))
    with pytest.raises(UsageError, match="approval"):
        desk.settle(wanted, True)


@pytest.mark.parametrize("arguments", [("yes",), (1,), (None,), (True, 3), (True, "me", b"x")])
def test_an_answer_that_is_none_is_refused_and_settles_nothing(database: Database, arguments: tuple[Any, ...]) -> None:
    desk = desk_of(database)
    QuestionStore(database).put(question(desk))
    names = ("approved", "by", "note")
    with pytest.raises(UsageError, match="settle"):
        desk.settle("a1b2c3d4e5", **dict(zip(names, arguments, strict=False)))
    assert desk.get("a1b2").status == "waiting"


def test_a_beginning_that_two_share(database: Database) -> None:
    desk = desk_of(database)
    for number in ("abcd000001", "abcd000002"):
        QuestionStore(database).put(question(desk, number))
    with pytest.raises(UsageError, match="several"):
        desk.get("abcd")
    assert desk.get("abcd000002").question.id == "abcd000002"


def test_a_text_for_a_terminal_is_one_printable_line() -> None:
    assert one_line("a\nb\t\x1b[31mred\u202e\ud800", 100) == "a b \\x1b[31mred\\u202e\\ud800"
    assert one_line("x" * 50, 10) == "x" * 10 + "…"
