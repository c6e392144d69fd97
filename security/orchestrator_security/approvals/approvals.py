"""Asking a person and waiting for the answer, which is no unless somebody says yes.

Who is asked, in this order: the callback, where the program gave one; the person at the terminal, where ``orchestrate run`` has one; and
the store, where ``orchestrate approvals`` answers from any terminal, also while the first is being asked. Every question is a row before
anybody sees it. No transaction is open while somebody thinks.

It is no: when nobody answers in time, when the callback raises or returns anything but True, False or an ``Answer``, when the
question or the decision cannot be stored, and when the call ends first.
"""

from __future__ import annotations

import contextvars
import logging
import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from msgspec import structs

from orchestrator_core.clock import Clock
from orchestrator_core.daemon_pool import shared_pool
from orchestrator_core.errors import MagnusError, StoreError, UsageError
from orchestrator_core.records import Redact
from orchestrator_security.approvals.callback import STOP_POLL_S, Named, OnApproval, answer_of, is_async
from orchestrator_security.approvals.prompt import Prompt
from orchestrator_security.approvals.question import (
    NAME_CHARS,
    NOTE_CHARS,
    REASON_CHARS,
    REQUEST_CHARS,
    Answer,
    Decision,
    Entry,
    Question,
    Settled,
    Stop,
    one_line,
)
from orchestrator_security.approvals.question_store import QuestionStore

_log = logging.getLogger("orchestrator.approvals")
_FIRST_POLL_S = 0.05
_LAST_POLL_S = 0.5
_SCANNED_CHARS = 8_000
Sleep = Callable[[float], None]


