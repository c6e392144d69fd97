"""Secrets are found whole, and what only looks like one is left alone."""

from __future__ import annotations

import pytest
import secret_samples

from orchestrator_core.analysis.secret_matches import entropy
from orchestrator_security.contract import ScanContext
from orchestrator_security.secrets.secret_scanner import SecretScanner

SAMPLES = secret_samples.samples()
CONTEXTUAL = secret_samples.contextual()


def found(text: str) -> list[str]:
    scanner = SecretScanner()
    if not scanner.prefilter(text, ScanContext()):
        return []
    return [text[hit.start : hit.end] for hit in scanner.scan(text, ScanContext()) if hit.confidence >= 0.5]


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("frame", ["{}", "see {} for it", 'x = "{}"', "log: {}\nnext line", "\\n{}\\n", "({})"])
def test_known_formats_are_found_whole(kind: str, frame: str) -> None:
    value = SAMPLES[kind]
    assert any(value in hit for hit in found(frame.format(value)))


def test_each_format_is_named() -> None:
    for kind, value in SAMPLES.items():
        rules = {hit.rule_id for hit in SecretScanner().scan(f"it is {value} here", ScanContext())}
        assert f"secret.{kind}" in rules


@pytest.mark.parametrize("name", CONTEXTUAL)
def test_values_known_by_their_surroundings_are_found_whole(name: str) -> None:
    text, value = CONTEXTUAL[name]
    hits = found(text)
    assert hits
    assert not value or any(value in hit for hit in hits)


@pytest.mark.parametrize("seed", range(5))
def test_other_values_of_the_same_shape_are_found_too(seed: int) -> None:
    missed = [
        kind
        for kind, value in secret_samples.samples(seed + 100).items()
        if not any(value in hit for hit in found(f"use {value} now"))
    ]
    assert missed == []


@pytest.mark.parametrize(
    "text",
    [
        'password = os.environ["DB_PASSWORD"]',
        "password: ${DB_PASSWORD}",
        "token = get_token()",
        "secret_key: <your-secret-key>",
        "API_KEY=your-api-key-here",
        "password = 'password'",
        "api_key = 'xxxxxxxxxxxxxxxx'",
        "token: {{ vault.token }}",
        "Authorization: Bearer <token>",
        "the bearer of bad news is here",
        "password = getpass.getpass()",
        "def reset_password(token: str) -> None: ...",
        "SECRET_KEY = config('SECRET_KEY')",
        "postgres://user:password@localhost:5432/db",
        "postgres://user:${PASSWORD}@localhost:5432/db",
        "assert secret == expected_secret",
        "max_tokens=4096, tokens: 128000",
        "the password is required and must be at least 8 characters",
        "the token is base64 encoded and the password is hashed with argon2id",
        "password_hash = hash_password(password)",
        'label = {"password": "Enter your password"}',
        "cache_key: user_profile_v2",
        "primary key: id, foreign key: user_id2",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b broke it",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "uuid = '123e4567-e89b-12d3-a456-426614174000'",
        "sk-... goes into OPENAI_API_KEY",
        "risk-adjusted-return-of-the-long-portfolio-since-1999",
        "-----BEGIN CERTIFICATE-----",
        "a file that starts with -----BEGIN PRIVATE KEY----- is a key",
        "token_url = https://auth.internal/token",
        "key-value stores are nice",
        "git@github.com:org/repo.git",
        "password reset link sent",
        "it failed: invalid token (position 12345)",
        "--token-limit 4096",
    ],
)
def test_look_alikes_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_published_examples_are_found_with_low_confidence_only() -> None:
    text = "AWS_ACCESS_KEY_ID=" + "AK" + "IAIOSFODNN7" + "EXAMPLE"
    hits = SecretScanner().scan(text, ScanContext())
    assert hits
    assert all(hit.confidence < 0.5 and hit.severity == "info" for hit in hits)


def test_a_private_key_without_its_end_is_found_to_where_it_goes() -> None:
    key = SAMPLES["private-key"]
    cut = key[: key.index("-----END")]
    assert any(cut.strip() in hit for hit in found(f"key:\n{cut}"))


def test_letters_that_grow_in_lower_case_do_not_shift_the_span() -> None:
    value = "q7" + "Zk29xLmW4tRv8B"
    text = "\u0130" * 9 + f" API_KEY={value} "
    assert found(text) == [value]


def test_entropy_is_that_of_shannon() -> None:
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abcd") == pytest.approx(2)
