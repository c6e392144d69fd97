"""What a scan costs: ordinary text by its size, hostile text in every context, redaction, and code. CPU time of this thread.

Hostile strings are 20,000 characters of one piece repeated, and of a few pieces mixed at random. A string counts with its fastest of
some rounds, the table with its slowest string.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import get_args

from measurement import Measurement, median_of

from orchestrator_core.clock import SystemClock
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.building import build_guard
from orchestrator_security.code.scan import scan_code
from orchestrator_security.contract import ScanContext, Sink
from orchestrator_security.guard import SecurityGuard

_LIMITS_MS = {200: 0.3, 2_000: 2.5, 20_000: 20.0}
_HOSTILE_CHARACTERS = 20_000
_HOSTILE_MS = 60
_CODE_MS = 80
_DIRECTIONS = ("in", "out", "memory", "tool")
_TRUSTS = ("user", "untrusted")
_SENTENCES = (
    "The build of branch {n} failed at 10:4{d} with exit code {d}, and nobody has looked at `make test` since.",
    "Could you write a query that joins orders and customers on customer_id and counts them by month {n}?",
    "See https://docs.example.org/setup/{n}.html for the steps; the file /var/log/app-{d}.log says more.",
    "Ada moved the meeting to week {n}; Grace brings the figures of team {d}, 19.9{d} EUR each.",
    "def total(rows: list[int]) -> int: return sum(rows[{d}:{n}])  # raises TypeError for None",
)
_PIECES = (
    " ", "\n", "a", "A", "7", "1234567890", "\u00e9", "\u044f", "\U0001f600", "\u200b", "\u202e", "\u0301", "\x1b[31m", "\x00", "\ud800",
    "'", '"', "`", "\\", "/", "../", "%2e", "%25", "&#x3c;", "<", "</", "<!--", "<script", "<svg/onload=", ">", "javascript:", "data:",
    "=", "(", ")", "[", "]", "{", "}", "{{", "}}", "{%", "${", "$(", "#{", "<%=", ";", "|", "||", "&&", "--", "/*", "*/", "#", "@", "a@",
    "@a.b", "a.", "1.", "1-", "+49 ", "+1 (555) ", "4242 4242 ", "DE89 3704 ", "10.0.0.", "::1", "fe80::", "ghp_", "sk-", "AKIA",
    "-----BEGIN ", "PRIVATE KEY-----", "password=", 'api_key: "', "eyJhbGciOi.", "://u:p@h", "https://a.b/", "SELECT ", "UNION SELECT ",
    "' OR '1'='1", "0x41", "CHAR(", "SLEEP(", "; rm -rf /", "${IFS}", "| sh", "$IFS", "base64 -d", "ignore all previous instructions ",
    "you are now ", "system prompt", "<|im_start|>system", "[INST]", "###", "```", "```python\n", "def f(x):\n", "    ", "x = ",
    "import os\n", "eval(x)\n", "lambda: ", "QUJD", "aWdub3Jl", "i g n o r e ", "1gn0r3 ", ".", "..", ",", "-", "_", "~", "^", "$", "!",
    "?", "\uff41", "\U0001d422", "\r\n", "\u00a0", "C:\\", "/etc/passwd", "<a ", "on", "style=", "url(", "__class__", "self.", "|attr(",
    "tel. ", "card ", "iban ", "born ",
)  # fmt: skip


def run(*, quick: bool) -> list[Measurement]:
    """Scans of a guard with the settings' defaults."""
    guard = build_guard(SecuritySettings(), hash_key=bytes(range(32)), clock=SystemClock())
    for context in _contexts():
        guard.check(_prose(0, 2_000), context)  # patterns are compiled at first use
    rounds = 20 if quick else 100
    return [
        *(_ordinary(guard, size, limit, rounds) for size, limit in _LIMITS_MS.items()),
        _redaction(guard, rounds),
        _deep_value(guard, 3 if quick else 9),
        *_hostile(guard, mixes=4 if quick else 60, every=8 if quick else 1),
        *_code(3 if quick else 9),
    ]


