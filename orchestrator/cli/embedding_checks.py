"""Whether memory can find by meaning: the embedding model, exported, exportable, absent or damaged."""

from __future__ import annotations

import os
from collections.abc import Callable

from orchestrator.cli.checks import Check
from orchestrator.cli.invocation import Invocation
from orchestrator_core.configuration import names
from orchestrator_core.errors import MagnusError, MissingDependency, UsageError
from orchestrator_core.models.embedding.choice import NONE, prepared_model
from orchestrator_core.models.embedding.contract import PreparedModel
from orchestrator_core.models.embedding.export_process import run_export
from orchestrator_core.models.embedding.exported import models_folder
from orchestrator_core.models.embedding.ollama_model import PREFIX
from orchestrator_core.models.embedding.sources import Source, find_source
from orchestrator_core.settings import Settings

_WITHOUT = "memory finds by keywords, which needs no model"


def embedding_check(settings: Settings) -> Check:
    """Whether the embedding model of the settings can be used now, and what mends it."""
    return _check(settings, _looked(settings))


def prepare_embedding(settings: Settings, tell: Callable[[str], None], *, download: bool = False) -> Check:
    """Export the embedding model of the settings where that is still to be done; ``tell`` is told each stage.

    ``download`` fetches it first where it is not on this machine.
    """
    setting = settings.memory.embedding.strip()
    found = _looked(settings)
    if found.model is not None or setting == NONE or setting.startswith(PREFIX):
        return _check(settings, found)
    try:
        source = _source(setting, tell, download=download)
        if source.folder:
            run_export(source, models_folder() / source.key, progress=tell)
    except (MagnusError, OSError) as error:
        fix = f"python -m pip install {error.package}" if isinstance(error, MissingDependency) else found.fix
        return _missing(str(error), fix or "orchestrate setup")
    return _check(settings, _looked(settings))


def refuse_download(invocation: Invocation) -> None:
    """Say no to ``--download`` where a person has forbidden it. ``offline`` that is true by default forbids what nobody asked for.

    Raises:
        UsageError: it is refused; the message says what refuses it.
    """
    origin = invocation.loaded.origins["offline"]
    if origin.value and origin.source != "default":
        value = names.shown(origin.value)
        raise UsageError(
            f"setup --download would connect to the model hub, but offline is set to {value} ({origin.place or origin.source}). "
            "Take that out for this run: --set offline=false"
        )
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise UsageError(
            "setup --download would connect to the model hub, but HF_HUB_OFFLINE is set. Unset it for this run."
        )


def _source(setting: str, tell: Callable[[str], None], *, download: bool) -> Source:
    def bytes_done(done: int, total: int) -> None:
        tell(f"{done * 100 // max(total, 1)} % checked")

    source = find_source(setting, models=models_folder(), environ=os.environ, progress=bytes_done)
    if source.folder or not download or not source.fetchable:
        return source
    from orchestrator_core.models.embedding.download import download_model

    tell(f"downloading {source.name}")
    download_model(source.name)
    return find_source(setting, models=models_folder(), environ=os.environ, progress=bytes_done)


def _looked(settings: Settings) -> PreparedModel:
    try:
        return prepared_model(
            settings.memory.embedding,
            ollama_url=settings.evaluation.ollama_url,
            offline=bool(settings.offline),
            background=False,
        )
    except MissingDependency as error:
        return PreparedModel(None, str(error), f"python -m pip install {error.package}")


def _check(settings: Settings, found: PreparedModel) -> Check:
    if found.model is not None:
        identity = found.model.identity
        detail = f"{identity.name}, {identity.dimensions} numbers a vector, {found.place} ({identity.digest})"
        return Check(group="Models", name="embedding model", status="ok", detail=detail)
    if settings.memory.embedding.strip() == NONE:
        return Check(group="Models", name="embedding model", status="ok", detail=found.reason)
    return _missing(found.reason, found.fix)


def _missing(detail: str, fix: str) -> Check:
    return Check(group="Models", name="embedding model", status="warn", detail=detail, without=_WITHOUT, fix=fix)
