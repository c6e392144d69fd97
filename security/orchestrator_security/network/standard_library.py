"""Where the audit hook hears too late or nothing, thin wrappers in the standard library do. Outside a scope each passes on at once.

- An executor's threads outlive the work they do, and nothing tells who submitted it: the work takes its scope along.
- ``connect``, ``sendto`` and ``bind`` look a host *name* up before they tell any hook: so names are checked before them.
- Python 3.11 tells nobody of a new thread, as 3.12 and later do.
- A hook sees the question of a look-up, never its answer, and ``connect`` gets the answer only: so ``getaddrinfo`` notes the answers
  to allowed names.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

from orchestrator_security.network import addresses, rules, scope

_done: set[str] = set()


class _Carried:
    """Work that was submitted inside a scope."""

    def __init__(self, work: Callable[..., Any], sent: scope.Sent) -> None:
        self._work = work
        self._sent = sent

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with scope.Entered(*self._sent):
            return self._work(*args, **kwargs)


def carry_scopes() -> None:
    """Let thread pools run what is submitted in the scope of who submits it."""
    from concurrent.futures.thread import ThreadPoolExecutor

    original: Callable[..., Any] = ThreadPoolExecutor.submit

    @functools.wraps(original)
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        held = scope.inherited()
        if held:
            fn = _Carried(fn, scope.Sent(held, scope.asking_line(), scope.listener()))
        return original(self, fn, *args, **kwargs)

    _put(ThreadPoolExecutor, "submit", submit)


def hear_threads() -> None:
    """Mark the threads that are started inside a scope, where no audit event does."""
    if sys.version_info >= (3, 12):
        return
    import _thread

    original, original_raw = threading.Thread.start, _thread.start_new_thread

    @functools.wraps(original)
    def start(self: threading.Thread) -> None:
        scope.mark_thread(self)
        original(self)

    @functools.wraps(original_raw)
    def start_new_thread(function: Callable[..., Any], *args: Any) -> int:
        scope.mark_thread(function)
        return original_raw(function, *args)

    _put(threading.Thread, "start", start)
    # ``threading`` holds the original by a name of its own, so its threads are not marked twice.
    for name in ("start_new_thread", "start_new"):
        _put(_thread, name, start_new_thread)


def hear_names_early() -> None:
    """Check host names before sockets look them up, and note the answers; done when ``socket`` is loaded, and then once."""
    socket = sys.modules.get("socket")
    if "socket" in _done or getattr(socket, "getaddrinfo", None) is None:
        return
    _done.add("socket")
    for name, place, find in (
        ("connect", 0, rules.destination),
        ("connect_ex", 0, rules.destination),
        ("bind", 0, rules.interface),
        ("sendto", -1, rules.destination),
        ("sendmsg", 3, rules.destination),
    ):
        if hasattr(socket.socket, name):  # type: ignore[union-attr]
            _put(socket.socket, name, _checked(getattr(socket.socket, name), place, find))  # type: ignore[union-attr]
    _put(socket, "getaddrinfo", _noted(socket.getaddrinfo))  # type: ignore[union-attr]


def _checked(original: Callable[..., Any], place: int, find: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(self: Any, *args: Any) -> Any:
        lists = scope.current()
        # Numbers are left to the hook, which sees them before anything is sent.
        if lists and len(args) > place and args and _names_host(args[place]):
            rules.refuse_unless_allowed(lists, find(self, args[place]))
        return original(self, *args)

    return method


def _names_host(address: Any) -> bool:
    host = addresses.host_text(address[0]) if isinstance(address, tuple) and address else None
    return bool(host) and addresses.packed_address(host or "") is None


def _noted(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        answers = original(*args, **kwargs)
        lists = scope.current()
        if lists:
            name = addresses.host_text(args[0] if args else kwargs.get("host"))
            for allowed in lists:
                allowed.remember(name or "", answers)
        return answers

    return getaddrinfo


def _put(owner: Any, name: str, function: Callable[..., Any]) -> None:
    setattr(owner, name, function)
