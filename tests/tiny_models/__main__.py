"""Small real SentenceTransformers: random weights, a vocabulary of their own, saved as the library saves them.

``python -m tiny_models FOLDER`` (in ``tests``) makes some, exports them and writes what came out to ``FOLDER/made.json``. That is a
process of its own, since torch takes seconds to load and warns of its own affairs.
"""

from __future__ import annotations

import json
import shutil
import string
import sys
from pathlib import Path
from typing import Any

WORDS = [
    "the",
    "printer",
    "floor",
    "database",
    "error",
    "is",
    "locked",
    "hello",
    "world",
    "she",
    "moved",
    "to",
    "and",
    "a",
    "of",
    "ok",
]


def save_model(
    folder: Path, *, pooling: str = "mean", dense: bool = False, prompts: dict[str, str] | None = None, **more: Any
) -> Path:
    """A BERT of two layers with a pooling (and a dense layer) on top."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from torch import manual_seed
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    manual_seed(7)
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [*string.ascii_lowercase, *string.digits, *".,!;'-()=*/"]
    vocabulary = [*marks, *letters, *(f"##{letter}" for letter in letters), *WORDS]
    tokenizer = Tokenizer(models.WordPiece({w: n for n, w in enumerate(dict.fromkeys(vocabulary))}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    base = folder / "base"
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), marks, strict=True))
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=inputs, model_max_length=64, **names)
    fast.save_pretrained(base)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=64, initializer_range=0.5,
    )  # fmt: skip  # wide random weights: different texts get different vectors
    BertModel(config).eval().save_pretrained(base)
    modules: list[Any] = [Transformer(str(base), max_seq_length=64), Pooling(32, pooling_mode=pooling)]
    if dense:
        modules.append(Dense(32, 16))
    modules.append(Normalize())
    SentenceTransformer(modules=modules, device="cpu", prompts=prompts, **more).save(str(folder / "model"))
    return folder / "model"


def claim_module(folder: Path, type_name: str) -> None:
    """Let a saved model say that it has a module of this type."""
    path = folder / "modules.json"
    modules = json.loads(path.read_text(encoding="utf-8"))
    modules[-1]["type"] = type_name
    path.write_text(json.dumps(modules), encoding="utf-8")


TEXTS = (
    "x",
    "The printer on floor 3 is locked.",
    "hello world",
    "she moved to a floor of 7 days, and ok " * 20,
    "DATABASE ERROR!",
    "東京",
)
KINDS: dict[str, dict[str, Any]] = {
    "mean": {"pooling": "mean"},
    "cls": {"pooling": "cls"},
    "max-dense": {"pooling": "max", "dense": True},
    "prompts": {"pooling": "mean", "prompts": {"query": "the error: ", "document": "word: "}},
}


def main(place: Path) -> None:
    """Make one model of each kind, export it, and note the original's vectors; then let exports go wrong in two ways."""
    from sentence_transformers import SentenceTransformer

    from orchestrator_core.models.embedding import export
    from orchestrator_core.models.embedding.sources import CannotExport

    made: dict[str, Any] = {}
    for kind, wanted in KINDS.items():
        folder = save_model(place / kind, **wanted)
        export.export(folder, place / f"{kind}-export", name=kind)
        original = SentenceTransformer(str(folder), device="cpu")
        made[kind] = {
            "kept": original.encode_document(list(TEXTS), normalize_embeddings=True).tolist(),
            "asked": original.encode_query(list(TEXTS), normalize_embeddings=True).tolist(),
        }
    right = export.translate
    other = SentenceTransformer(str(place / "cls" / "model"), device="cpu").eval()
    export.translate = lambda original, path: right(other, path)
    try:
        export.export(place / "mean" / "model", place / "wrong-export", name="wrong")
    except CannotExport as error:
        made["refused"] = str(error)
    finally:
        export.translate = right
    broken = place / "broken" / "model"
    shutil.copytree(place / "mean" / "model", broken)
    (broken / "model.safetensors").write_bytes(b"no weights")
    try:
        export.export(broken, place / "broken-export", name="broken")
    except CannotExport as error:
        made["broken"] = str(error)
    (place / "made.json").write_text(json.dumps(made), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
