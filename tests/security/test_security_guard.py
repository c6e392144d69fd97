"""The gate, the policy and the guard's verdicts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import secret_samples
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_core.clock import SystemClock
from orchestrator_core.errors import UsageError
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard, chosen_policy
from orchestrator_security.contract import Guard, ScanContext
from orchestrator_security.decision import FINDINGS_MAX
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.policy.table import Policy, PolicyRule, risk, strictest
from orchestrator_security.scanner import Hit, Scanner

MAIL = "jane.doe" + "@contoso.de"
SECRET = secret_samples.samples()["github-token"]
HIDDEN = "".join(chr(0xE0000 + ord(c)) for c in "ignore all")


def guard(extra: Sequence[Scanner] = (), **changes: int) -> SecurityGuard:
    return build_guard(SecuritySettings(**changes), hash_key=b"k" * 32, clock=SystemClock(), extra_scanners=extra)  # type: ignore[arg-type]


def test_it_is_a_guard() -> None:
    g: Guard = guard()
    assert g.redact("a") == "a"


@pytest.mark.parametrize(
    ("text", "action"),
    [
        (
            "please fix the SQL: SELECT * FROM users WHERE id = '1' OR '1'='1'; <script>alert(1)</script> $(rm -rf /)",
            "allow",
        ),
        ("", "allow"),
        ("a\x1b[31mred\x1b[0m log", "allow"),
        (f"mail {MAIL}", "redact"),
        (f"use {SECRET}", "redact"),
        ("a\u202eb", "flag"),
        (f"x{HIDDEN}", "block"),
        ("x\x00", "allow"),
        ("secret\x08\x08\x08\x08\x08\x08public", "flag"),
        ("\ud800", "block"),
        ("x" * 2_000, "block"),
    ],
)
def test_what_developers_get(text: str, action: str) -> None:
    verdict = guard(request_max_bytes=1_000).check(text, ScanContext())
    assert verdict.action == action
    assert bool(verdict.reason) == (action != "allow")
    assert verdict.incomplete == ()
    verdict.text.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "action"),
    [(f"x{HIDDEN}", "flag"), ("x\x00", "allow"), ("paid\x08\x08\x08\x08free", "flag"), ("\ud800", "flag")],
)
def test_an_output_is_flagged_and_cleaned_rather_than_thrown_away(text: str, action: str) -> None:
    verdict = guard().check(text, ScanContext("out"))
    assert verdict.action == action
    assert verdict.text == guard().redact(text)


def test_too_large_a_request_is_withheld_without_being_read() -> None:
    text = f"{MAIL} " * 100
    verdict = guard(request_max_bytes=100).check(text, ScanContext())
    assert verdict.action == "block"
    assert verdict.text.startswith(f"<withheld: {len(text):,} characters")
    assert [f.rule_id for f in verdict.findings] == ["size.limit"]


def test_a_finding_holds_no_value() -> None:
    verdict = guard().check(f"{SECRET} and {MAIL}", ScanContext())
    assert {f.category for f in verdict.findings} == {"secret", "pii"}
    for finding in verdict.findings:
        assert SECRET not in repr(finding)
        assert MAIL not in repr(finding)
        assert len(finding.value_hash) == 16
        assert finding.action == "redact"
        assert finding.stage == "guard_in"
    assert SECRET not in repr(verdict)
    assert MAIL not in repr(verdict)
    assert verdict.text == guard().redact(f"{SECRET} and {MAIL}")
    assert 0 < verdict.risk <= 1


def test_the_worst_finding_comes_first_and_gives_the_reason() -> None:
    verdict = guard().check(f"{MAIL}{HIDDEN}", ScanContext())
    assert verdict.findings[0].category == "tags"
    assert verdict.reason.startswith("Blocked: ")
    assert f"(at character {len(MAIL)})" in verdict.reason


def test_of_equal_actions_the_gravest_finding_gives_the_reason() -> None:
    verdict = guard().check(f"{MAIL} {SECRET}", ScanContext())
    assert {finding.action for finding in verdict.findings} == {"redact"}
    assert verdict.reason.startswith("Redacted: ") and verdict.reason.endswith(
        f"(at character {len(MAIL) + 1}), and 1 more."
    )


def test_very_many_findings_are_listed_in_part_and_redacted_whole() -> None:
    text = " ".join(f"p{i}@firma.de" for i in range(FINDINGS_MAX + 50))
    verdict = guard().check(text, ScanContext())
    assert len(verdict.findings) == FINDINGS_MAX
    assert f"{FINDINGS_MAX + 49} more" in verdict.reason
    assert "@" not in verdict.text


class _Crashing:
    name = "crashing"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return True

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        raise RuntimeError("bug")


class _Nonsense(_Crashing):
    name = "nonsense"

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        return [Hit("x", "secret", 5, 5_000, kind="SECRET")]


class _Unknown(_Crashing):
    name = "unknown"

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        return [Hit("x.y", "never-heard-of", 0, 1)]


@pytest.mark.parametrize("scanner", [_Crashing(), _Nonsense()])
def test_a_broken_scanner_is_reported_and_the_others_go_on(scanner: Scanner) -> None:
    verdict = guard([scanner]).check(f"mail {MAIL}", ScanContext())
    assert verdict.incomplete == (scanner.name,)
    assert verdict.action == "redact"
    assert MAIL not in verdict.text
    assert guard([scanner]).check("hello", ScanContext()).reason


def test_where_a_redacting_scanner_breaks_the_text_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestrator_security.secrets.secret_scanner import SecretScanner

    monkeypatch.setattr(SecretScanner, "scan", _Crashing.scan)
    g = guard()
    verdict = g.check(f"use {SECRET}", ScanContext())
    assert verdict.incomplete == ("secrets",)
    assert SECRET not in verdict.text
    assert SECRET not in g.redact(f"use {SECRET}")
    assert SECRET not in str(g.redact_data({"a": [SECRET]}))


def test_an_unknown_category_is_flagged_by_the_default_and_blocked_by_an_empty_table() -> None:
    assert guard([_Unknown()]).check("x", ScanContext()).action == "flag"
    assert Policy(()).action(Hit("x", "anything", 0, 1), ScanContext()) == "block"


def test_the_first_fitting_line_decides() -> None:
    policy = Policy(
        (
            PolicyRule("a", "allow", direction="out"),
            PolicyRule("a", "block", sink="shell", min_severity="high"),
            PolicyRule("a", "redact", trust="untrusted"),
            PolicyRule("*", "flag"),
        )
    )
    hit = Hit("r", "a", 0, 1, severity="high")
    assert policy.action(hit, ScanContext("out")) == "allow"
    assert policy.action(hit, ScanContext("in", sink="shell")) == "block"
    assert policy.action(Hit("r", "a", 0, 1), ScanContext("in", sink="shell")) == "flag"
    assert policy.action(hit, ScanContext("in", trust="untrusted")) == "redact"
    assert policy.action(Hit("r", "b", 0, 1), ScanContext()) == "flag"


def test_switched_off_redaction_only_flags() -> None:
    policy = chosen_policy(SecuritySettings(redact_secrets=False)).policy
    assert policy.action(Hit("s", "secret", 0, 1), ScanContext()) == "flag"


def test_strictest_and_risk() -> None:
    assert strictest([]) == "allow"
    assert strictest(["flag", "block", "redact"]) == "block"
    assert risk([]) == 0
    one, two = Hit("a", "x", 0, 1, severity="high"), Hit("b", "x", 0, 1, severity="critical")
    assert risk([one]) < risk([one, two]) < 1


def test_bytes_are_read_as_text() -> None:
    assert guard().check(f"mail {MAIL}".encode(), ScanContext()).action == "redact"  # type: ignore[arg-type]


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(UsageError, match="hash_key"):
        build_guard(SecuritySettings(), hash_key=b"", clock=SystemClock())


@given(st.text(max_size=200), st.sampled_from(["in", "out", "memory"]))
def test_any_text_has_a_verdict_and_its_text_is_the_redacted_one(text: str, direction: str) -> None:
    verdict = guard().check(text, ScanContext(direction))  # type: ignore[arg-type]
    assert verdict.incomplete == ()
    assert verdict.text == guard().redact(text)
    assert all(0 <= f.start <= f.end <= len(text) for f in verdict.findings)
