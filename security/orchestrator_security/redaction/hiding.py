"""What an agent sees that must not see real values: numbered placeholders, put back in its reply where the policy allows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from orchestrator_security.redaction.redactor import KnownSecrets, Redactor
from orchestrator_security.redaction.structured import redact_data
from orchestrator_security.redaction.vault import Vault

SESSIONS_MAX = 1_000
"""So many sessions keep their placeholders; the one that was used longest ago goes first."""
_DEPTH_MAX = 200


class SessionHiding:
    """Implements ``Hiding`` over a vault."""

    def __init__(self, vault: Vault, redactor: Redactor, known: KnownSecrets, *, restores: bool) -> None:
        self._vault = vault
        self._redactor = redactor
        self._known = known
        self._restores = restores

    def hide(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redactor.redact(value, self._known)
        return redact_data(value, self._redactor, self._known)

    def restore(self, value: Any) -> Any:
        """Lists, tuples and dictionaries are copied; an object of the agent's own is not taken apart."""
        return self._restored(value, _DEPTH_MAX, {}) if self._restores and len(self._vault) else value

    def _restored(self, value: Any, depth: int, done: dict[int, Any]) -> Any:
        """``done`` holds the copies by the ids of what they are copies of: parts may be shared, or hold themselves."""
        if isinstance(value, str):
            return self._vault.restore(value)
        kind = type(value)
        if not depth or kind not in (list, tuple, dict):
            return value
        if id(value) in done:
            return done[id(value)]
        if kind is list:
            copy: list[Any] = []
            done[id(value)] = copy
            copy.extend(self._restored(part, depth - 1, done) for part in value)
            return copy
        if kind is dict:
            mapping: dict[Any, Any] = {}
            done[id(value)] = mapping
            for key, part in value.items():
                name = self._vault.restore(key) if isinstance(key, str) else key
                # Two keys that become one must not cost an entry.
                mapping[key if name in value and name != key else name] = self._restored(part, depth - 1, done)
            return mapping
        done[id(value)] = value  # a tuple that holds itself, by way of a list
        done[id(value)] = tuple(self._restored(part, depth - 1, done) for part in value)
        return done[id(value)]


class SessionVaults:
    """The vaults of the sessions of one process. Safe for threads; nothing of it is ever written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._vaults: OrderedDict[str, Vault] = OrderedDict()

    def of(self, session: str) -> Vault:
        """The vault of a session, a new one for the empty name."""
        if not session:
            return Vault()
        with self._lock:
            vault = self._vaults.setdefault(session, Vault())
            self._vaults.move_to_end(session)
            while len(self._vaults) > SESSIONS_MAX:
                self._vaults.popitem(last=False)
            return vault
