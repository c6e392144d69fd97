"""The tiers of memory and how long each keeps what it holds."""

from __future__ import annotations

from typing import Literal, get_args

from orchestrator_core.settings import MemorySettings

Tier = Literal["session", "tasks", "knowledge", "lessons"]
TIERS: tuple[str, ...] = get_args(Tier)

_DAY_S = 86_400.0
_SESSION_S = _DAY_S


def lifetime_s(tier: str, settings: MemorySettings) -> float | None:
    """Seconds from being stored to expiry; None for ever. Lessons stay: what fixed a failure is true until proved wrong."""
    lifetimes: dict[str, float | None] = {
        "session": _SESSION_S,
        "tasks": settings.tasks_days * _DAY_S,
        "knowledge": settings.knowledge_days * _DAY_S,
        "lessons": None,
    }
    return lifetimes[tier]
