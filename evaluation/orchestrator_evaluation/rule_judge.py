"""The judge that needs no model: rules and static evidence, with an abstention where neither can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from orchestrator_core.clock import Clock, SystemClock
from orchestrator_core.records import Criterion, Verdict
from orchestrator_evaluation.contract import JudgeTask
from orchestrator_evaluation.scoring import Cap, verdict

if TYPE_CHECKING:
    from orchestrator_evaluation.subject import Subject


class RuleJudge:
    """Scores an output by rules. Never raises: what its rules cannot read is unjudged, with the reason."""

    def __init__(self, pass_score: float = 6.0, *, clock: Clock | None = None) -> None:
        self._pass_score = pass_score
        self._clock: Clock = clock or SystemClock()

    def judge(self, task: JudgeTask) -> Verdict:
        """The verdict of the rules: under 0.5 ms of CPU for short prose, about 15 ms for a hundred lines of code."""
        started = self._clock.monotonic()
        try:
            found = self._judged(task)
        except Exception as error:  # noqa: BLE001 - hostile text, many parsers: it may cost a verdict, never the call
            found = Verdict(
                status="unjudged", judge="rules", reason=f"the rules could not read it ({type(error).__name__})"
            )
        return replace(found, duration_ms=(self._clock.monotonic() - started) * 1_000)

    def _judged(self, task: JudgeTask) -> Verdict:
        from orchestrator_evaluation.subject import read_subject

        subject = read_subject(task)
        criteria, caps = _criteria(subject, task.request)
        reason = "only a first part of the output was judged" if subject.cut else ""
        return verdict(criteria, caps, judge="rules", pass_score=self._pass_score, reason=reason)


def _criteria(subject: Subject, request: str) -> tuple[tuple[Criterion, ...], tuple[Cap, ...]]:
    if subject.kind == "empty":
        return (Criterion("completeness", 1.0, 0.95, "rules", "the output is empty"),), ()
    open_question = Criterion("correctness", None, 0.0, "rules", "rules cannot tell whether a statement is true")
    if subject.kind == "code":
        return _code(subject, request)
    if subject.kind == "data":
        return _data(subject, request, open_question)
    return (*_prose(subject.prose, request, cut=subject.cut), open_question), ()


def _prose(text: str, request: str, *, cut: bool) -> tuple[Criterion, ...]:
    from orchestrator_evaluation.prose_rules import judge_prose

    prose = judge_prose(text, request, cut=cut)
    return (prose.instruction, prose.completeness, prose.clarity)


def _data(subject: Subject, request: str, open_question: Criterion) -> tuple[tuple[Criterion, ...], tuple[Cap, ...]]:
    from orchestrator_evaluation.data_rules import judge_data

    shape = judge_data(subject.data, request)
    if not subject.prose or any(c.score is not None and c.confidence >= 0.8 for c in shape):
        return (*shape, open_question), ()
    # Data that carries its own report is read as a report: that is what a person gets to see.
    return (*_prose(subject.prose, request, cut=subject.cut), open_question), ()


def _code(subject: Subject, request: str) -> tuple[tuple[Criterion, ...], tuple[Cap, ...]]:
    from orchestrator_evaluation.code_evidence import evidence_caps, gather
    from orchestrator_evaluation.code_rules import judge_code

    evidence = gather(subject.python)
    criteria = judge_code(evidence, cut=subject.cut)
    if len(subject.prose) > len(subject.python):  # an explanation with a snippet rather than a program with a remark
        instruction, completeness, clarity = _prose(subject.prose, request, cut=subject.cut)
        names = {criterion.name for criterion in criteria}
        more = [c for c in (instruction, completeness, clarity) if c.name not in names]
        criteria = (*criteria, *more)
    return criteria, evidence_caps(evidence, cut=subject.cut)
