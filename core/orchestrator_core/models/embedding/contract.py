"""What an embedding model is to those who use one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ModelIdentity(Struct, frozen=True):
    """Which model made a vector. Vectors of two identities are never compared."""

    digest: str
    """16 hexadecimal digits over everything that changes a vector: weights, tokenizer, pooling, precision, length limit."""
    name: str
    dimensions: int


class EmbeddingModel(Protocol):
    """Turns texts into unit vectors. Safe for threads."""

    @property
    def identity(self) -> ModelIdentity:
        """Which model this is."""
        ...

    def encode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        """One unit vector per text, in order, shape ``(len(texts), dimensions)``.

        ``query`` says that they are asked for and not kept: some models want other words before a query.
        A text's vector does not depend on the other texts of the call. Any text is fine: an empty one and one of lone surrogates too.

        Raises:
            ModelError: the model cannot answer now (see its kinds).
        """
        ...


class PreparedModel(Struct, frozen=True):
    """What can embed here and now. ``model`` is None where nothing can: ``reason`` and ``fix`` then say why and what to do."""

    model: EmbeddingModel | None
    reason: str = ""
    fix: str = ""
    preparing: bool = False
    """True while a model is being exported in the background: ask again later."""
    place: str = ""
    """Where the model is, for people."""
