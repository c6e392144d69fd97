"""Span and attribute names: OpenTelemetry's GenAI semantic conventions, and ``magnus.*`` where they have none.

Kept as one table because the constants of the ``opentelemetry-semantic-conventions`` package are marked as deprecated.
"""

from __future__ import annotations

OPERATION = "gen_ai.operation.name"
AGENT_NAME = "gen_ai.agent.name"
AGENT_VERSION = "gen_ai.agent.version"
CONVERSATION = "gen_ai.conversation.id"
RESPONSE_MODEL = "gen_ai.response.model"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
ERROR_TYPE = "error.type"

EVALUATION_EVENT = "gen_ai.evaluation.result"
EVALUATION_NAME = "gen_ai.evaluation.name"
EVALUATION_SCORE = "gen_ai.evaluation.score.value"
EVALUATION_LABEL = "gen_ai.evaluation.score.label"

MEMORY_COUNT = "gen_ai.memory.record.count"
MEMORY_KEYWORD_ONLY = "magnus.memory.keyword_only"
MEMORY_PENDING = "magnus.memory.pending"
MEMORY_BEST = "magnus.memory.best_score"

EXECUTION_ID = "magnus.execution.id"
FEATURE = "magnus.feature"
STATUS = "magnus.status"
ATTEMPT = "magnus.attempt"
WAIT_S = "magnus.healing.wait_s"
EXPLANATION = "magnus.healing.explanation"
COST = "magnus.cost.microusd"

CAPABILITY_EVENT = "magnus.capability"
CAPABILITY = "magnus.capability.name"
DECISION = "magnus.approval.decision"

INVOKE_AGENT = "invoke_agent"
STAGE_SPANS = {"recall": "search_memory", "remember": "create_memory"}
"""Stages whose span carries a conventional name; the others are named like the stage."""


def stage_span(stage: str) -> str:
    """The span name of a stage."""
    return STAGE_SPANS.get(stage, stage)
