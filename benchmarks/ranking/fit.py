"""Fits the ranking's weights on the dialogues in ``data/``, shows what they are worth on dialogues that were held out, and writes them.

    python benchmarks/ranking/fit.py [--write] [--folds 4]

A conditional logit over each question's candidates (McFadden 1974) with an L2 penalty on standardised features; several right
answers share the question's weight. The bias is fitted afterwards by Platt's scaling, so that a score reads as a probability.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import msgspec
import numpy as np
import torch
from dialogues import all_dialogues, indexed, keyword_questions
from numpy.typing import NDArray

from orchestrator_core.models.embedding.choice import prepared_model
from orchestrator_memory.ranking.features import FEATURES, GROUPS, candidates
from orchestrator_memory.ranking.meaning import Scanned, Unknown
from orchestrator_memory.ranking.model import WEIGHTS, Weights

PENALTY = 3e-2
"""Chosen by fitting on the hasty chats and measuring on the letters between friends, and the other way round."""
WITHOUT_VECTORS = tuple(name for name in FEATURES if name in GROUPS["meaning"] or name == "answers_question")


class Asked(NamedTuple):
    """One question: its candidates' features, which of them answer it, and how many turns answer it in all."""

    kind: str
    features: NDArray[np.float32]
    right: NDArray[np.bool_]
    answers: int


def asked(with_vectors: bool) -> list[list[Asked]]:
    """The questions of each dialogue, and some of keywords alone."""
    model = prepared_model("").model
    if model is None:
        raise SystemExit("the embedding model is not here; run: orchestrate setup")
    result = []
    for dialogue in all_dialogues():
        index = indexed(dialogue, model.encode)
        everything = np.ones(index.size, np.bool_)
        everybody = [*dialogue.questions, *keyword_questions(dialogue)]
        vectors = model.encode([question.text for question in everybody])
        questions = []
        for question, vector in zip(everybody, vectors, strict=True):
            found = candidates(
                index, question.text, Scanned(index, vector) if with_vectors else Unknown(index), everything
            )
            right = np.isin(index.column("seq")[found.slots], list(question.evidence))
            questions.append(Asked(question.kind, found.features, right, len(question.evidence)))
        result.append(questions)
    return result


def fitted(questions: list[Asked]) -> Weights:
    """The weights that make the right candidates of each question likeliest."""
    torch.manual_seed(0)
    usable = [q for q in questions if q.right.any()]
    features = torch.tensor(np.concatenate([q.features for q in usable]))
    right = torch.tensor(np.concatenate([q.right for q in usable]).astype(np.float32))
    group = torch.tensor(np.repeat(np.arange(len(usable)), [len(q.right) for q in usable]))
    mean, spread = features.mean(0), features.std(0)
    used = spread > 1e-6
    standard = torch.where(used, (features - mean) / torch.where(used, spread, torch.ones_like(spread)), torch.zeros(1))
    share = right / torch.zeros(len(usable)).index_add(0, group, right)[group]
    weight = torch.zeros(features.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([weight], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        logit = standard @ weight
        top = torch.full((len(usable),), -1e9).scatter_reduce(0, group, logit, "amax").detach()
        whole = torch.zeros(len(usable)).index_add(0, group, (logit - top[group]).exp())
        value = -(share * (logit - top[group] - whole.log()[group])).sum() / len(usable) + PENALTY * (weight**2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    logit = (standard @ weight).detach()
    bias = torch.zeros(1, requires_grad=True)
    platt = torch.optim.LBFGS([bias], max_iter=100, line_search_fn="strong_wolfe")

    def miss() -> torch.Tensor:
        platt.zero_grad()
        value = torch.nn.functional.binary_cross_entropy_with_logits(logit + bias, right)
        value.backward()
        return value

    platt.step(miss)
    raw = torch.where(used, weight.detach() / torch.where(used, spread, torch.ones_like(spread)), torch.zeros(1))
    return Weights(
        round(float(bias.detach()), 4),
        {name: round(float(w), 4) for name, w, u in zip(FEATURES, raw, used, strict=True) if u},
        {name: round(float(m), 4) for name, m, u in zip(FEATURES, mean, used, strict=True) if u},
    )


def worth(questions: list[Asked], weights: Weights, *, keywords: bool = False) -> tuple[float, float]:
    """Recall at 10 and mean reciprocal rank, of questions in sentences or of those of keywords."""
    questions = [question for question in questions if (question.kind == "keyword") == keywords]
    weight = np.array([weights.weight.get(name, 0.0) for name in FEATURES], np.float32)
    recall, reciprocal = 0.0, 0.0
    for question in questions:
        order = question.right[np.argsort(-(question.features @ weight), kind="stable")]
        recall += order[:10].sum() / question.answers
        places = np.flatnonzero(order[:20])
        reciprocal += 1 / (places[0] + 1) if len(places) else 0.0
    return recall / len(questions), reciprocal / len(questions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the weights that Magnus ships")
    parser.add_argument("--folds", type=int, default=4)
    arguments = parser.parse_args()
    shipped = {}
    for kind in ("vectors", "keywords"):
        dialogues = asked(kind == "vectors")
        held_out = []
        for fold in range(arguments.folds):
            taught = fitted([q for i, d in enumerate(dialogues) for q in d if i % arguments.folds != fold])
            kept = [q for i, d in enumerate(dialogues) for q in d if i % arguments.folds == fold]
            held_out.append((*worth(kept, taught), *worth(kept, taught, keywords=True)))
        shipped[kind] = fitted([q for d in dialogues for q in d])
        n = sum(q.kind != "keyword" for d in dialogues for q in d)
        recall, reciprocal, found, first = (float(np.mean(column)) for column in zip(*held_out, strict=True))
        print(
            f"{kind:9s} {len(dialogues)} dialogues, {n} questions, held out: recall@10 {recall:.3f}, MRR {reciprocal:.3f}; ",
            end="",
        )
        print(f"keywords: recall@10 {found:.3f}, MRR {first:.3f}")
        strongest = sorted(shipped[kind].weight.items(), key=lambda item: -abs(item[1]))
        print("   ", ", ".join(f"{name} {value:+.2f}" for name, value in strongest))
    if arguments.write:
        WEIGHTS.write_bytes(msgspec.json.format(msgspec.json.encode(shipped), indent=1) + b"\n")
        print(f"written: {WEIGHTS.name}")


if __name__ == "__main__":
    main()
