"""Exports a SentenceTransformer to int8 ONNX: ``python -m orchestrator_core.models.embedding.export [SOURCE TARGET]``.

It runs in a process of its own, for torch costs seconds and hundreds of megabytes. What it writes is used only if its vectors agree
with the original's; the folder appears whole or not at all. On standard output it says what it is doing, one line a stage.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from orchestrator_core.errors import MissingDependency
from orchestrator_core.file_lock import file_lock
from orchestrator_core.models.embedding.attempts import Attempt, clear_attempt, lock_path, write_attempt
from orchestrator_core.models.embedding.exported import (
    INFO_FILE,
    ONNX_FILE,
    TOKENIZER_FILE,
    DamagedExport,
    ExportInfo,
    file_sha256,
    models_folder,
    read_export,
)
from orchestrator_core.models.embedding.onnx_model import OnnxEmbedding
from orchestrator_core.models.embedding.sources import (
    RECIPE,
    CannotExport,
    check_pipeline,
    default_key,
    find_source,
    folder_digest,
)
from orchestrator_core.models.embedding.translation import MAX_TOKENS, load_original, quantise, translate

FP32_COSINE = 0.9999
INT8_COSINE = 0.97
"""To the original's vectors, at least, over all texts of the check. Measured for all-MiniLM-L6-v2: 0.984 to 0.994."""
WAIT_S = 600.0
"""For another process that exports the same model."""
LOOK_S = 1.0
"""The same in the background; others hold the lock for a moment to see whether it is held."""
_TIE = 1e-4
"""Texts of the same tokens have the same vector."""
_PACKAGES = ("torch", "transformers", "sentence-transformers", "onnx", "onnxscript", "onnxruntime")

CHECK_TEXTS = (
    "x",
    "Hello!",
    "The database failed with a locked error.",
    "Did you see the game on Saturday?",
    "She moved to Lisbon in March 2021 and works as a nurse.",
    "def area(radius):\n    return 3.14159 * radius ** 2",
    "Übergrößenträger, naïve café, ŁÓDŹ",
    "東京の天気は晴れです。",
    "مرحبا بالعالم",
    "🙂🚀 ok",
    "SELECT name FROM users WHERE id = 7; -- all of them",
    "The printer on floor 3 needs its paper tray pushed in until it clicks, or else it reports a jam that is not there. "
    * 2,
    " ".join(f"Item {n} costs {n * 7 % 50} euros and ships on day {n}." for n in range(14)),
    " ".join(f"word{n}" for n in range(400)),
)
"""From one token to more than any limit."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Export; returns 0 when the target is there, 1 when it cannot be made, 3 when another process is at it."""
    parser = argparse.ArgumentParser(prog="python -m orchestrator_core.models.embedding.export", description=__doc__)
    parser.add_argument("source", type=Path, nargs="?", help="folder of the SentenceTransformer; the default model")
    parser.add_argument("target", type=Path, nargs="?", help="folder to make; the one where Magnus looks for it")
    parser.add_argument("--name", default="", help="the model's name; the folder's by default")
    parser.add_argument(
        "--background", action="store_true", help="at low priority, and not while another process exports it"
    )
    options = parser.parse_args(arguments)
    os.environ.update(
        HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false"
    )
    if options.background and hasattr(os, "nice"):
        os.nice(10)
    _quiet()
    source, name = options.source, options.name
    target: Path = options.target or models_folder() / default_key()
    if source is None:
        found = find_source("", models=target.parent, environ=os.environ)
        if not found.folder:
            sys.stderr.write(f"{found.problem}\n")
            return 1
        source, name = Path(found.folder), found.name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file_lock(lock_path(target), wait_s=LOOK_S if options.background else WAIT_S) as held:
        if not held:
            return 3
        try:
            _prepare_target(target)
            if not target.exists():
                write_attempt(target, Attempt(at=time.time()))
                export(source, target, name=name or source.name, say=_say)
        except (CannotExport, MissingDependency, OSError) as error:
            return _refused(target, str(error))
        except Exception as error:  # noqa: BLE001 - what torch and its exporter raise has no common base
            return _refused(target, f"{type(error).__name__}: {error}")
        clear_attempt(target)
    return 0


def _refused(target: Path, reason: str) -> int:
    reason = " ".join(reason.split())[:500]
    write_attempt(target, Attempt(at=time.time(), reason=reason))
    sys.stderr.write(f"{reason}\n")
    return 1


def _say(stage: str) -> None:
    sys.stdout.write(f"{stage}\n")
    sys.stdout.flush()


