"""Whether one stands on an event loop, which must not be held up."""

from __future__ import annotations

import sys


def on_event_loop() -> bool:
    """Whether an event loop runs in this thread; asyncio is not imported to find that out."""
    events = sys.modules.get("asyncio.events")
    return events is not None and events._get_running_loop() is not None  # noqa: SLF001 - get_running_loop raises instead
