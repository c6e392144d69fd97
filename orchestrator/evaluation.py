"""The public face of the evaluation room."""

from __future__ import annotations

from orchestrator_core.records import Criterion as Criterion
from orchestrator_core.records import Verdict as Verdict
from orchestrator_evaluation.contract import Judge as Judge
from orchestrator_evaluation.contract import JudgeTask as JudgeTask
