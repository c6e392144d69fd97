"""Secrets that nothing but their names give away, in every shape that Python has for names, are found nowhere in the store."""

from __future__ import annotations

import dataclasses
import json
from collections import UserDict, defaultdict, namedtuple
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
import pytest

from orchestrator import Call
from orchestrator.testing import temporary_orchestrator

PASSWORD = "correct horse battery " + "staple"
QUOTED = "cor\"rect \\horse\n batt'ery stapl" + "é"
TOKEN = "gh" + "p_" + "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX"


@dataclasses.dataclass
class Login:
    user: str
    password: str


@dataclasses.dataclass(slots=True)
class Slotted:
    api_key: str


class Typed(msgspec.Struct):
    password: str


class Wrapped:
    def __init__(self, value: str) -> None:
        self._value = value


class Client:
    def __init__(self, password: str) -> None:
        self.name = "client"
        self.session = Login("ada", password)


Tupled = namedtuple("Tupled", "user password")  # noqa: PYI024 - untyped, as much code has it

SHAPES: dict[str, Any] = {
    "mapping": {"password": PASSWORD},
    "dataclass": Login("ada", PASSWORD),
    "slots": Slotted(PASSWORD),
    "struct": Typed(PASSWORD),
    "namedtuple": Tupled("ada", PASSWORD),
    "wrapper": {"password": Wrapped(PASSWORD)},
    "client": Client(PASSWORD),
    "default": defaultdict(list, {"password": [PASSWORD]}),
    "user dict": UserDict(password=PASSWORD),
    "bytes": {"password": PASSWORD.encode()},
    "wide bytes": {"password": PASSWORD.encode("utf-16")},
}


def left(home: Path, value: str) -> list[str]:
    """The files that hold the value in one of the ways it may be spelled."""
    escaped = (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1])
    spelled = {form.encode() for form in (value, *escaped, quote(value), quote(value, safe=""), quote_plus(value))}
    return [
        file.name for file in home.rglob("*") if file.is_file() and any(form in file.read_bytes() for form in spelled)
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_named_secret_in_a_context_is_known_wherever_it_turns_up(tmp_path: Path, shape: str) -> None:
    def failing(request: str, context: dict[str, Any]) -> str:
        raise ConnectionError(f"login with {PASSWORD} failed")

    with temporary_orchestrator(tmp_path / "home") as magnus:
        magnus.register("failing", failing, idempotent=False)
        result = magnus.execute("failing", "hello", context={"given": SHAPES[shape]})
        assert result.error is not None
        assert result.error.message.startswith("login with <SECRET_")
        assert left(magnus.home, PASSWORD) == []


@pytest.mark.parametrize("shape", SHAPES)
def test_a_named_secret_in_a_reply_is_not_stored(tmp_path: Path, shape: str) -> None:
    with temporary_orchestrator(tmp_path / "home") as magnus:
        magnus.register("telling", lambda request: {"reply": SHAPES[shape]})
        result = magnus.execute("telling", "hello")
        assert result.output["reply"] is SHAPES[shape]
        assert result.recorded
        assert left(magnus.home, PASSWORD) == []


@pytest.mark.parametrize("spell", [str, repr, quote, quote_plus, json.dumps, lambda value: quote(value, safe="")])
def test_a_known_secret_is_found_however_it_is_spelled(tmp_path: Path, spell: Any) -> None:
    def failing(request: str, context: dict[str, Any]) -> str:
        raise ValueError(f"GET /login?x={spell(QUOTED)} failed")

    with temporary_orchestrator(tmp_path / "home") as magnus:
        magnus.register("failing", failing, idempotent=False)
        magnus.execute("failing", "hello", context={"password": QUOTED})
        assert left(magnus.home, QUOTED) == []


def test_bytes_are_read_before_they_are_stored(tmp_path: Path) -> None:
    with temporary_orchestrator(tmp_path / "home") as magnus:
        magnus.register("echo", lambda request: request)
        magnus.register("raw", lambda request: TOKEN.encode())
        magnus.execute("echo", {"a": TOKEN.encode(), "b": [bytearray(TOKEN.encode("utf-16-le"))]})
        magnus.execute("raw", "hello")
        stored = magnus.database.query("SELECT request, output FROM executions ORDER BY id")
        assert stored[0][0].count("<SECRET_") == 2
        assert stored[1][1].startswith("<SECRET_")


def test_a_secret_that_the_size_limit_cuts_in_two_is_not_stored(tmp_path: Path) -> None:
    limit = 2_000
    with temporary_orchestrator(tmp_path / "home", overrides={"call.output_max_bytes": limit}) as magnus:
        magnus.register("long", lambda request: "x" * (limit - 20) + f" {TOKEN} " + "y" * int(request))
        for more in ("0", "10", "20000"):
            magnus.execute("long", more)
        stored = [row[0] for row in magnus.database.query("SELECT output FROM executions")]
        assert all(len(text) <= limit and TOKEN[:8] not in text for text in stored)
        assert left(magnus.home, TOKEN[:12]) == []


def test_a_spans_attribute_under_a_telling_name_is_a_secret(tmp_path: Path) -> None:
    def traced(request: str, call: Call) -> str:
        with call.span("login", password="tr0ub4dor and three"):
            return "done"

    with temporary_orchestrator(tmp_path / "home") as magnus:
        magnus.register("traced", traced)
        result = magnus.execute("traced", "hello")
        from orchestrator_core.storage.trace_blob import unpack

        (blob,) = magnus.database.query("SELECT blob FROM traces")[0]
        (span,) = [span for span in unpack(blob) if span.name == "login"]
        assert span.attributes["password"].startswith("<SECRET_")
        assert result.ok