def _cpu_ms(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1e3


def _contexts() -> list[ScanContext]:
    return [ScanContext(d, s, trust=t) for d, s, t in product(_DIRECTIONS, get_args(Sink), _TRUSTS)]  # type: ignore[arg-type]


def _prose(seed: int, size: int) -> str:
    """Text as developers write it; another one for each seed."""
    chance = random.Random(seed)
    parts: list[str] = []
    while sum(map(len, parts)) < size:
        parts.append(chance.choice(_SENTENCES).format(n=chance.randrange(10, 60), d=chance.randrange(1, 10)))
    return " ".join(parts)[:size]


def _ordinary(guard: SecurityGuard, size: int, limit: float, rounds: int) -> Measurement:
    texts = [_prose(seed, size) for seed in range(rounds)]
    times = [_cpu_ms(lambda text=text: guard.check(text, ScanContext())) for text in texts]  # type: ignore[misc]
    return Measurement(f"full scan of {size:,} characters, p50 CPU", median_of(times), limit, "ms", f"{rounds} texts")


def _redaction(guard: SecurityGuard, rounds: int) -> Measurement:
    texts = [_prose(seed, 20_000) for seed in range(rounds)]
    times = [_cpu_ms(lambda text=text: guard.redact(text)) for text in texts]  # type: ignore[misc]
    return Measurement("redaction of 20,000 characters, p50 CPU", median_of(times), _LIMITS_MS[20_000], "ms")


def _deep_value(guard: SecurityGuard, rounds: int) -> Measurement:
    value: object = "innermost"
    for depth in range(1_000):
        value = {"name": f"level {depth}", "inner": [value]}
    times = [_cpu_ms(lambda: guard.redact_data(value)) for _ in range(rounds)]
    return Measurement("redaction of a value 2,000 levels deep, p50 CPU", median_of(times), 100, "ms", "3,001 parts")


def _hostile(guard: SecurityGuard, *, mixes: int, every: int) -> Iterator[Measurement]:
    contexts = _contexts()
    worst, where, redacted = 0.0, "", 0.0
    strings = list(_hostile_strings(mixes))[::every]
    for name, text in strings:
        for context in contexts:
            took = _slow(lambda text=text, context=context: guard.check(text, context), worst)  # type: ignore[misc]
            if took > worst:
                worst, where = took, f"{name} {context.direction} {context.sink} {context.trust}"
        redacted = max(redacted, _slow(lambda text=text: guard.redact(text), redacted))  # type: ignore[misc]
    count = f"of {len(strings)} strings in {len(contexts)} contexts"
    yield Measurement("hostile 20,000 characters, slowest scan CPU", worst, _HOSTILE_MS, "ms", f"{count}: {where}")
    yield Measurement("hostile 20,000 characters, slowest redaction CPU", redacted, _HOSTILE_MS, "ms")


def _slow(work: Callable[[], object], worst: float) -> float:
    """The time of some work: its fastest of five where it would be a new maximum, since anything may interrupt one round."""
    took = _cpu_ms(work)
    return min(took, *(_cpu_ms(work) for _ in range(4))) if took > worst else took


def _hostile_strings(mixes: int) -> Iterator[tuple[str, str]]:
    for piece in _PIECES:
        yield repr(piece), (piece * _HOSTILE_CHARACTERS)[:_HOSTILE_CHARACTERS]
    chance = random.Random(4)
    for _ in range(mixes):
        some = chance.sample(_PIECES, chance.choice((2, 2, 3, 3, 5, 12)))
        text = "".join(some) if chance.random() < 0.5 else "".join(chance.choices(some, k=_HOSTILE_CHARACTERS))
        yield repr(some), (text * (_HOSTILE_CHARACTERS // len(text) + 1))[:_HOSTILE_CHARACTERS]


def _code(rounds: int) -> Iterator[Measurement]:
    for package in ("orchestrator", "core", "memory"):
        source = _thousand_lines(package)
        assert not scan_code(source).error
        times = [_cpu_ms(lambda: scan_code(source)) for _ in range(rounds)]  # noqa: B023 - called at once
        yield Measurement(f"scan of 1,000 lines of code ({package}), p50 CPU", median_of(times), _CODE_MS, "ms")


def _thousand_lines(package: str) -> str:
    """Files of Magnus's own, one after another, filled up to a thousand lines."""
    lines: list[str] = []
    for file in sorted((Path(__file__).parents[1] / package).rglob("*.py")):
        more = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("from __future__")]
        if len(lines) + len(more) <= 1_000:
            lines += more
    return "\n".join([*lines, *["#"] * (1_000 - len(lines))]) + "\n"
