"""The rules of all families in one table each, by what they look at."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator_core.analysis.insecure.site import Check, Family


class Rules:
    """Made once; holds no state of any text."""

    def __init__(self, families: Iterable[Family]) -> None:
        self.calls: dict[str, tuple[Check, ...]] = {}
        self.methods: dict[str, tuple[Check, ...]] = {}
        families = tuple(families)
        for family in families:
            for table, own in ((self.calls, family.calls), (self.methods, family.methods)):
                for name, check in own.items():
                    table[name] = (*table.get(name, ()), check)
        self.every_call = tuple(c for f in families for c in f.every_call)
        self.assignments = tuple(c for f in families for c in f.assignments)
        self.returns = tuple(c for f in families for c in f.returns)
        self.functions = tuple(c for f in families for c in f.functions)
        self.handlers = tuple(c for f in families for c in f.handlers)
        self.texts = tuple(c for f in families for c in f.texts)
        self.alone = tuple(c for f in families for c in f.alone)
        self.asserts = tuple(c for f in families for c in f.asserts)
        self.comparisons = tuple(c for f in families for c in f.comparisons)
        self.loops = tuple(c for f in families for c in f.loops)
        self.classes = tuple(c for f in families for c in f.classes)
        self.changes = tuple(c for f in families for c in f.changes)
        self.mappings = tuple(c for f in families for c in f.mappings)
