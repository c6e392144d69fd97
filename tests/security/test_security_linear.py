"""No text makes a scan slow: the work grows no faster than the text.

Counted in interpreter instructions would be best; a ratio of CPU times of one run, with a wide margin, is what is portable.
"""

from __future__ import annotations

import time

import pytest

from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard
from orchestrator_security.contract import ScanContext

UNITS = [
    "a", "'", "../", "{{", "a@", "a@b.c", "@a.bc", "x@y.de ", "\u200b", "$(", "http://", "://a:b", "://:a@", "eyJ", "-eyJ", "eyJaaaaaaaaa.",
    "password", "password: ", "password=a1b2c3d4 ", "token='", 'secret="', "api_key = ", "token:", "token ", "-----BEGIN",
    "-----BEGIN PRIVATE " + "KEY-----", "-----BEGIN RSA PRIVATE " + "KEY-----\nAAAA", "Bearer ", "sk-", "sk-proj-", "\x1b[", "\x1b[0",
    "\U000e0041", "\ud800", "\u202e", "a\u200bb", "\U0001f3f4\U000e0067", "ghp_", "AKIA", "1:AA", "123456789:A", "\0", "<EMAIL_",
    "<EMAIL_0123456789abcd>", "SG.", "SK", "%40", "%4", "password\\", "AccountKey=", "xoxb-", "pypi-AgE", ".eyJ", "Q~",
    "12.12.12.12 ", "pass=", 'password="\\"a', "token\t", "DE89 ", "call 123 456 ", "glpat-", "=", "\n", " ", "\\",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_ten_times_the_text_takes_no_more_than_a_small_multiple_of_ten_times_the_work(unit: str) -> None:
    guard = build_guard(SecuritySettings(), hash_key=b"k" * 32, clock=SystemClock())

    def cost(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            guard.check(text, ScanContext())
            guard.redact(text)
            best = min(best, time.process_time() - start)
        return best

    cost(100)
    # Quadratic work would be a hundredfold; the constant keeps the clock's resolution out of it.
    assert cost(20_000) <= 40 * cost(2_000) + 0.02
