"""A guard that waits for the deep engine: nothing it can see is stored, and where it cannot look nothing is stored at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import chosen_policy
from orchestrator_security.contract import ScanContext
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.pii.deep.deep_engine import DeepEngine, DeepScanUnavailable, Place
from orchestrator_security.pii.deep.engine import PresidioProcess
from orchestrator_security.pii.deep.scanner import DeepPiiScanner, replaced_words
from orchestrator_security.pii.pii_scanner import PiiScanner
from orchestrator_security.redaction.vault import Vault

TEXT = "client Jane, passport C0300" + "5988, jane.doe" + "@contoso.de"


def guard(engine: DeepEngine, preset: str = "strict") -> SecurityGuard:
    scanners = (PiiScanner(), DeepPiiScanner(engine))
    settings = SecuritySettings(preset=preset)  # type: ignore[arg-type]
    return SecurityGuard(
        request_max_bytes=1_000_000, scanners=scanners, redacting=scanners, policy=chosen_policy(settings), hash_key=b"k" * 32,
        clock=SystemClock(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[PresidioProcess]:
    found = PresidioProcess("none")
    yield found
    found.close()


def test_both_engines_take_their_share_and_the_result_is_a_fixed_point(engine: PresidioProcess) -> None:
    strict = guard(engine)
    verdict = strict.check(TEXT, ScanContext())
    assert "C0300" + "5988" not in verdict.text and "contoso" not in verdict.text
    assert {finding.rule_id for finding in verdict.findings} == {"pii.email", "pii.passport"}
    assert verdict.incomplete == ()
    assert strict.redact(verdict.text) == strict.redact(TEXT) == verdict.text
    assert strict.redact_data({"a": [TEXT]}) == {"a": [verdict.text]}


def test_a_vault_restores_what_both_have_found(engine: PresidioProcess) -> None:
    vault = Vault()
    hidden = guard(engine).redact_with(vault, TEXT)
    assert "<PASSPORT_1>" in hidden and "<EMAIL_1>" in hidden
    assert vault.restore(hidden) == TEXT


def test_what_cannot_be_looked_at_is_withheld() -> None:
    class Gone:
        def find(self, text: str) -> Sequence[Place]:
            raise DeepScanUnavailable("Presidio does not run")

    strict = guard(Gone())  # type: ignore[arg-type]
    verdict = strict.check(TEXT, ScanContext())
    assert verdict.incomplete == ("presidio",)
    assert "Jane" not in verdict.text and "Jane" not in strict.redact(TEXT)
    assert verdict.text.startswith("<withheld") and strict.redact(TEXT).startswith("<withheld")


def test_only_the_kinds_asked_for_are_reported(engine: PresidioProcess) -> None:
    words = replaced_words({"EMAIL_ADDRESS"}, everything=False)
    assert words == {"EMAIL"}
    assert {hit.kind for hit in DeepPiiScanner(engine, words).scan(TEXT, ScanContext())} == {"EMAIL"}
    assert {"PERSON", "PLACE", "EMAIL"} <= replaced_words({"EMAIL_ADDRESS"}, everything=True)
