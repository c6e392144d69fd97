"""Runs an exported embedding model with onnxruntime and tokenizers, without torch.

Texts are run one at a time on one thread each: dynamic quantisation scales by the largest value of a batch, so in a batch a
vector would depend on its neighbours, and measured on one core a batch of one is the fastest. More cores run more texts at once.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator_core.errors import MissingDependency, ModelRejected
from orchestrator_core.forks import at_fork
from orchestrator_core.models.embedding.contract import ModelIdentity
from orchestrator_core.models.embedding.exported import (
    ONNX_FILE,
    TOKENIZER_FILE,
    DamagedExport,
    ExportInfo,
    read_export,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEATURE = "finding memories by meaning"
_FEW = 8
"""Fewer texts are run by the calling thread alone."""
_CHARACTERS_PER_TOKEN = 32
"""Text beyond this many characters per token of the model's limit is cut before it is split into tokens."""
_SLOW_FUSION = "SkipLayerNormFusion"
"""Adding and normalising in one step takes the runtime longer than in two: a quarter of a text's time, with onnxruntime 1.31."""

_inherited: list[Any] = []
"""Sessions that existed when the process forked: another thread may have held their locks, so they are never used or freed."""


def load_export(folder: Path) -> OnnxEmbedding | None:
    """The exported model in a folder, loaded once per process; None where there is none.

    Raises:
        DamagedExport: its files are not what was written.
        MissingDependency: onnxruntime, tokenizers or numpy is absent or broken.
    """
    info = read_export(folder)
    return None if info is None else _models.of(folder, info)


class _Models:
    """The models that are in use in this process, each loaded once."""

    def __init__(self) -> None:
        self._reset()
        at_fork(self, child=_Models._reset)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._loaded: weakref.WeakValueDictionary[tuple[str, str], OnnxEmbedding] = weakref.WeakValueDictionary()

    def of(self, folder: Path, info: ExportInfo) -> OnnxEmbedding:
        key = (str(folder), info.sha256[ONNX_FILE])
        with self._lock:
            model = self._loaded.get(key)
            if model is None:
                model = self._loaded[key] = OnnxEmbedding(folder, info)
            return model


_models = _Models()


class OnnxEmbedding:
    """An exported model. Safe for threads and after a fork; the same text always gives the same vector.

    Args:
        folder: where its files lie.
        info: what is known of them.
        workers: threads that ``encode`` may use; all cores by default.

    Raises:
        DamagedExport: onnxruntime or tokenizers cannot read the files.
        MissingDependency: a package is absent or broken.
    """

    def __init__(self, folder: Path, info: ExportInfo, *, workers: int | None = None) -> None:
        self._folder = folder
        self._info = info
        self._workers = workers or available_cores()
        self._load()
        at_fork(self, child=OnnxEmbedding._in_child)

    def _load(self) -> None:
        self._lock = threading.Lock()
        self._tokenizer = _tokenizer(self._folder / TOKENIZER_FILE, self._info.max_tokens)
        self._session: Any = _session(self._folder / ONNX_FILE)
        self._inputs = [value.name for value in self._session.get_inputs()]

    def _in_child(self) -> None:
        _inherited.append(self._session)
        self._lock = threading.Lock()
        self._session = None

    @property
    def identity(self) -> ModelIdentity:
        return self._info.identity

    def encode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        """One unit vector per text, shape ``(len(texts), dimensions)``; see ``EmbeddingModel``.

        Raises:
            ModelRejected: the runtime cannot run the model.
        """
        import numpy as np

        if self._session is None:
            with self._lock:
                if self._session is None:
                    self._load()
        out = np.empty((len(texts), self._info.dimensions), dtype=np.float32)
        prompt = self._info.query_prompt if query else self._info.document_prompt

        def one(place: int) -> None:
            out[place] = self._vector(prompt + texts[place])

        _spread(one, len(texts), self._workers)
        return out

    def _vector(self, text: str) -> NDArray[np.float32]:
        import numpy as np

        text = text.encode("utf-8", "replace").decode("utf-8")[: self._info.max_tokens * _CHARACTERS_PER_TOKEN]
        ids = self._tokenizer.encode(text.lower() if self._info.lowercase else text).ids or [0]
        row = np.array([ids], dtype=np.int64)
        values = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
        try:
            vector = self._session.run(None, {name: values[name] for name in self._inputs})[0][0]
        except Exception as error:
            raise ModelRejected(f"the embedding model {self._info.name!r} cannot be run: {error}") from error
        return vector  # type: ignore[no-any-return]


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _spread(work: Callable[[int], None], n: int, workers: int) -> None:
    """Call ``work`` for 0 to ``n - 1``, in several threads where it pays; the first error is raised when all have stopped."""
    places, errors = count(), list[BaseException]()

    def run() -> None:
        try:
            while not errors and (place := next(places)) < n:
                work(place)
        except BaseException as error:  # noqa: BLE001 - raised again below, in the calling thread
            errors.append(error)

    threads = []
    if n >= _FEW:
        for _ in range(min(workers, n // (_FEW // 2)) - 1):
            thread = threading.Thread(target=run, name="magnus-encode", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                break  # the interpreter is shutting down: this thread does all
            threads.append(thread)
    run()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _tokenizer(path: Path, max_tokens: int) -> Any:
    try:
        import tokenizers
    except Exception as error:
        raise MissingDependency("tokenizers", FEATURE, str(error)) from error
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:
        raise DamagedExport(f"{path} cannot be read by tokenizers: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _session(path: Path) -> Any:
    try:
        import numpy as np  # noqa: F401  # onnxruntime's own message does not name it
    except Exception as error:
        raise MissingDependency("numpy", FEATURE, str(error)) from error
    try:
        import onnxruntime  # type: ignore[import-untyped]
    except Exception as error:
        raise MissingDependency("onnxruntime", FEATURE, str(error)) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False  # as fast without, and memory is given back
    options.log_severity_level = 3  # errors only
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=[_SLOW_FUSION]
        )
    except Exception as error:
        raise DamagedExport(f"{path} cannot be loaded by onnxruntime: {error}") from error
