"""The two drivers: they perform a line's moves, synchronously or on an event loop, and apply the same rules to both."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from typing import Any

from orchestrator.flow.invoke import ainvoke, in_thread, invoke
from orchestrator.flow.policy import FAIL_RULES, Strictness
from orchestrator.flow.state import CallState
from orchestrator.flow.steps import Ask, Invoke, Keep, Move, StageCrashed, Step
from orchestrator.observability.contract import names
from orchestrator_core.errors import StoreError
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
            elif isinstance(move, Ask | Keep):
                reply = move.run()
            else:
                sleep(move.seconds)
        except BaseException as error:
            if state.interruption is not None:
                raise  # a second interruption ends the call at once
            crash = error  # the line records it; an interruption is raised again below
    if state.interruption is not None:
        raise state.interruption
    return result


async def adrive(line: Line, state: CallState) -> ExecutionResult:
    """Carry a line to its end on the running event loop; what may block runs in threads.

    Raises:
        asyncio.CancelledError: after the call was recorded as cancelled.
    """
    import asyncio

    reply: Any = None
    crash: BaseException | None = None
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
                if step.blocking and state.interruption is None:
                    reply = await in_thread(partial(perform, state, step))
                else:
                    reply = perform(state, step)
            elif isinstance(move, Ask):
                reply = await move.arun()
            elif isinstance(move, Keep):
                await in_thread(move.run)
            elif state.rooms.sleep is not None:
                # It may block, and the loop has others to serve.
                await in_thread(partial(state.rooms.sleep, move.seconds))
            else:
                await asyncio.sleep(move.seconds)
        except BaseException as error:
            if state.interruption is not None:
                raise  # as in ``drive``
            crash = error
    if state.interruption is not None:
        raise state.interruption
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
        kind = type(error).__name__
        message = state.safe_text(error, before=f"{kind}: ", otherwise=kind)
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
        span.end(attributes=None if step.told is None else step.told(value))
    return value
