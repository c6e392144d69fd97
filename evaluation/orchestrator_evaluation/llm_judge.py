"""The judge that asks a local model: one schema-constrained call, everything that comes back validated.

Labels with written anchors, temperature 0 and the expectation over token probabilities follow G-Eval (Liu et al. 2023,
arXiv:2303.16634); findings before labels, so that the labels follow from them.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec

from orchestrator_core.clock import Clock
from orchestrator_core.errors import ModelBadOutput, ModelTimeout, ModelTruncated
from orchestrator_core.models.contract import Chat, ChatAnswer, ChatOptions, ChatRequest, ModelInfo
from orchestrator_core.models.inert_text import inert
from orchestrator_core.records import Criterion, Verdict
from orchestrator_evaluation.code_evidence import CodeEvidence, evidence_caps, gather
from orchestrator_evaluation.contract import JudgeTask
from orchestrator_evaluation.label_odds import label_odds
from orchestrator_evaluation.prompt import Marker, build_prompt
from orchestrator_evaluation.rubric import (
    FINDINGS_KEY,
    MAX_FINDING_CHARS,
    MAX_FINDINGS,
    Quality,
    Rubric,
    rubric_for,
)
from orchestrator_evaluation.scoring import LABELS, Cap, expectation, to_ten, verdict
from orchestrator_evaluation.subject import Subject, read_subject

NUM_CTX = 4096
"""The window the server uses on most workstations anyway: another one would load the model again between calls."""
NUM_PREDICT = 300
SEED = 20_240_229
TOP_LOGPROBS = 10
UNSURE = 0.5
"""The confidence of a label without probabilities."""

_FIRST_SHARE = 0.6
_LEAST_TRY_S = 0.5


def random_marker() -> str:
    """Sixteen random hexadecimal digits."""
    return os.urandom(8).hex()


class LlmJudge:
    """Scores an output by asking one model.

    Args:
        chat: the border to the model server.
        model: what the server knows of the model; a smaller window than ``NUM_CTX`` is respected.
        pass_score: from which mean on an output passes.
    """

    def __init__(
        self, chat: Chat, model: ModelInfo, *, pass_score: float, clock: Clock, marker: Marker = random_marker
    ) -> None:
        self._chat = chat
        self._model = model
        self._pass_score = pass_score
        self._clock = clock
        self._marker = marker

    def score(self, task: JudgeTask, timeout_s: float) -> Verdict:
        """The model's verdict, within ``timeout_s`` for both tries together.

        Raises:
            ModelError: no usable answer, also not on the one second try that retryable failures get.
            MissingDependency: the client library is absent.
        """
        subject = read_subject(task)
        rubric = rubric_for(subject.kind)
        deadline = self._clock.monotonic() + timeout_s
        try:
            answer = self._ask(task, rubric, timeout_s * _FIRST_SHARE, tight=False)
            return self._verdict(answer, rubric, subject)
        except (ModelBadOutput, ModelTruncated, ModelTimeout) as error:
            left = deadline - self._clock.monotonic()
            if left < min(_LEAST_TRY_S, timeout_s / 10):
                raise
            # At temperature 0 the same prompt would get the same answer: the new marker makes it another one.
            answer = self._ask(task, rubric, left, tight=isinstance(error, ModelTruncated))
            return self._verdict(answer, rubric, subject)

    def _ask(self, task: JudgeTask, rubric: Rubric, timeout_s: float, *, tight: bool) -> ChatAnswer:
        window = min(NUM_CTX, self._model.context_length or NUM_CTX)
        messages = build_prompt(task, rubric, marker=self._marker, num_ctx=window, num_predict=NUM_PREDICT, tight=tight)
        request = ChatRequest(
            model=self._model.name,
            messages=messages,
            schema=rubric.schema(),
            options=ChatOptions(num_ctx=window, num_predict=NUM_PREDICT, temperature=0.0, seed=SEED),
            logprobs=True,
            top_logprobs=TOP_LOGPROBS,
            # A thinking model would spend the whole answer on its thoughts.
            think=False if "thinking" in self._model.capabilities else None,
            timeout_s=timeout_s,
        )
        return self._chat.chat(request)

    def _verdict(self, answer: ChatAnswer, rubric: Rubric, subject: Subject) -> Verdict:
        value = validated(answer.text, rubric)
        criteria = tuple(self._criterion(answer, rubric, quality, value) for quality in rubric.qualities)
        caps: tuple[Cap, ...] = ()
        if subject.python:
            evidence: CodeEvidence = gather(subject.python)
            caps = evidence_caps(evidence, cut=subject.cut)
        findings = "; ".join(_plain(text) for text in value[FINDINGS_KEY])
        cut = "only a first part of the output was judged" if subject.cut else ""
        reason = "; ".join(part for part in (cut, findings) if part)
        return verdict(criteria, caps, judge="llm", pass_score=self._pass_score, reason=reason, model=self._model.name)

    def _criterion(self, answer: ChatAnswer, rubric: Rubric, quality: Quality, value: dict[str, Any]) -> Criterion:
        key = rubric.key(quality)
        label = int(value[key])
        expected = expectation(label_odds(answer.text, answer.logprobs, key))
        return Criterion(
            name=quality.name,
            score=to_ten(expected.mean if expected else label),
            confidence=round(expected.confidence, 3) if expected else UNSURE,
            source="llm",
            evidence=f"label {label} of 4: {quality.anchors[label]}",
        )


def validated(text: str, rubric: Rubric) -> dict[str, Any]:
    """The answer's JSON object, exactly as the schema asks for it.

    Raises:
        ModelBadOutput: it is no JSON, a key is missing or unknown, or a value is out of its bounds.
    """
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ModelBadOutput(f"the judge's answer is no JSON ({error})") from None
    wanted = set(rubric.schema()["properties"])
    if not isinstance(value, dict) or set(value) != wanted:
        raise ModelBadOutput(f"the judge's answer does not have exactly the keys {', '.join(sorted(wanted))}")
    findings = value[FINDINGS_KEY]
    if not isinstance(findings, list) or not all(isinstance(item, str) for item in findings):
        raise ModelBadOutput("the judge's findings are no list of texts")
    value[FINDINGS_KEY] = findings[:MAX_FINDINGS]
    for quality in rubric.qualities:
        if value[rubric.key(quality)] not in LABELS:
            raise ModelBadOutput(f"the judge's label for {quality.name} is none of {', '.join(LABELS)}")
    return value


def _plain(text: str) -> str:
    line = " ".join(inert(text).split())
    return line if len(line) <= MAX_FINDING_CHARS else line[: MAX_FINDING_CHARS - 1] + "…"
