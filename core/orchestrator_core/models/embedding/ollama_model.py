"""An embedding model of a local Ollama server."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator_core.errors import MagnusError, ModelBadOutput, ModelNotFound, ModelUnavailable
from orchestrator_core.models.address import same_model
from orchestrator_core.models.contract import ModelInfo
from orchestrator_core.models.embedding.contract import ModelIdentity, PreparedModel
from orchestrator_core.models.ollama_border import OllamaServer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREFIX = "ollama:"
_BATCH = 32
_QUERY_S = 10.0
_TEXTS_S = 60.0
_LOOK_S = 60.0
"""Between two looks whether the server still has the same model under the name."""


def prepare_ollama(name: str, *, url: str, offline: bool) -> PreparedModel:
    """The embedding model of that name on the server at ``url``; never raises."""
    try:
        server = OllamaServer(url, offline=offline)
        return PreparedModel(OllamaEmbedding(server, name), place=f"at {server.address.url}")
    except ModelUnavailable as error:
        return PreparedModel(None, str(error), "ollama serve")
    except ModelNotFound as error:
        return PreparedModel(None, str(error), f"ollama pull {name}")
    except MagnusError as error:
        return PreparedModel(None, str(error), "set memory.embedding to another model, or leave it empty")


class OllamaEmbedding:
    """Embeds with ``/api/embed``. Safe for threads.

    Args:
        server: the server.
        name: the model's name there.

    Raises:
        ModelError: nothing answers, or the server has no such model, or it cannot embed.
    """

    def __init__(self, server: OllamaServer, name: str) -> None:
        self._server = server
        self._name = name
        self._digest = self._listed().digest
        self._looked_at = time.monotonic()
        dimensions = len(server.embed(name, ["x"], timeout_s=_TEXTS_S)[0])
        digest = hashlib.sha256(f"ollama\n{self._digest or name}\n{dimensions}".encode()).hexdigest()[:16]
        self._identity = ModelIdentity(digest=digest, name=f"{PREFIX}{name}", dimensions=dimensions)

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    def encode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        """One unit vector per text; see ``EmbeddingModel``.

        Raises:
            ModelUnavailable: nothing answers, or another model has taken the name: prepare it anew.
            ModelError: another of its kinds.
        """
        import numpy as np

        self._look()
        rows = np.empty((len(texts), self._identity.dimensions), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            # Some servers refuse an empty input.
            some = [text if text.strip() else "-" for text in texts[start : start + _BATCH]]
            made = np.array(
                self._server.embed(self._name, some, timeout_s=_QUERY_S if query else _TEXTS_S), dtype=np.float32
            )
            if made.shape[1] != rows.shape[1]:
                raise ModelBadOutput(
                    f"{self._name!r} gave vectors of {made.shape[1]} numbers, where it gave {rows.shape[1]} before"
                )
            rows[start : start + _BATCH] = made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-12)
        return rows

    def _look(self) -> None:
        if time.monotonic() < self._looked_at + _LOOK_S:
            return
        if self._listed().digest != self._digest:
            raise ModelUnavailable(
                f"the model {self._name!r} of the Ollama server is not the one it was; it is loaded anew"
            )
        self._looked_at = time.monotonic()

    def _listed(self) -> ModelInfo:
        for model in self._server.list_models():
            if same_model(self._name, model.name):
                return model
        raise ModelNotFound(f"the Ollama server has no model {self._name!r}. Fetch it with: ollama pull {self._name}")
