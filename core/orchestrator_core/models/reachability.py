"""Whether anything listens at an address: one plain connect, before any HTTP library is imported."""

from __future__ import annotations

import socket

from orchestrator_core.models.address import ServerAddress


def why_unreachable(address: ServerAddress, timeout_s: float) -> str:
    """Empty when something accepts a connection within ``timeout_s``, else the reason in a few words."""
    try:
        with socket.create_connection((address.host, address.port), timeout=max(timeout_s, 0.001)):
            return ""
    except TimeoutError:
        return f"nothing answered at {address.url} within {timeout_s:g} s"
    except ConnectionRefusedError:
        return f"nothing listens at {address.url}"
    except (OSError, ValueError, OverflowError) as error:
        return f"{address.url} cannot be reached ({error})"
