"""The two drivers: they perform a line's moves, synchronously or on an event loop, and apply the same rules to both."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from typing import Any

from orchestrator.flow.invoke import ainvoke, in_thread, invoke
from orchestrator.flow.policy import FAIL_RULES, Strictness
from orchestrator.flow.state import MESSAGE_CHARS, MESSAGE_SCANNED_CHARS, CallState
from orchestrator.flow.steps import Invoke, Move, StageCrashed, Step
from orchestrator.observability.contract import names
from orchestrator_core.errors import StoreError
from orchestrator_core.plain_text import storable
from orchestrator_core.records import ExecutionResult, StageRecord

Line = Generator[Move, Any, ExecutionResult]


def drive(line: Line, state: CallState) -> ExecutionResult:
    """Carry a line to its end in this thread.

    Raises:
        KeyboardInterrupt: and its like, after the call was recorded as cancelled.
    """
    sleep = state.rooms.sleep or time.sleep
    reply: Any = None
    crash: BaseException | None = None
    interrupt: BaseException | None = None
    while True:
        try:
            move = line.send(reply) if crash is None else line.throw(crash)
        except StopIteration as end:
            result: ExecutionResult = end.value
            break
        reply, crash = None, None
        try:
            if isinstance(move, Invoke):
                reply = invoke(move)
            elif isinstance(move, Step):
                reply = perform(state, move)
            else:
                sleep(move.seconds)
        except StageCrashed as error:
            crash = error
        except BaseException as error:  # noqa: BLE001 - handed to the line, which records it; raised again below
            crash, interrupt = error, _interrupt(error, interrupt)
    interrupt = interrupt or state.interruption
    if interrupt is not None:
        raise interrupt
    return result


async def adrive(line: Line, state: CallState) -> ExecutionResult:
    """Carry a line to its end on the running event loop; what may block runs in threads.

    Raises:
        asyncio.CancelledError: after the call was recorded as cancelled.
    """
    import asyncio

    reply: Any = None
    crash: BaseException | None = None
    interrupt: BaseException | None = None
    while True:
        try:
            move = line.send(reply) if crash is None else line.throw(crash)
        except StopIteration as end:
            result: ExecutionResult = end.value
            break
        reply, crash = None, None
        try:
            if isinstance(move, Invoke):
                reply = await ainvoke(move)
            elif isinstance(move, Step):
                step = move
                # After a cancellation nothing may wait on the loop any more: the record is written right here.
                if step.blocking and interrupt is None:
                    reply = await in_thread(partial(perform, state, step))
                else:
                    reply = perform(state, step)
            elif state.rooms.sleep is not None:
                await in_thread(
                    partial(state.rooms.sleep, move.seconds)
                )  # it may block, and the loop has others to serve
            else:
                await asyncio.sleep(move.seconds)
        except StageCrashed as error:
            crash = error
        except BaseException as error:  # noqa: BLE001 - as in ``drive``
            crash, interrupt = error, _interrupt(error, interrupt)
    interrupt = interrupt or state.interruption
    if interrupt is not None:
        raise interrupt
    return result


def perform(state: CallState, step: Step) -> Any:
    """Run one stage under its switch and its fail rule, and note its time and status.

    Raises:
        StageCrashed: the stage is fail-closed and raised.
    """
    name = step.stage
    if not state.switches[name]:
        state.stages[name] = StageRecord(name, "off")
        return step.otherwise()
    began = state.rooms.clock.monotonic()
    span = state.open_span(names.stage_span(name)) if name != "record" else None
    try:
        value = step.run()
    except Exception as error:
        message = _describe(state, error)
        state.note_stage(name, "failed", began, message)
        if span is not None:
            span.end(error=message)
        if FAIL_RULES[name] == "closed":
            raise StageCrashed(name, error) from error
        if Strictness.enabled and not isinstance(error, StoreError):
            raise
        return step.otherwise()
    except BaseException as error:
        state.note_stage(name, "failed", began, type(error).__name__)
        if span is not None:
            span.end(error=type(error).__name__)
        raise
    state.note_stage(name, "ok", began)
    if span is not None:
        span.end()
    return value


def _interrupt(error: BaseException, earlier: BaseException | None) -> BaseException | None:
    """What is to be raised again once the call is recorded; a second interruption ends it at once."""
    if earlier is not None:
        raise error
    return None if isinstance(error, Exception) else error


def _describe(state: CallState, error: Exception) -> str:
    try:
        # Redacted before it is cut: a secret cut in two is no longer recognised.
        text = state.rooms.guard.redact(f"{type(error).__name__}: {error}"[:MESSAGE_SCANNED_CHARS])
    except Exception:  # noqa: BLE001 - the guard itself or the error's own __str__ may be what is broken
        return type(error).__name__
    return storable(text[:MESSAGE_CHARS])
