"""Which judge speaks: the local model where one answers, the rules elsewhere. Light to import, never raises."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from orchestrator_core.clock import Clock
from orchestrator_core.errors import MagnusError, ModelNotFound, ModelUnavailable
from orchestrator_core.records import Verdict
from orchestrator_core.settings import EvaluationSettings
from orchestrator_evaluation.contract import Judge, JudgeTask
from orchestrator_evaluation.rule_judge import RuleJudge

if TYPE_CHECKING:
    from orchestrator_core.models.contract import ModelInfo, ModelServer
    from orchestrator_evaluation.llm_judge import LlmJudge

SILENCE_S = 30.0
"""After a probe that found no usable model, the next one waits this long."""

PROBE_TIMEOUT_S = 1.0

Connect = Callable[[], "ModelServer"]
"""Makes the border to the model server; raises a ``MagnusError`` when the settings forbid it."""


class AutoJudge:
    """Asks a local model where one answers, the rules elsewhere.

    With ``wanted`` (the setting ``llm``) every verdict of the rules is marked as degraded; without it (``auto``) only those
    where a model was there and gave no usable answer.
    """

    def __init__(self, settings: EvaluationSettings, connect: Connect, clock: Clock) -> None:
        self._settings = settings
        self._connect = connect
        self._clock = clock
        self._wanted = settings.judge == "llm"
        self._rules = RuleJudge(settings.pass_score, clock=clock)
        self._lock = threading.Lock()
        self._llm: LlmJudge | None = None
        self._silent_until = float("-inf")
        self._why_silent = ""

    def judge(self, task: JudgeTask) -> Verdict:
        """A verdict within the settings' time limit, plus the rules' few milliseconds. Never raises."""
        started = self._clock.monotonic()
        try:
            found = self._judged(task, started)
        except Exception as error:  # noqa: BLE001 - a judge may fail, a call may not fail for it
            found = self._by_rules(task, f"the LLM judge failed ({type(error).__name__})", degraded=True)
        return replace(found, duration_ms=(self._clock.monotonic() - started) * 1_000)

    def _judged(self, task: JudgeTask, started: float) -> Verdict:
        if not task.output.strip():  # nothing to ask a model about
            return self._rules.judge(task)
        llm = self._present()
        if llm is None:
            return self._by_rules(task, self._why_silent, degraded=self._wanted)
        left = min(self._settings.timeout_s, task.time_s) - (self._clock.monotonic() - started)
        if left <= 0:
            reason = "no time was left to ask the LLM (evaluation.timeout_s or the call's deadline_s)"
            return self._by_rules(task, reason, degraded=True)
        try:
            return llm.score(task, left)
        except MagnusError as error:
            if isinstance(error, (ModelUnavailable, ModelNotFound)):
                self._forget(str(error))
            return self._by_rules(task, str(error), degraded=True)

    def _by_rules(self, task: JudgeTask, why: str, *, degraded: bool) -> Verdict:
        found = self._rules.judge(task)
        reason = "; ".join(part for part in (f"judged by rules: {why}", found.reason) if part)
        return replace(found, degraded=degraded, reason=reason)

    def _present(self) -> LlmJudge | None:
        """The judge on the model that answers; None for a while after none did."""
        with self._lock:
            if self._llm is None and self._clock.monotonic() >= self._silent_until:
                try:
                    self._llm = self._found()
                except MagnusError as error:
                    self._silence(str(error))
            return self._llm

    def _found(self) -> LlmJudge:
        server = self._connect()
        status = server.probe(min(PROBE_TIMEOUT_S, self._settings.timeout_s or PROBE_TIMEOUT_S))
        if not status.reachable:
            raise ModelUnavailable(status.reason)
        model = chosen_model(self._settings.model, status.models)
        from orchestrator_evaluation.llm_judge import LlmJudge

        return LlmJudge(server, model, pass_score=self._settings.pass_score, clock=self._clock)

    def _forget(self, why: str) -> None:
        with self._lock:
            self._llm = None
            self._silence(why)

    def _silence(self, why: str) -> None:
        self._why_silent = why
        self._silent_until = self._clock.monotonic() + SILENCE_S


def chosen_model(wanted: str, models: tuple[ModelInfo, ...]) -> ModelInfo:
    """The wanted model, or the first local one that can chat.

    Raises:
        ModelRefused: the wanted one is a cloud model.
        ModelNotFound: the server does not have it, or has none that can chat.
    """
    from orchestrator_core.errors import ModelRefused
    from orchestrator_core.models.address import local_name, same_model

    if wanted:
        local_name(wanted)
        found = next((model for model in models if same_model(wanted, model.name)), None)
        if found is None:
            raise ModelNotFound(f"Ollama has no model {wanted!r}. Fetch it with: ollama pull {wanted}")
        if found.remote:
            raise ModelRefused(f"{wanted!r} only stands for a model on someone else's machine. Choose a local one.")
        return found
    first = next((model for model in models if model.can_chat and not model.remote), None)
    if first is None:
        raise ModelNotFound("Ollama has no local model that can chat. Fetch one with: ollama pull llama3.2")
    return first


def build_judge(settings: EvaluationSettings, *, offline: bool, clock: Clock) -> Judge:
    """The judge that the settings ask for.

    Opens nothing and imports nothing heavy. An address that may not be used shows as the reason of the verdicts.
    """
    if settings.judge == "rules":
        return RuleJudge(settings.pass_score, clock=clock)

    def connect() -> ModelServer:
        from orchestrator_core.models.ollama_border import OllamaServer

        return OllamaServer(settings.ollama_url, offline=offline, clock=clock)

    return AutoJudge(settings, connect, clock)