def _quiet() -> None:
    """The libraries talk of their own affairs; an error still comes as an exception."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def _prepare_target(target: Path) -> None:
    """Put a damaged export aside, and remove what killed exports left behind. The caller holds the lock."""
    for left in target.parent.glob(f".{target.name}.*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
    try:
        read_export(target)
    except DamagedExport:
        aside = target.with_name(f"{target.name}.damaged")
        shutil.rmtree(aside, ignore_errors=True)
        target.rename(aside)


def export(source: Path, target: Path, *, name: str, say: Callable[[str], None] = lambda _: None) -> ExportInfo:
    """Write the model of a folder to ``target`` as ONNX and check it against the original.

    Raises:
        CannotExport: it is no SentenceTransformer of texts, or what came out does not agree with the original.
        MissingDependency: a package is absent or broken.
    """
    say("reading the model")
    check_pipeline(source)
    original = load_original(source)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))  # mode 0700
    try:
        info = _export_into(draft, original, source, name, say)
        for file in draft.iterdir():
            file.chmod(0o600)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return info


def _export_into(draft: Path, original: Any, source: Path, name: str, say: Callable[[str], None]) -> ExportInfo:
    tokenizer = getattr(original.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise CannotExport(f"{name} has no tokenizer that the tokenizers package can run")
    tokenizer.save(str(draft / TOKENIZER_FILE))
    say("translating it to ONNX")
    full = draft / "full.onnx"
    translate(original, full)
    original.max_seq_length = min(int(original.max_seq_length or MAX_TOKENS), MAX_TOKENS)
    prompts = {kind: prompt or "" for kind, prompt in (original.prompts or {}).items()}
    default = prompts.get(original.default_prompt_name or "", "")
    draft_info = ExportInfo(
        name=name,
        digest="",
        dimensions=len(original.encode("x")),
        precision="fp32",
        max_tokens=original.max_seq_length,
        lowercase=bool(getattr(original[0], "do_lower_case", False)),
        query_prompt=prompts.get("query", default),
        document_prompt=prompts.get("document", prompts.get("passage", default)),
        lowest_cosine=0.0,
    )
    say("checking it against the original")
    full.rename(draft / ONNX_FILE)
    lowest = _lowest_cosine(draft, draft_info, original)
    if not lowest >= FP32_COSINE:
        raise CannotExport(
            f"{name} cannot be exported right: its ONNX form does not give the original's vectors (lowest cosine {lowest:.4f})"
        )
    (draft / ONNX_FILE).rename(full)
    say("quantising it to 8 bits")
    quantise(full, draft / ONNX_FILE)
    precision, quantised = "int8", _lowest_cosine(draft, draft_info, original)
    if quantised >= INT8_COSINE:
        lowest = quantised
        full.unlink()
    else:  # some models lose too much in 8 bits: they stay as they are, larger and slower but right
        precision = "fp32"
        full.replace(draft / ONNX_FILE)
    # Of the source, so that an export made anew keeps the vectors that are stored.
    identity = hashlib.sha256(f"{RECIPE}\n{folder_digest(source)}\n{precision}".encode()).hexdigest()[:16]
    info = msgspec.structs.replace(
        draft_info,
        digest=identity,
        precision=precision,
        lowest_cosine=round(float(lowest), 6),
        sha256={file: file_sha256(draft / file) for file in (ONNX_FILE, TOKENIZER_FILE)},
        made_with={package: metadata.version(package) for package in _PACKAGES},
    )
    (draft / INFO_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(info), indent=2))
    return info


def _lowest_cosine(folder: Path, info: ExportInfo, original: Any) -> float:
    """The lowest cosine of a text's vector to the original's; 0 where one is nearer to another text's.

    The second is what counts for models whose vectors all point the same way: there any two agree to a cosine of 0.9.
    """
    import numpy as np

    model = OnnxEmbedding(folder, info, workers=1)
    lowest = 1.0
    for query, prompt in ((False, info.document_prompt), (True, info.query_prompt)):
        wanted = original.encode(list(CHECK_TEXTS), prompt=prompt, normalize_embeddings=True, show_progress_bar=False)
        cosines = model.encode(CHECK_TEXTS, query=query) @ np.asarray(wanted).T
        own = np.diag(cosines)
        if not (own >= cosines.max(axis=1) - _TIE).all():
            return 0.0
        lowest = min(lowest, float(own.min()))
    return lowest


if __name__ == "__main__":
    sys.exit(main())
