"""The one audit hook of the process. It can never be taken away again, so it does nothing where no scope holds."""

from __future__ import annotations

import sys
import threading
from typing import Any

from orchestrator_core.errors import UsageError
from orchestrator_security.network import standard_library
from orchestrator_security.network.rules import RULES

_ASKED = "orchestrator_security.network.asked"
"""An event of our own, by which the hook shows that it is there."""
_lock = threading.Lock()
_heard: list[object] = []
_installed = False


def install() -> None:
    """Put the hook in place, once per process; cheap when that is done.

    Raises:
        UsageError: another audit hook of the program does not let it in.
    """
    global _installed
    if _installed:
        return
    with _lock:
        if _installed:
            return
        sys.addaudithook(_hook())
        # A hook that is there already may veto ours, which Python does not tell.
        asked = object()
        sys.audit(_ASKED, asked)
        if not any(heard is asked for heard in _heard):
            raise UsageError(
                "offline is set, but an audit hook of this program refuses Magnus's, so nothing could be guarded. "
                "Let it accept the event sys.addaudithook, or set offline = false."
            )
        _heard.clear()
        standard_library.carry_scopes()
        standard_library.hear_threads()
        standard_library.hear_names_early()
        _installed = True


def is_installed() -> bool:
    """Whether this process has the hook."""
    return _installed


def _hook() -> Any:
    # Bound here: a hook is still called while the interpreter takes its modules apart.
    find, heard, ask = RULES.get, _heard, _ASKED
    early = standard_library.hear_names_early

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        rule = find(event)
        if rule is not None:
            if event == "socket.__new__":
                early()
            rule(arguments)
        elif event == ask:
            heard.append(arguments[0])

    return hook
