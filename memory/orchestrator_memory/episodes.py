"""What a finished call leaves behind.

The rules, in one place:

1. One memory per agent, request and kind of ending: the same request again refreshes it (newest outcome, newest expiry, ``runs``
   counted) instead of piling up. Success and failure are kept apart, so that a later failure does not wipe out a good answer.
2. The text is what was asked and what came of it, each cut to a bound with its beginning and end kept.
3. Tier ``tasks``: it expires ``tasks_days`` after it was stored.
4. The judge's score and the status go with it; what did not succeed is trusted less, and is still found.
"""

from __future__ import annotations

import hashlib

import msgspec

from orchestrator_core.records import Write
from orchestrator_core.settings import MemorySettings
from orchestrator_memory.contract import Episode
from orchestrator_memory.row import MemoryRow, refresh
from orchestrator_memory.tiers import lifetime_s

REQUEST_MAX = 600
OUTCOME_MAX = 1_200
TRUST = {"succeeded": 1.0, "failed": 0.5, "cancelled": 0.4, "blocked": 0.2}
"""By status; 0.2 for one that is not known."""
_GAP = " … "


def remember_episode(episode: Episode, settings: MemorySettings, *, now: float) -> list[Write]:
    """The statements that keep an episode. Its texts must be redacted already."""
    lifetime = lifetime_s("tasks", settings)
    row = MemoryRow(
        id=f"task-{episode.execution_id}",
        namespace=episode.namespace,
        tier="tasks",
        key=episode_key(episode),
        category=episode.feature,
        text=episode_text(episode),
        author=episode.agent,
        session=episode.session,
        source=episode.execution_id,
        trust=TRUST.get(episode.status, 0.2),
        score=episode.overall,
        status=episode.status,
        occurred_at=episode.finished_at,
        created_at=now,
        expires_at=None if lifetime is None else now + lifetime,
        metadata=msgspec.json.encode({"agent": episode.agent, "feature": episode.feature, "runs": 1}).decode(),
    )
    return [refresh(row)]


def episode_key(episode: Episode) -> str:
    """Equal for the same request to the same agent that ended in the same way."""
    ending = "succeeded" if episode.status == "succeeded" else "not succeeded"
    content = f"{episode.agent}\0{ending}\0{episode.request}".encode("utf-8", "replace")
    return f"task:{hashlib.sha256(content).hexdigest()[:32]}"


def episode_text(episode: Episode) -> str:
    """What is remembered, in words."""
    request = condensed(episode.request, REQUEST_MAX)
    outcome = condensed(episode.outcome, OUTCOME_MAX)
    return f"{episode.agent} was asked: {request}\n{episode.status}: {outcome}".encode("utf-8", "replace").decode()


def condensed(text: str, limit: int) -> str:
    """One line of at most ``limit`` characters: white space runs as one blank, two thirds beginning and one third end."""
    if len(text) > 8 * limit:
        text = text[: 4 * limit] + _GAP + text[-4 * limit :]
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    tail = (limit - len(_GAP)) // 3
    return line[: limit - len(_GAP) - tail] + _GAP + line[-tail:]
