"""Asking a function of the program: it runs in a thread of Magnus's own, and nothing but a clear yes is one."""

from __future__ import annotations

import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from orchestrator_core.daemon_pool import shared_pool
from orchestrator_security.approvals.question import Answer, Question, Stop, one_line

OnApproval = Callable[[Question], bool | Answer | Awaitable[bool | Answer]]
"""Called with each question; may be async. It runs in a thread of Magnus's own, or on the event loop where both are async."""

STOP_POLL_S = 0.2
"""How soon it is seen that a question is withdrawn."""


def answer_of(callback: OnApproval, question: Question, *, seconds: float, stop: Stop) -> Answer:
    """What the callback says within ``seconds``; no where it raises, returns anything else, or is not done by then."""
    by = f"callback:{_name_of(callback)}"
    context = contextvars.copy_context()
    future = shared_pool.submit(lambda: context.run(_called, callback, question))
    left = seconds
    while True:
        try:
            said = future.result(min(left, STOP_POLL_S))
        except FutureTimeout as error:
            if future.done():
                return Answer(False, by, f"the callback raised {type(error).__name__}")
            left -= STOP_POLL_S
            if stop.is_set():
                return Answer(False, decision="withdrawn")
            if left <= 0:
                return Answer(False, decision="expired", note=f"{by} did not answer in time")
        except BaseException as error:  # noqa: BLE001 - whatever it raises, it is no yes
            return Answer(False, by, f"the callback raised {type(error).__name__}")
        else:
            return _understood(said, by)


def _understood(said: object, by: str) -> Answer:
    if isinstance(said, Answer) and isinstance(said.approved, bool):
        who = f"{by} ({said.by})" if isinstance(said.by, str) and said.by else by
        return Answer(said.approved, who, said.note if isinstance(said.note, str) else "")
    if isinstance(said, bool):
        return Answer(said, by)
    return Answer(False, by, f"the callback returned {type(said).__name__}, not True, False or an Answer")


class Named:
    """A callback whose call is made in another way."""

    def __init__(self, callback: Any, call: Callable[[], Any]) -> None:
        self.__qualname__ = _name_of(callback)
        self._call = call

    def __call__(self, question: Question) -> Any:
        return self._call()


def _called(callback: OnApproval, question: Question) -> Any:
    said = callback(question)
    if not hasattr(type(said), "__await__"):
        return said
    import asyncio

    async def finished() -> Any:
        return await said  # type: ignore[misc]

    return asyncio.run(finished())


def is_async(callback: object) -> bool:
    """Whether calling it gives a coroutine."""
    import inspect

    return inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(getattr(callback, "__call__", None))  # noqa: B004


def _name_of(callback: object) -> str:
    name = getattr(callback, "__qualname__", None) or type(callback).__qualname__
    return one_line(str(name), 100)
