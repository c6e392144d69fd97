"""The network guard of one Orchestrator, made from its settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, TypeVar

from orchestrator_security.network import audit_hook, scope
from orchestrator_security.network.addresses import is_this_machine
from orchestrator_security.network.allow_list import AllowedHost, AllowList, parse_entry

T = TypeVar("T")
Offline = bool | Literal["process"]

# OpenTelemetry's specification, "OTLP exporter configuration": one for all signals, and one for each.
_COLLECTORS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_EXPORTER_ZIPKIN_ENDPOINT",
)  # fmt: skip
_OFF: AbstractContextManager[None] = nullcontext()


class Confinement:
    """Keeps what runs in its scope on this machine, but for the hosts allowed. Safe for threads, tasks and nesting."""

    def __init__(self, allowed: AllowList | None) -> None:
        self._scope: scope.Scope = () if allowed is None else (allowed,)

    def scope(self, hear: scope.Hear | None = None) -> AbstractContextManager[None]:
        """``with confinement.scope():`` every socket to another machine is refused there, in its tasks, threads and executors.

        Inside, ``OfflineRefused`` is raised by what asks for one, and ``hear`` is given the same error just before.
        """
        return scope.Entered(self._scope, hear=hear) if self._scope else _OFF

    def confined(self, work: Callable[[], T]) -> Callable[[], T]:
        """``work``, to be run within the scope wherever it runs: what a worker thread is given."""

        def inside() -> T:
            with self.scope():
                return work()

        return inside


def build_confinement(
    offline: Offline, allow: Iterable[str] = (), *, urls: Iterable[str] = (), environ: Mapping[str, str] | None = None
) -> Confinement:
    """The guard that the settings ask for, put in place.

    Args:
        offline: False for none and no hook at all, True inside scopes, ``"process"`` everywhere from now on.
        allow: Hosts in addition, as ``security.network_allow`` writes them.
        urls: Addresses of servers that the settings name; their hosts are allowed, on the port that they name.
        environ: Where the address of a collector of traces may stand; None for the process's own environment.

    Raises:
        SettingsError: an entry of ``allow`` is no host.
        UsageError: another audit hook of the program refuses the guard's.
    """
    hosts = allowed_hosts(allow, urls=urls, environ=environ)
    if not offline:
        return Confinement(None)
    allowed = AllowList(hosts, look_up=_look_up)
    audit_hook.install()
    if offline == "process":
        scope.guard_process(allowed)
    return Confinement(allowed)


def allowed_hosts(
    allow: Iterable[str], *, urls: Iterable[str] = (), environ: Mapping[str, str] | None = None
) -> tuple[AllowedHost, ...]:
    """The hosts besides this machine that settings and environment allow.

    Raises:
        SettingsError: an entry of ``allow`` is no host.
    """
    found = [parse_entry(entry) for entry in allow]
    variables = os.environ if environ is None else environ
    named = (*urls, *(variables.get(name, "") for name in _COLLECTORS))
    found += [host for url in named if (host := _host_of(url)) is not None]
    return tuple(dict.fromkeys(found))


def _host_of(url: str) -> AllowedHost | None:
    """The host of a server's address; None where it is this machine or no address: who uses it says what is wrong with it."""
    text = url.strip()
    if not text or text.startswith(("http://127.0.0.1:", "http://localhost:")):
        return None
    from urllib.parse import urlsplit

    from orchestrator_core.errors import SettingsError

    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host, port = parts.hostname or "", parts.port
        if not host or is_this_machine(host):
            return None
        entry = f"[{host}]" if ":" in host else host
        return parse_entry(f"{entry}:{port}" if port else entry)
    except (ValueError, SettingsError):
        return None


def _look_up(name: str) -> list[Any]:
    import socket

    with scope.lifted():
        try:
            return list(socket.getaddrinfo(name, None))
        except (OSError, UnicodeError):
            return []
