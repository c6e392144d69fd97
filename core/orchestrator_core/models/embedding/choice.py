"""Which embedding model a setting stands for, and whether it can embed here and now."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from orchestrator_core.models.embedding.attempts import read_attempt
from orchestrator_core.models.embedding.contract import PreparedModel
from orchestrator_core.models.embedding.export_process import is_exporting, start_export
from orchestrator_core.models.embedding.exported import INFO_FILE, DamagedExport, models_folder
from orchestrator_core.models.embedding.ollama_model import PREFIX, prepare_ollama
from orchestrator_core.models.embedding.onnx_model import load_export
from orchestrator_core.models.embedding.sources import Source, default_key, find_source, is_default

NONE = "none"
SETUP = "orchestrate setup"


def prepared_model(
    setting: str,
    *,
    models: Path | None = None,
    environ: Mapping[str, str] | None = None,
    ollama_url: str = "http://127.0.0.1:11434",
    offline: bool = True,
    background: bool = True,
) -> PreparedModel:
    """The model that ``memory.embedding`` stands for, ready, or why it is not.

    An exported model is used at once. One that can be exported is, in a process in the background, where ``background`` is set; the
    answer is then ``preparing``. Nothing is downloaded.

    Args:
        setting: empty for the default, ``none``, a folder, a SentenceTransformer's name, or ``ollama:NAME``.
        models: where exports lie; one place per user by default.
        environ: the environment, for the places of caches.
        ollama_url: where ``ollama:`` models are asked.
        offline: refuse an Ollama server on another machine.
        background: whether an export may be started.

    Raises:
        MissingDependency: onnxruntime, tokenizers or numpy is absent or broken.
    """
    environ = os.environ if environ is None else environ
    models = models or models_folder(environ)
    text = setting.strip()
    if text == NONE:
        return PreparedModel(None, "embedding is switched off (memory.embedding is none)")
    if text.startswith(PREFIX):
        return prepare_ollama(text.removeprefix(PREFIX), url=ollama_url, offline=offline)
    try:
        return _exported(text, models, environ, background)
    except OSError as error:
        reason = f"{error.filename or models} cannot be used: {error.strerror or error}"
        return PreparedModel(None, reason, "make it readable, or set ORCHESTRATOR_MODELS to a folder of yours")


def _exported(text: str, models: Path, environ: Mapping[str, str], background: bool) -> PreparedModel:
    damage = ""
    source: Source | None = None
    if is_default(text):
        target = models / default_key()  # known without its source, which may be gone by now
    elif (Path(text).expanduser() / INFO_FILE).is_file():
        target = Path(text).expanduser().absolute()  # an export itself
    else:
        source = find_source(text, models=models, environ=environ)
        if not source.folder:
            return PreparedModel(None, source.problem, source.fix)
        target = models / source.key
    try:
        model = load_export(target)
        if model is not None:
            return PreparedModel(model, place=f"exported to {target}")
    except DamagedExport as error:
        damage = f"{error}; "
        if target.parent != models:
            return PreparedModel(None, str(error), "export it anew")
    return _exporting(text, source, target, damage, models, environ, background)


def _exporting(
    setting: str,
    source: Source | None,
    target: Path,
    damage: str,
    models: Path,
    environ: Mapping[str, str],
    background: bool,
) -> PreparedModel:
    wait = f"{damage}the embedding model is being exported in the background, which takes about 15 seconds"
    if is_exporting(target):
        return PreparedModel(None, wait, preparing=True)
    attempt = read_attempt(target)
    if not background and attempt is not None and attempt.reason:
        return PreparedModel(None, f"{damage}the embedding model could not be exported: {attempt.reason}", SETUP)
    source = source or find_source(setting, models=models, environ=environ)
    if not source.folder:
        return PreparedModel(None, f"{damage}{source.problem}", source.fix)
    if not background:
        return PreparedModel(None, f"{damage}the embedding model is not exported yet", SETUP)
    problem = start_export(source, target)
    if problem:
        return PreparedModel(None, f"{damage}the embedding model could not be exported: {problem}", SETUP)
    return PreparedModel(None, wait, preparing=True)
