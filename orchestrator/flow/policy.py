"""What happens when a stage crashes. A check that *finds* something is not a crash: that is the room's policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

FailRule = Literal["open", "closed"]

FAIL_RULES: Mapping[str, FailRule] = {
    "guard_in": "closed",
    "recall": "open",
    "attempts": "closed",
    "guard_out": "closed",
    "judge": "open",
    "remember": "open",
    "record": "open",
}
"""``closed``: the call ends as blocked. ``open``: the call goes on without the stage, and its record says so."""


class Strictness:
    """In tests a crash of a fail-open stage is raised, so that bugs are seen (``orchestrator.testing.strict_stages``)."""

    enabled = False
