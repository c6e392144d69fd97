"""From a SentenceTransformer in torch to a graph in ONNX. Torch's exporter can give a wrong graph without an error: see ``export``."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

from orchestrator_core.errors import MissingDependency
from orchestrator_core.models.embedding.sources import CannotExport

MAX_TOKENS = 512
"""Longer texts are cut, whatever the model could take: memories are shorter."""


def load_original(source: Path) -> Any:
    """The model in a folder, as sentence-transformers loads it.

    Raises:
        CannotExport: it cannot be loaded.
        MissingDependency: sentence-transformers is absent or broken.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except Exception as error:
        raise MissingDependency("sentence-transformers", "exporting an embedding model", str(error)) from error
    # This attention comes out right; with "eager" the exported vectors had nothing to do with the original's.
    arguments = {"attn_implementation": "sdpa"}
    try:
        return SentenceTransformer(str(source), device="cpu", local_files_only=True, model_kwargs=arguments).eval()
    except Exception as error:
        raise CannotExport(f"{source} cannot be loaded as a SentenceTransformer: {error}") from error


def translate(original: Any, path: Path) -> None:
    """Write the whole pipeline, from tokens to a unit vector, as an ONNX graph of 32-bit numbers."""
    import torch

    names = [
        name
        for name in ("input_ids", "attention_mask", "token_type_ids")
        if name in original.tokenizer.model_input_names
    ]

    class Sentence(torch.nn.Module):
        """The whole pipeline, from tokens to a unit vector."""

        def __init__(self) -> None:
            super().__init__()
            self.pipeline = original

        def forward(self, *values: Any) -> Any:
            features = dict(zip(names, values, strict=True))
            for module in self.pipeline:
                features = module(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=1)

    ids = torch.arange(14).reshape(2, 7) % 5 + 1
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}
    shape = {0: torch.export.Dim("batch", min=1, max=1024), 1: torch.export.Dim("length", min=2, max=MAX_TOKENS)}
    silence = io.StringIO()
    with torch.no_grad(), contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
        program = torch.onnx.export(
            Sentence().eval(),
            tuple(given[name] for name in names),
            None,
            output_names=["sentence_vector"],
            dynamic_shapes=(tuple(shape for _ in names),),
            dynamo=True,
        )
    assert program is not None  # noqa: S101 - it is None only for the older exporter
    for value, name in zip(program.model.graph.inputs, names, strict=True):
        value.name = name
    program.save(str(path), external_data=False)


def quantise(source: Path, target: Path) -> None:
    """The same graph with its weights in 8 bits."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]

    model = onnx.load(str(source))
    del model.graph.value_info[:]  # the exporter notes some shapes from before it folded a transposition
    # One scale per output channel: with one per tensor the cosine falls from 0.984 to 0.91.
    quantize_dynamic(model, str(target), weight_type=QuantType.QInt8, per_channel=True)
