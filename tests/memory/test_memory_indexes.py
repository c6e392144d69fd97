"""Which index answers makes no difference to what is found: exact, embedded Chroma and a Chroma server through the whole search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chroma_servers import Server

from orchestrator.runtime import Orchestrator
from orchestrator.testing import temporary_orchestrator

PLACES = ("harbour", "library", "bakery", "workshop", "clinic", "garden", "school", "station", "museum", "market")
DEEDS = (
    "bought a second-hand {} from a neighbour", "lost the key of the {}", "repaired the {} with glue", "painted the {} in green",
    "sold the {} for forty", "borrowed a {} until Friday", "photographed an old {}", "forgot the {} on a bench",
)  # fmt: skip
THINGS = (
    "bicycle",
    "violin",
    "ladder",
    "kettle",
    "lamp",
    "suitcase",
    "clock",
    "carpet",
    "canoe",
    "printer",
    "mirror",
    "drill",
)
QUERIES = [f"Who {verb} the {thing}?" for thing in THINGS for verb in ("purchased", "mended", "mislaid")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("store") / "home"
    with temporary_orchestrator(home) as magnus:
        magnus.memory.remember_many(
            {
                "text": f"At the {place} I {deed.format(thing)}.",
                "id": f"{place}-{number}-{thing}",
                "author": ("Ada", "Bo")[number % 2],
                "session": f"{place} {thing}",
            }
            for place in PLACES
            for number, deed in enumerate(DEEDS)
            for thing in THINGS
        )
    return home


def found(home: Path, **settings: Any) -> tuple[str, list[list[str]]]:
    magnus = Orchestrator(home=home, overrides={f"memory.{name}": value for name, value in settings.items()})
    try:
        magnus.memory.upkeep()  # builds a derived index, where there is one
        hits = [[hit.id for hit in magnus.memory.search(query, 10)] for query in QUERIES]
        return magnus.memory.status().index, hits
    finally:
        magnus.close()


def test_the_three_find_the_same(home: Path, server: Server) -> None:
    kind, exact = found(home, index="exact")
    assert kind == "exact"
    for settings in ({"index": "chroma"}, {"chroma_url": server.url}):
        for _ in range(5):  # a server that is late on a busy machine is left for the scan, as it should be
            kind, hits = found(home, **settings)
            if "did not answer" not in kind:
                break
        assert kind == "chroma for default: ok"
        agreed = sum(len(set(one) & set(other)) for one, other in zip(exact, hits, strict=True))
        assert agreed / sum(map(len, exact)) >= 0.98, settings


def test_a_server_that_is_down_leaves_the_scan(home: Path, server: Server) -> None:
    kind, exact = found(home, index="exact")
    kind, hits = found(home, chroma_url="http://127.0.0.1:9")
    assert hits == exact
    assert kind != "chroma for default: ok"
