"""An exported embedding model on disk: two files and what is known of them, checked before they are used."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field

from orchestrator_core.errors import MagnusError
from orchestrator_core.models.embedding.contract import ModelIdentity

ONNX_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
INFO_FILE = "info.json"
FORMAT = 1

_CHUNK_BYTES = 1 << 20


class DamagedExport(MagnusError):
    """An exported model's files are not what was written; the message names the file."""

    code = "damaged-export"


class ExportInfo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``info.json`` holds."""

    format: int = FORMAT
    name: str
    digest: str
    """The model's identity, 16 hexadecimal digits."""
    dimensions: int
    precision: str
    """``int8`` or ``fp32``."""
    max_tokens: int
    """A longer text is cut."""
    lowercase: bool = False
    query_prompt: str = ""
    """Written before every query."""
    document_prompt: str = ""
    """Written before every text that is kept."""
    lowest_cosine: float
    """To the original model's vectors, over the texts of the check."""
    sha256: dict[str, str] = field(default_factory=dict)
    """Of each file."""
    made_with: dict[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity(digest=self.digest, name=self.name, dimensions=self.dimensions)


def models_folder(environ: Mapping[str, str] | None = None, *, platform: str = sys.platform) -> Path:
    """Where exported models lie: one place per user, for all projects. ``ORCHESTRATOR_MODELS`` overrides."""
    environ = os.environ if environ is None else environ
    if chosen := environ.get("ORCHESTRATOR_MODELS"):
        return Path(chosen).expanduser().absolute()
    if platform == "win32":
        cache = environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif platform == "darwin":
        cache = "~/Library/Caches"
    else:
        cache = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser().absolute() / "magnus-orchestrator" / "models"


def read_export(folder: Path) -> ExportInfo | None:
    """What is known of the exported model in a folder, its files checked; None where there is none.

    Raises:
        DamagedExport: a file is missing or not what was written.
    """
    if not folder.is_dir():
        return None
    path = folder / INFO_FILE
    try:
        info = msgspec.json.decode(path.read_bytes(), type=ExportInfo)
        for name in (ONNX_FILE, TOKENIZER_FILE):
            path = folder / name
            if file_sha256(path) != info.sha256.get(name):
                raise DamagedExport(f"{path} is damaged: it is not the file that was written")
    except (OSError, ValueError) as error:
        raise DamagedExport(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if info.format != FORMAT:
        raise DamagedExport(f"{folder} was written in the form {info.format}; this Magnus reads {FORMAT}")
    return info


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
