"""Running an agent once, with its time limit, from a thread or from an event loop.

A time limit cannot stop a thread: an agent that ignores it goes on in the background, and its result is dropped.
"""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Coroutine, Generator, Iterable
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from orchestrator.flow.steps import Invoke, Outcome
from orchestrator_core.daemon_pool import shared_pool
from orchestrator_core.errors import AgentTimeout

_CANCEL_GRACE_S = 1.0


def _timed_out(move: Invoke) -> Outcome:
    return Outcome(
        error=AgentTimeout(
            f"agent {move.spec.name!r} did not return within {move.timeout_s:g} s. Raise timeout_s, or make the agent check "
            "call.remaining_s()."
        )
    )


def _left_s(move: Invoke, began: float) -> float:
    """Seconds until the agent's time is over. A wait for a person moves its own limit, never the call's deadline."""
    return min(move.timeout_s + move.waited_s(), move.deadline_s) - (time.monotonic() - began)


def run_function(move: Invoke) -> Outcome:
    """Call the agent here and now, inside its context; whatever it raises becomes a value."""
    try:
        value = move.context.run(move.spec.run, *move.arguments)
        if _is_pending(value):
            value = _run_coroutine(_finished(value), move.context)
        elif isinstance(value, Generator):
            value = move.context.run(_joined, value)
        return Outcome(value)
    except BaseException as error:  # noqa: BLE001 - SystemExit and friends of an agent are failures of the agent
        return Outcome(error=error)


def _is_pending(value: object) -> bool:
    # The type is asked, as ``await`` does it: an object may answer to every name, or fail on those it does not know.
    return hasattr(type(value), "__await__") or hasattr(type(value), "__aiter__")


def _run_coroutine(coroutine: Coroutine[Any, Any, Any], context: contextvars.Context) -> Any:
    import asyncio

    def run() -> Any:
        with asyncio.Runner() as runner:
            return runner.run(coroutine, context=context)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run()
    return shared_pool.submit(run).result()  # a loop runs in this thread already, and it cannot run a second one


async def _finished(value: Any) -> Any:
    """What a coroutine returns; what an async generator yields, joined."""
    if hasattr(type(value), "__aiter__"):
        return _joined([part async for part in value])
    return await value


def _joined(parts: Iterable[Any]) -> Any:
    """The reply of an agent that yields it piece by piece: one text when all pieces are text, else a list."""
    pieces = list(parts)
    return "".join(pieces) if pieces and all(isinstance(piece, str) for piece in pieces) else pieces


def invoke(move: Invoke) -> Outcome:
    """The synchronous driver's way: in a thread of the pool, or right here when there is no time limit."""
    if not move.timeout_s and not move.spec.is_async:
        return _reraise_interrupt(run_function(move))
    began = time.monotonic()
    future = shared_pool.submit(lambda: run_function(move))
    left_s = move.timeout_s
    while True:
        try:
            return future.result(left_s or None)
        except FutureTimeout:
            left_s = _left_s(move, began)
            if left_s <= 0:
                return _timed_out(move)


def _reraise_interrupt(outcome: Outcome) -> Outcome:
    # In the caller's own thread Ctrl-C belongs to the caller, not to the agent.
    if isinstance(outcome.error, KeyboardInterrupt):
        raise outcome.error
    return outcome


async def ainvoke(move: Invoke) -> Outcome:
    """The event loop's way: coroutines run on the loop, functions in a thread of the pool."""
    import asyncio

    began = time.monotonic()
    if move.spec.is_async:
        waiter: asyncio.Future[Outcome] = asyncio.get_running_loop().create_task(
            _await_agent(move), context=move.context
        )
    else:
        waiter = asyncio.wrap_future(shared_pool.submit(lambda: run_function(move)))
    try:
        left_s = move.timeout_s or None
        while True:
            done, _ = await asyncio.wait({waiter}, timeout=left_s)
            if done or left_s is None or (left_s := _left_s(move, began)) <= 0:
                break
    except asyncio.CancelledError:
        waiter.cancel()
        raise
    if done:
        return waiter.result()
    waiter.cancel()
    if move.spec.is_async:
        await asyncio.wait({waiter}, timeout=_CANCEL_GRACE_S)
    return _timed_out(move)


async def _await_agent(move: Invoke) -> Outcome:
    import asyncio

    try:
        return Outcome(await _finished(move.spec.run(*move.arguments)))
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise  # we cancelled it: time limit, or the caller's own cancellation
        return Outcome(error=error)
    except BaseException as error:  # noqa: BLE001 - see run_function
        return Outcome(error=error)


async def in_thread(work: Callable[[], Any]) -> Any:
    """Run blocking work off the event loop, in the caller's context."""
    import asyncio

    context = contextvars.copy_context()
    return await asyncio.wrap_future(shared_pool.submit(lambda: context.run(work)))
