"""The tiers of memory and how long each keeps what it holds."""

from __future__ import annotations

from typing import Literal, get_args

from orchestrator_core.settings import MemorySettings

Tier = Literal["session", "tasks", "knowledge", "lessons"]
TIERS: tuple[str, ...] = get_args(Tier)

_DAY_S = 86_400.0


def lifetime_s(tier: str, settings: MemorySettings) -> float | None:
    """Seconds from being stored to expiry; None for ever, which 0 days mean for lessons: a fix is true until proved wrong."""
    lifetimes = {
        "session": settings.session_days,
        "tasks": settings.tasks_days,
        "knowledge": settings.knowledge_days,
        "lessons": settings.lessons_days or None,
    }
    days = lifetimes[tier]
    return None if days is None else days * _DAY_S
