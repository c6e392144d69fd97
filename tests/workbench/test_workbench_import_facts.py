from __future__ import annotations

import ast
import itertools
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.workbench.structure.import_graph import knots, shortest_cycle
from orchestrator_core.analysis.imports import module_facts
from orchestrator_core.analysis.modules import map_modules


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.frozensets(st.sampled_from("abcdefgh"), max_size=4), min_size=1))
def test_knots_are_exactly_the_nodes_that_reach_each_other(graph: dict[str, frozenset[str]]) -> None:
    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for target in graph.get(todo.pop(), ()):
                if target in graph and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return seen

    reached = {node: reach(node) for node in graph}
    wanted = {frozenset(m for m in graph if m == n or (m in reached[n] and n in reached[m])) for n in graph}
    assert {frozenset(knot) for knot in knots(graph)} == {group for group in wanted if len(group) > 1}
    for knot in knots(graph):
        way = shortest_cycle(graph, knot)
        assert way[0] == way[-1]
        assert len(way) >= 2
        assert all(after in graph[before] for before, after in itertools.pairwise(way))


def test_a_chain_longer_than_the_recursion_limit() -> None:
    length = sys.getrecursionlimit() * 3
    graph = {str(n): [str((n + 1) % length)] for n in range(length)}
    assert len(knots(graph)[0]) == length


@pytest.mark.parametrize(
    ("source", "deferred", "guard"),
    [
        ("import x", False, ""),
        ("def f():\n    import x", True, ""),
        ("if DEBUG:\n    import x", True, ""),
        ("try:\n    import x\nexcept ImportError:\n    x = None", False, "optional"),
        ("try:\n    import y\nexcept ModuleNotFoundError:\n    import x", False, "optional"),
        ("try:\n    import x\nexcept (ValueError, ImportError):\n    pass", False, "optional"),
        ("try:\n    import x\nexcept ValueError:\n    pass", False, ""),
        ("try:\n    pass\nexcept ImportError:\n    pass\nfinally:\n    import x", False, ""),
        ("with contextlib.suppress(ImportError):\n    import x", False, "optional"),
        ("with open('f'):\n    import x", False, ""),
        ("if TYPE_CHECKING:\n    import x", True, "typing"),
        ("if typing.TYPE_CHECKING:\n    import x", True, "typing"),
        ("if not TYPE_CHECKING:\n    import y\nelse:\n    import x", True, "typing"),
        ("if sys.version_info < (3, 12):\n    import x", True, "optional"),
        ("if os.name == 'nt':\n    import x", True, "optional"),
        ("importlib.import_module('x')", True, "optional"),
        ("pytest.importorskip('x')", True, "optional"),
    ],
)
def test_when_an_import_runs_and_what_guards_it(source: str, deferred: bool, guard: str) -> None:
    (found,) = [item for item in module_facts(ast.parse(source)).imports if item.module == "x"]
    assert (found.deferred, found.guard) == (deferred, guard)


def test_thousands_of_elifs_are_no_problem() -> None:
    source = "if a:\n    pass\n" + "elif b:\n    import x\n" * 500
    assert len(module_facts(ast.parse(source)).imports) == 500


def test_namespace_packages_need_no_init_file() -> None:
    modules = map_modules(["src/company/shop/__init__.py", "src/company/shop/cart.py", "main.py"], ["pyproject.toml"])
    assert modules.resolve("main.py", "company.shop.cart") == "src/company/shop/cart.py"
    assert modules.name("src/company/shop/cart.py") in {"company.shop.cart", "shop.cart"}
