"""What the public face hands on for streams with planted words."""

from __future__ import annotations

import pytest

from orchestrator import UsageError
from orchestrator.security import CanaryWatch, Leak, new_canary
from orchestrator_security.injection import canary


def test_the_face_hands_on_the_watch_with_what_it_takes_and_gives() -> None:
    assert (CanaryWatch, Leak, new_canary) == (canary.CanaryWatch, canary.Leak, canary.new_canary)
    marks = [new_canary(), new_canary()]
    watch = CanaryWatch(marks)
    assert watch.feed(f"nothing yet {marks[1][:9]}") is None
    assert watch.feed(marks[1][9:]) == Leak(1, "plain")


def test_a_word_that_is_found_by_chance_is_refused() -> None:
    with pytest.raises(UsageError, match="found by chance"):
        CanaryWatch(["short"])
