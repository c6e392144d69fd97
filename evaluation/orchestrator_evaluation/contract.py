"""What the line may ask of the evaluation room."""

from __future__ import annotations

import math
from typing import Protocol

from msgspec import Struct

from orchestrator_core.records import Redacted, Verdict


class JudgeTask(Struct, frozen=True):
    """What is to be scored. All text is redacted and must be treated as hostile."""

    agent: str
    request: Redacted
    output: Redacted
    output_kind: str = "text"
    """``text`` for a string the agent returned, ``json`` for serialised data, ``repr`` for anything else."""
    truncated: bool = False
    time_s: float = math.inf
    """Seconds that are left for the verdict; the settings' own limit counts where it is shorter."""


class Judge(Protocol):
    """Scores an output."""

    def judge(self, task: JudgeTask) -> Verdict:
        """A verdict; what cannot be judged is ``unjudged`` with a reason. Keeps its own time limit."""
        ...
