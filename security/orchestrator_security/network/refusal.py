"""The error that a refused socket gets: what was asked for, by which line, and the two ways to allow it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from orchestrator_core.errors import OfflineRefused
from orchestrator_security.network.allow_list import SETTING

Kind = Literal["connect", "look-up", "bind", "raw", "family"]
_LONGEST_HOST = 100
_WHAT: dict[Kind, str] = {
    "connect": "{place} is not this machine",
    "look-up": "looking up {place} would ask another machine",
    "bind": "binding {place} would serve other machines",
    "raw": "a raw socket ({place}) reaches other machines below any check of addresses",
    "family": "a socket of the family {place} may reach other machines",
}


class Target(Struct, frozen=True):
    """What a socket was asked to reach: a host, and a port where one was named."""

    kind: Kind
    host: str
    port: int | None = None


def refusal(target: Target, line: str) -> OfflineRefused:
    """The error for a target; ``line`` is ``file:line`` of the code that asked, or empty."""
    host = _shown(target.host)
    place = host if target.port is None else f"[{host}]:{target.port}" if ":" in host else f"{host}:{target.port}"
    what = _WHAT[target.kind].format(place=place)
    by = f" It was asked for by {line}." if line else ""
    if target.kind in ("raw", "family"):
        remedy = "Use offline = false to allow it."
    elif target.kind == "bind":
        remedy = f"Bind 127.0.0.1 instead, name the address in {SETTING}, or use offline = false."
    else:
        remedy = f'Allow this host with {SETTING} = ["{host}"], or every host with offline = false.'
    return OfflineRefused(
        f"{what}: refused by Magnus's offline guard.{by} {remedy}", host=host, port=target.port, line=line
    )


def _shown(host: str) -> str:
    """A host as a message may show it: no control characters, and nothing of a URL's user and password that got into it."""
    text = ascii(host.rpartition("@")[2])[1:-1]
    return text if len(text) <= _LONGEST_HOST else f"{text[:_LONGEST_HOST]}..."
