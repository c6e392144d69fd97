"""Where the guard holds: in the context of a call, in the threads that were started in it, and in the whole process where asked for.

A context variable alone would lose the threads: before Python 3.14 a new thread starts with an empty context. So each thread that is
started inside a scope is marked with it, and its own threads after it.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import CodeType
from typing import Any, NamedTuple

from orchestrator_core.errors import OfflineRefused
from orchestrator_core.own_thread import OwnThread
from orchestrator_security.network.allow_list import AllowList
from orchestrator_security.network.calling_line import calling_line

Scope = tuple[AllowList, ...]
"""Allow lists that must all agree: a call inside another's agent adds its own, so that the stricter wins. Empty: nothing is guarded."""


Hear = Callable[[OfflineRefused], None]
"""Is told of each refusal, in the middle of whatever asked for the socket: it keeps the error and does nothing else."""


class Sent(NamedTuple):
    """What work takes along into another thread."""

    scope: Scope
    line: str
    """Where it was sent from, for work whose own stack shows no line of the user's."""
    hear: Hear | None


_scope: ContextVar[Scope] = ContextVar("magnus_network_scope", default=())
_hear: ContextVar[Hear | None] = ContextVar("magnus_network_hear", default=None)
_sent_from: ContextVar[str] = ContextVar("magnus_network_sent_from", default="")
_MARK = "_magnus_network"
_raw_threads: weakref.WeakKeyDictionary[CodeType, Sent] = weakref.WeakKeyDictionary()
"""Threads without a ``Thread`` object are known by the code they were started with."""
_process: Scope = ()
_lifted = threading.local()


def current() -> Scope:
    """What holds here and now; empty where nothing is guarded."""
    scope = inherited()
    if not _process:
        return scope
    return () if getattr(_lifted, "on", False) else joined(_process, scope)


def inherited() -> Scope:
    """``current`` without what holds in the whole process."""
    scope = _scope.get()
    if not scope:
        mark = _mark()
        if mark is None:
            return ()
        scope = mark.scope
    return () if getattr(_lifted, "on", False) else scope


def joined(outer: Scope, inner: Scope) -> Scope:
    """Both scopes at once; equal lists count once."""
    known = {allowed.hosts for allowed in outer}
    return (*outer, *(allowed for allowed in inner if allowed.hosts not in known))


def guard_process(allowed: AllowList) -> None:
    """Guard everything from now on, in all threads; it cannot be taken back."""
    global _process
    _process = joined(_process, (allowed,))


@contextmanager
def lifted() -> Iterator[None]:
    """Let the guard's own look-ups of allowed names pass, in this thread."""
    _lifted.on = True
    try:
        yield
    finally:
        _lifted.on = False


class Entered:
    """``with Entered(scope)``: the scope holds in this context, on top of what holds already, and ``hear`` in place of what heard."""

    __slots__ = ("_hear", "_heard", "_line", "_outer", "_scope", "_token")

    def __init__(self, scope: Scope, line: str = "", hear: Hear | None = None) -> None:
        self._scope = scope
        self._line = line
        self._hear = hear

    def __enter__(self) -> None:
        outer = inherited()
        self._token: Token[Scope] = _scope.set(joined(outer, self._scope) if outer else self._scope)
        self._outer: Token[str] | None = _sent_from.set(self._line) if self._line else None
        self._heard: Token[Hear | None] | None = _hear.set(self._hear) if self._hear is not None else None

    def __exit__(self, *exception: object) -> None:
        try:
            _scope.reset(self._token)
            if self._outer is not None:
                _sent_from.reset(self._outer)
            if self._heard is not None:
                _hear.reset(self._heard)
        except ValueError:
            return  # a coroutine that was closed from elsewhere: its own context has ended with it


def asking_line() -> str:
    """``file:line`` of the code that asked for a socket, or where it was sent from into this thread; empty when nothing shows it."""
    mark = _mark()
    return calling_line(otherwise=_sent_from.get() or (mark.line if mark is not None else ""))


def listener() -> Hear | None:
    """Who is told of a refusal here and now."""
    hear = _hear.get()
    if hear is not None:
        return hear
    mark = _mark()
    return None if mark is None else mark.hear


def mark_thread(started: Any) -> None:
    """A thread, given itself or by the function it begins with, is about to start: what is guarded here is guarded there."""
    scope = inherited()
    if not scope:
        return
    thread = started if isinstance(started, threading.Thread) else getattr(started, "__self__", None)
    if isinstance(thread, OwnThread):
        return  # used by many: whatever runs in it brings its own scope
    sent = Sent(scope, calling_line(otherwise=_sent_from.get()), listener())
    if isinstance(thread, threading.Thread):
        if not _serves_executor(thread):
            thread.__dict__[_MARK] = sent
    elif isinstance(code := getattr(started, "__code__", None), CodeType):
        _raw_threads[code] = sent


def _serves_executor(thread: threading.Thread) -> bool:
    # It may serve a pool of the host program for ever; the work that is submitted brings its own scope, see ``standard_library``.
    target = getattr(thread, "_target", None)
    return getattr(target, "__module__", "") == "concurrent.futures.thread"


def _mark() -> Sent | None:
    # ``current_thread`` would make an object, for ever, for each thread that has none.
    threads: dict[int, threading.Thread] = threading._active  # type: ignore[attr-defined]  # noqa: SLF001
    thread = threads.get(threading.get_ident())
    mark: Sent | None = None if thread is None else thread.__dict__.get(_MARK)
    if mark is not None or not _raw_threads:
        return mark
    frame = sys._getframe()  # noqa: SLF001
    while frame.f_back is not None:
        frame = frame.f_back
    return _raw_threads.get(frame.f_code)
