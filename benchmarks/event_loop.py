"""Twelve calls of a 100 ms agent on one event loop."""

from __future__ import annotations

import asyncio
import tempfile
import time

from measurement import Measurement, median_of

from orchestrator import Orchestrator


def run(*, quick: bool) -> list[Measurement]:
    """Wall time until the last of twelve concurrent calls has returned; functions and coroutines."""
    with tempfile.TemporaryDirectory() as folder:
        magnus = Orchestrator(home=folder, overrides={"dashboards.auto": False, "evaluation.judge": "rules"})

        def function(request: str) -> str:
            time.sleep(0.1)
            return request

        async def coroutine(request: str) -> str:
            await asyncio.sleep(0.1)
            return request

        magnus.register("function", function)
        magnus.register("coroutine", coroutine)

        async def twelve(name: str) -> float:
            began = time.perf_counter()
            results = await asyncio.gather(*(magnus.aexecute(name, f"request {i}") for i in range(12)))
            assert all(result.ok and result.recorded for result in results)
            return time.perf_counter() - began

        async def main(name: str) -> float:
            await twelve(name)
            return median_of([await twelve(name) for _ in range(3 if quick else 9)])

        measured = [
            Measurement(f"12 calls of a 100 ms {name}", asyncio.run(main(name)) * 1e3, 130, "ms", "median, wall")
            for name in ("function", "coroutine")
        ]
        magnus.close()
    return measured
