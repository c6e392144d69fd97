"""Random letters told from words."""

from __future__ import annotations

import random
import string

import pytest

from orchestrator_core.analysis.random_words import looks_random


@pytest.mark.parametrize("alphabet", [string.ascii_letters, string.ascii_letters + string.digits])
def test_nearly_all_random_values_are_known(alphabet: str) -> None:
    rng = random.Random(5)
    values = ["".join(rng.choices(alphabet, k=rng.choice((16, 20, 32)))) for _ in range(500)]
    assert sum(map(looks_random, values)) >= 465


@pytest.mark.parametrize(
    "word",
    [
        "", "short", "password", "AuthorizationHeader", "someCamelCaseName", "database_connection_string", "kubernetes-admin-token",
        "SERVICE_ACCOUNT_NAME", "getElementsByClassName", "organisation", "verschluesselung", "contrasena-segura", "user-profile-page",
    ],
)  # fmt: skip
def test_words_and_names_are_not_random(word: str) -> None:
    assert not looks_random(word)
