"""Which models are at hand on this machine."""

from __future__ import annotations

from orchestrator.cli.checks import Check
from orchestrator_core.errors import MagnusError, ModelRefused
from orchestrator_core.models.address import DEFAULT_PORT, is_remote_name, same_model
from orchestrator_core.models.contract import ServerStatus
from orchestrator_core.settings import Settings

_GROUP = "Models"
_PROBE_S = 2.0
_RULES = "outputs are scored by the rule judge"
_SUGGESTED_MODEL = "qwen2.5:3b"
_SUGGESTED_NER = "en_core_web_sm"


def ner_check() -> Check:
    """Whether spaCy has a model that knows names of persons and places, and that fits the installed spaCy."""
    from orchestrator_security.pii.deep.spacy_model import installed_models

    models = installed_models()
    found = [model.name for model in models if model.names and not model.problem]
    if found:
        return Check(group=_GROUP, name="names and places (spaCy)", status="ok", detail=", ".join(found))
    unfit = next((model for model in models if model.problem), None)
    return Check(
        group=_GROUP, name="names and places (spaCy)", status="warn",
        detail=f"{unfit.name} {unfit.version} is not used: {unfit.problem}" if unfit else "no spaCy model with entity recognition",
        without="secrets and personal data are redacted by patterns; names of persons and places are not found",
        fix=unfit.fix if unfit else f"python -m spacy download {_SUGGESTED_NER}",
    )  # fmt: skip


def ollama_checks(settings: Settings) -> list[Check]:
    """Whether an Ollama server answers and has a model that can judge."""
    wanted = settings.evaluation.model
    server, status = _server_check(settings)
    return [server, *([_cloud_model(wanted)] if is_remote_name(wanted) else _judge_model(status, wanted))]


def _server_check(settings: Settings) -> tuple[Check, ServerStatus | None]:
    from orchestrator_core.models.ollama_border import OllamaServer

    url = settings.evaluation.ollama_url

    def unwell(detail: str, fix: str) -> tuple[Check, None]:
        return Check(group=_GROUP, name="Ollama", status="warn", detail=detail, without=_RULES, fix=fix), None

    try:
        status = OllamaServer(url, offline=bool(settings.offline)).probe(_PROBE_S)
    except ModelRefused:
        return unwell(
            f"evaluation.ollama_url is {url}, which is not this machine, and offline is true: it is never asked",
            f"set evaluation.ollama_url to http://127.0.0.1:{DEFAULT_PORT}, or offline to false to allow that host",
        )
    except MagnusError as error:
        return unwell(str(error), "orchestrate config show evaluation.ollama_url says where it is set")
    if not status.reachable:
        # The reason ends with the advice to start it, which is the remedy's to give.
        reason, advice, _ = status.reason.partition(". Start Ollama with")
        fix = "install Ollama, then run: ollama serve" if advice else f"see what listens at {url}"
        return unwell(reason, fix)
    detail = f"{url}, version {status.version or 'unknown'}"
    return Check(group=_GROUP, name="Ollama", status="ok", detail=detail), status


def _cloud_model(wanted: str) -> Check:
    return Check(
        group=_GROUP, name="judge model", status="warn", without=_RULES,
        detail=f"evaluation.model is {wanted!r}, a cloud model: text would leave this machine, so it is never asked",
        fix="set evaluation.model to a local one (ollama list shows them), or leave it empty",
    )  # fmt: skip


def _judge_model(status: ServerStatus | None, wanted: str) -> list[Check]:
    if status is None:
        return []
    chat = [model.name for model in status.models if model.can_chat and not model.remote]
    if wanted and not any(same_model(wanted, name) for name in chat):
        detail = f"evaluation.model is {wanted!r}; the server has {', '.join(chat) or 'no model that can answer'}"
        fix = f"ollama pull {wanted}"
    elif not chat:
        detail, fix = "the server has no model that can answer", f"ollama pull {_SUGGESTED_MODEL}"
    else:
        return [Check(group=_GROUP, name="judge model", status="ok", detail=wanted or f"{chat[0]} (of {len(chat)})")]
    return [Check(group=_GROUP, name="judge model", status="warn", detail=detail, without=_RULES, fix=fix)]