class ApprovalDesk:
    """Implements the ``Approvals`` contract over a store. Safe for threads; several questions may be open at once."""

    def __init__(
        self,
        store: QuestionStore,
        *,
        clock: Clock,
        redact: Redact,
        callback: OnApproval | None = None,
        prompt: Prompt | None = None,
        sleep: Sleep | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._redact = redact
        self._callback = callback
        self._prompt = prompt
        self._sleep = sleep

    # ---- for those who answer

    def waiting(self, *, limit: int = 100) -> list[Entry]:
        """The questions without an answer whose time is not over, newest first.

        One whose status is ``gone`` can only be denied: nobody waits for the answer any more.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store.entries(waiting=True, limit=limit, now=self._clock.now())

    def entries(self, *, limit: int = 100) -> list[Entry]:
        """All questions with what became of them, newest first.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store.entries(waiting=False, limit=limit, now=self._clock.now())

    def get(self, question_id: str) -> Entry:
        """One question, by its id or a beginning of it that no other shares.

        Raises:
            UsageError: there is none, or there are several.
            StoreError: the store cannot be read.
        """
        return self._store.find(question_id, now=self._clock.now())

    def settle(self, question_id: str, approved: bool, *, by: str = "", note: str = "") -> Settled:
        """Answer a question; by default in the name of the user this process runs as. Whoever is first decides.

        A yes is not accepted where the process that asked was killed: the entry's status is ``gone`` then.

        Raises:
            UsageError: there is no such question, or an argument is of the wrong type.
            StoreError: the store cannot be written.
        """
        for name, value, kind in (("approved", approved, bool), ("by", by, str), ("note", note, str)):
            if not isinstance(value, kind):
                raise UsageError(f"settle: {name} must be {kind.__name__}, not {type(value).__name__}")
        entry = self.get(question_id)
        decision: Decision = "approved" if approved else "denied"
        return self._settle(entry.question.id, decision, by or user_name(), note)

    def purge(self) -> int:
        """Take off the list what nobody waits for any more; returns how many questions they were.

        Raises:
            StoreError: the store cannot be written.
        """
        return self._store.purge(now=self._clock.now())

    # ---- for those who ask

    def ask(self, question: Question, *, seconds: float, stop: Stop) -> Answer:
        """Ask and wait up to ``seconds``; the answer says who decided. ``stop`` withdraws the question. Never raises on its own."""
        if seconds <= 0:
            return Answer(False, decision="expired", note="no time was left to ask")
        question = self._fit(question)
        with ExitStack() as waits:
            try:
                waits.enter_context(self._store.asked(question))
            except StoreError as error:
                return Answer(False, decision="denied", note=f"the question could not be stored ({error.code})")
            return self._asked(question, seconds, stop)

    def _asked(self, question: Question, seconds: float, stop: Stop) -> Answer:
        try:
            return self._wait(question, seconds, stop)
        except MagnusError as error:
            return Answer(False, decision="denied", note=f"the decision could not be stored ({error.code})")
        except BaseException:
            with suppress(MagnusError):
                self._settle(question.id, "withdrawn", "", "")
            raise

    async def aask(self, question: Question, *, seconds: float, stop: Stop) -> Answer:
        """The same without holding up the event loop; cancelling it withdraws the question."""
        import asyncio

        ask = partial(self.ask, question, seconds=seconds, stop=stop)
        started: list[Future[Any]] = []
        if self._callback is not None and is_async(self._callback) and seconds > 0:
            call = self._on_this_loop(self._fit(question), started)
            ask = partial(self._ask_by, call, question, seconds, stop)
        context = contextvars.copy_context()
        try:
            return await asyncio.wrap_future(shared_pool.submit(lambda: context.run(ask)))
        except BaseException:
            stop.set()
            raise
        finally:
            for future in started:
                future.cancel()  # the answer is settled; a callback that still thinks is not waited for

    def _on_this_loop(self, question: Question, started: list[Future[Any]]) -> Callable[[], Any]:
        """The async callback as something a thread can wait for: it runs on the loop it was written for."""
        import asyncio

        loop = asyncio.get_running_loop()
        callback: Any = self._callback

        def call() -> Any:
            started.append(asyncio.run_coroutine_threadsafe(callback(question), loop))
            return started[0].result()

        return call

    def _ask_by(self, call: Callable[[], Any], question: Question, seconds: float, stop: Stop) -> Answer:
        desk = ApprovalDesk(
            self._store,
            clock=self._clock,
            redact=self._redact,
            callback=Named(self._callback, call),
            sleep=self._sleep,
        )
        return desk.ask(question, seconds=seconds, stop=stop)

    def _wait(self, question: Question, seconds: float, stop: Stop) -> Answer:
        ends_at = self._clock.monotonic() + seconds
        if self._callback is not None:
            answer = answer_of(self._callback, question, seconds=seconds, stop=stop)
        else:
            answer = self._from_people(question, ends_at, stop)
        if answer.decision == "":
            answer = Answer(answer.approved, answer.by, answer.note, "approved" if answer.approved else "denied")
        settled = self._settle(question.id, answer.decision or "denied", answer.by, answer.note)
        entry = settled.entry
        return Answer(entry.status == "approved", entry.by, entry.note, _final(entry))

    def _from_people(self, question: Question, ends_at: float, stop: Stop) -> Answer:
        pause_s = _FIRST_POLL_S
        at_prompt = False
        if self._prompt is None:
            # Nobody sees the question otherwise. By default Python shows a warning on standard error; it holds names, no texts.
            wanted = (
                f"{question.agent} wants {question.capability}"
                if question.capability
                else f"{question.agent} is to run"
            )
            _log.warning(
                "Waiting up to %.0f s for a person's yes: %s. Answer with: orchestrate approvals approve %s (or deny).",
                ends_at - self._clock.monotonic(), wanted, question.id,
            )  # fmt: skip
        try:
            while True:
                answer = self._store.answer(question.id)
                if answer is not None:
                    return answer
                left = ends_at - self._clock.monotonic()
                if stop.is_set():
                    return Answer(False, decision="withdrawn")
                if left <= 0:
                    return Answer(False, decision="expired", note="nobody answered in time")
                if self._prompt is not None and (at_prompt or self._prompt.take(question)):
                    at_prompt = True
                    said = self._prompt.poll(min(left, STOP_POLL_S))
                    if said is not None:
                        return Answer(said, f"terminal:{user_name()}")
                elif self._sleep is not None:
                    self._sleep(min(left, pause_s))
                else:
                    stop.wait(min(left, pause_s))
                pause_s = min(_LAST_POLL_S, pause_s * 1.5)
        finally:
            if at_prompt and self._prompt is not None:
                self._prompt.leave()

    def _fit(self, question: Question) -> Question:
        """The question with each text redacted, then as one printable line, then cut: a secret cut in two is no longer recognised."""
        most = {
            "agent": NAME_CHARS, "capability": NAME_CHARS, "cause": REASON_CHARS, "reason": REASON_CHARS, "request": REQUEST_CHARS,
            "caller": NAME_CHARS, "session": NAME_CHARS,
        }  # fmt: skip
        return structs.replace(
            question,
            **{
                name: one_line(self._redact(getattr(question, name)[:_SCANNED_CHARS]), size)
                for name, size in most.items()
            },
        )

    def _settle(self, question_id: str, decision: Decision, by: str, note: str) -> Settled:
        who = one_line(self._redact(by), NAME_CHARS)
        said = one_line(self._redact(note), NOTE_CHARS)
        return self._store.settle(question_id, decision, by=who, note=said, now=self._clock.now())


def _final(entry: Entry) -> Decision:
    return "denied" if entry.status == "waiting" or entry.status == "gone" else entry.status  # noqa: PLR1714 - what mypy follows


def user_name() -> str:
    """The name of the user this process runs as: the system's, not what a variable says where the system knows better."""
    if os.name == "posix":
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return f"uid {os.getuid()}"
    import getpass

    try:
        return getpass.getuser()
    except Exception:  # noqa: BLE001 - what it raises differs between versions
        return "unknown"
