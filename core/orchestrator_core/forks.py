"""Who must do something around a fork: let go of connections before it, start with fresh locks and threads in the child.

One registration with the interpreter for the whole process, since ``os.register_at_fork`` can never be undone.

A fork waits until no other thread is in the middle of an import. The child would inherit the module's lock from a thread that it does not
have, and the first use of that module would wait for ever.
"""

from __future__ import annotations

import importlib
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T")


class _Hooks(Struct, frozen=True):
    owner: weakref.ref[Any]
    before: Callable[[Any], None] | None
    parent: Callable[[Any], None] | None
    child: Callable[[Any], None]


_hooks: dict[int, _Hooks] = {}
_one_fork_at_a_time = threading.RLock()
_IMPORT_PATIENCE_S = 10.0


def at_fork(
    owner: T,
    *,
    child: Callable[[T], None],
    before: Callable[[T], None] | None = None,
    parent: Callable[[T], None] | None = None,
) -> None:
    """Call functions with ``owner``, as long as it lives: before a fork, after it in the parent, after it in the child.

    Before the fork the latest owner comes first, as what it uses was made earlier; after it the first.
    """
    key = id(owner)
    _hooks[key] = _Hooks(weakref.ref(owner, lambda _: _hooks.pop(key, None)), before, parent, child)


def _call(name: str, *, latest_first: bool = False) -> None:
    found = list(_hooks.values())
    for hooks in reversed(found) if latest_first else found:
        owner, function = hooks.owner(), getattr(hooks, name)
        if owner is not None and function is not None:
            function(owner)


def _before() -> None:
    _one_fork_at_a_time.acquire()
    _call("before", latest_first=True)
    give_up = time.monotonic() + _IMPORT_PATIENCE_S
    while _others_import() and time.monotonic() < give_up:
        time.sleep(0.001)


def _others_import() -> bool:
    """True while another thread loads a module. The interpreter tells it nowhere but in its own list of locks."""
    locks: dict[str, Any] = getattr(getattr(importlib, "_bootstrap", None), "_module_locks", {})
    mine = threading.get_ident()
    found = [reference() for reference in list(locks.values())]
    return any(getattr(lock, "owner", None) not in (None, mine) for lock in found)


def _in_parent() -> None:
    _call("parent")
    _one_fork_at_a_time.release()


def _in_child() -> None:
    global _one_fork_at_a_time
    _one_fork_at_a_time = threading.RLock()
    _call("child")


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
