"""What a finished call leaves behind, and what a later one is given of it. The rules, in one place.

What a call leaves:

1. One memory per agent, request and kind of ending: the same request again refreshes it (newest outcome, newest expiry, ``runs``
   counted) instead of piling up. Success and failure are kept apart, so that a later failure does not wipe out a good answer.
2. The text is what was asked and what came of it, each cut to a bound with its beginning and end kept.
3. Tier ``tasks``: it expires ``tasks_days`` after it was stored.
4. The judge's score and the status go with it. What failed is trusted by half, what was blocked less, and nothing more than what it
   was made of: an answer that repeats a memory is trusted as that memory at most.
5. A blocked call is remembered only where its request was let through and its *output* was not; then the reason stands in for the
   output. A request that was blocked itself may be hostile: no word of it becomes a memory. Nor does a cancelled call leave one:
   nobody knows how it would have ended.
6. A text that gives orders to its reader is quarantined (``quarantine``): kept for people, trust 0, never given to an agent.
7. A remedy that ended a failure becomes a lesson, see ``lessons``; and each memory that the agent read learns whether it helped, see
   ``usefulness``.

What a call is given:

1. The best ``recall_k`` of all tiers in its namespace and the shared ones, an earlier run of the same request included.
2. Never what is quarantined, superseded or expired, nor what is trusted less than ``TRUST_FLOOR`` or probably beside the point: a
   score below ``RELEVANCE_FLOOR``. What failed or was blocked comes marked as such, and texts that say the same come once.
3. Behind them up to ``LESSONS_MAX`` lessons that somebody noted down for the agent (tier ``lessons``, its name as the author).
4. A retry is given, before all else, what helped against the same failure before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from orchestrator_core.analysis.orders.recogniser import reason
from orchestrator_core.records import RecalledMemory, Write
from orchestrator_core.settings import MemorySettings
from orchestrator_memory.calls.lessons import keep_lessons
from orchestrator_memory.calls.usefulness import Use, learned_from, uses
from orchestrator_memory.contract import Episode, Recollection
from orchestrator_memory.rows.row import MemoryRow, refresh
from orchestrator_memory.rows.tiers import lifetime_s

REQUEST_MAX = 600
OUTCOME_MAX = 1_200
TRUST = {"succeeded": 1.0, "failed": 0.5, "blocked": 0.3}
"""By status. A call that ended in another way leaves no memory."""
TRUST_FLOOR = 0.25
RELEVANCE_FLOOR = 0.003
"""A score is the estimated probability that a memory answers. On the dialogues that the ranking is fitted on, single turns that answer a
question score 0.02 in the median however few memories there are; of ten turns that have nothing to do with it the best scores 0.002, of
fifty 0.009."""
SPARE = 1
"""So many more are looked for, since what is hardly trusted falls out; what is beside the point stands last anyway."""
_REPEATED = 0.5
"""From this use on, a memory counts as a source of the output."""
_GAP = " … "


def may_reach_an_agent(memory: RecalledMemory) -> bool:
    """Whether a call may be given a memory that was found."""
    return not memory.quarantined and memory.trust >= TRUST_FLOOR and memory.score >= RELEVANCE_FLOOR


def for_agent(found: Recollection, k: int) -> Recollection:
    """The best ``k`` of what was found and may reach an agent."""
    allowed = [memory for memory in found if may_reach_an_agent(memory)]
    return Recollection(
        allowed[: max(k, 0)], keyword_only=found.keyword_only, pending=found.pending, reason=found.reason
    )


def remember_episode(episode: Episode, settings: MemorySettings, *, now: float) -> list[Write]:
    """The statements that keep an episode and what it taught. Its texts must be redacted already."""
    if episode.status not in TRUST:
        return []
    key = episode_key(episode)
    used = uses(episode, own_key=key)
    return [
        refresh(_row(episode, key, used, settings, now)),
        *keep_lessons(episode, settings, now=now),
        *learned_from(used, episode.namespace),
    ]


def _row(episode: Episode, key: str, used: Iterable[Use], settings: MemorySettings, now: float) -> MemoryRow:
    lifetime = lifetime_s("tasks", settings)
    text = episode_text(episode)
    quarantined = reason(text)
    sources = [use.memory.trust for use in used if use.share >= _REPEATED]
    return MemoryRow(
        id=f"task-{episode.execution_id}",
        namespace=episode.namespace,
        tier="tasks",
        key=key,
        category=episode.feature,
        text=text,
        author=episode.agent,
        session=episode.session,
        source=episode.execution_id,
        trust=0.0 if quarantined else min(TRUST[episode.status], *sources, 1.0),
        score=episode.overall,
        status=episode.status,
        quarantined=quarantined,
        occurred_at=episode.finished_at,
        created_at=now,
        expires_at=None if lifetime is None else now + lifetime,
        metadata=msgspec.json.encode({"agent": episode.agent, "feature": episode.feature, "runs": 1}).decode(),
    )


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
