"""Which file imports which, and the cycles in it: knots of modules that need each other, and the shortest way round each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from orchestrator.agents.workbench.python_sources import PythonSources
from orchestrator_core.analysis.modules import ModuleMap

Graph = Mapping[str, Iterable[str]]


def import_graphs(sources: PythonSources, module_map: ModuleMap) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """File to files: what loading it runs, and everything it ever imports (type checkers' imports included)."""
    eager: dict[str, set[str]] = {path: set() for path in sources.files}
    every: dict[str, set[str]] = {path: set() for path in sources.files}
    for path, source in sources.files.items():
        for found in source.facts.imports:
            targets = module_map.targets(path, found)
            every[path].update(targets)
            if not found.deferred and found.guard != "typing":
                eager[path].update(targets)
    return eager, every


def knots(graph: Graph) -> list[list[str]]:
    """The strongly connected components with more than one node, largest first, each sorted.

    Tarjan (1972), with an explicit stack: a chain of thousands of modules must not meet the recursion limit.
    """
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    open_nodes: list[str] = []
    is_open: set[str] = set()
    found: list[list[str]] = []
    for start in sorted(graph):
        if start in order:
            continue
        work = [(start, iter(sorted(graph[start])))]
        order[start] = low[start] = len(order)
        open_nodes.append(start)
        is_open.add(start)
        while work:
            node, following = work[-1]
            for target in following:
                if target not in graph:
                    continue
                if target not in order:
                    order[target] = low[target] = len(order)
                    open_nodes.append(target)
                    is_open.add(target)
                    work.append((target, iter(sorted(graph[target]))))
                    break
                if target in is_open:
                    low[node] = min(low[node], order[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    cut = open_nodes.index(node)
                    knot = open_nodes[cut:]
                    del open_nodes[cut:]
                    is_open.difference_update(knot)
                    if len(knot) > 1:
                        found.append(sorted(knot))
    return sorted(found, key=lambda knot: (-len(knot), knot))


def shortest_cycle(graph: Graph, knot: Iterable[str], *, most_starts: int = 50) -> list[str]:
    """The shortest way round a knot; the first node is repeated at the end. Tried from at most ``most_starts`` nodes."""
    inside = set(knot)
    best: list[str] = []
    for start in sorted(inside)[:most_starts]:
        came: dict[str, str] = {}
        queue = deque([start])
        while queue:
            node = queue.popleft()
            for target in sorted(graph[node]):
                if target == start:
                    path = [start, node]
                    while path[-1] != start:
                        path.append(came[path[-1]])
                    path.reverse()
                    if not best or len(path) < len(best):
                        best = path
                    queue.clear()
                    break
                if target in inside and target not in came:
                    came[target] = node
                    queue.append(target)
        if len(best) == 3:
            break
    return best
