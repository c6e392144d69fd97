"""Those of bandit's checks that take the square of a text's length, rewritten to say the same in a time that grows with the length.

They follow bandit 1.9: ``injection_sql`` (B608), ``general_hardcoded_password`` (B105) and ``trojansource`` (B613).
"""
# ruff: noqa: SLF001 - what bandit's checks read has private names.

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from typing import Any

from orchestrator_core.analysis.lazy_patterns import compiled

Check = Callable[..., Any]

CHAIN_STEPS_MAX = 20_000
"""Each string in a sum of strings is read together with all the others; after so many readings SQL is no longer looked for."""
_SQL = (
    # The verb, and what must follow it anywhere (``injection_sql.SIMPLE_SQL_RE``).
    (r"select\s", r"from\s"), (r"delete\s++from\s", ""), (r"insert\s++into\s", r"values[\s(]"), (r"update\s", r"set\s"),
)  # fmt: skip
_ANY_VERB = r"select|delete|insert|update"
_DIRECTION_MARKS = (b"\xe2\x80", b"\xe2\x81")
"""How all the characters that B613 looks for begin in UTF-8."""


_pattern = partial(compiled, flags=re.IGNORECASE)


def adapted(checks: Mapping[str, Sequence[Check]]) -> dict[str, tuple[Check, ...]]:
    """bandit's checks by kind of node, with the slow ones replaced."""
    own: dict[str, Callable[[Check], Check]] = {"B608": lambda _: _sql, "B105": _password, "B613": _trojan_source}
    return {
        kind: tuple(own.get(getattr(check, "_test_id", ""), _unchanged)(check) for check in some)
        for kind, some in checks.items()
    }


def reads_as_sql(statement: str) -> bool:
    """Whether a text holds a verb of SQL and, after it, the word that goes with it."""
    for verb, follows in _SQL:
        began = _pattern(verb).search(statement)
        if began is not None and (not follows or _pattern(follows).search(statement, began.end()) is not None):
            return True
    return False


def _unchanged(check: Check) -> Check:
    return check


def _sql(context: Any) -> Any:
    """B608: SQL put together from strings."""
    import bandit  # type: ignore[import-untyped]
    from bandit.core import issue, utils  # type: ignore[import-untyped]

    node = context.node
    parent = node._bandit_parent
    above = getattr(parent, "_bandit_parent", None)
    remembered: Remembered = context._context["remembered"]
    wrapper: Any = None
    statement, replaces = "", False
    if isinstance(parent, ast.BinOp):
        if not remembered.may_be_sql(parent):
            return None
        wrapper, statement = utils.concat_string(node, parent)
        wrapper = wrapper._bandit_parent
    elif isinstance(parent, ast.Attribute) and parent.attr in ("format", "replace"):
        statement, replaces = node.value, parent.attr == "replace"
        wrapper = getattr(above, "_bandit_parent", None)
    elif isinstance(parent, ast.JoinedStr) and remembered.is_first(node, parent):
        statement = "".join(str(part.value) for part in parent.values if isinstance(part, ast.Constant))
        wrapper = above
    if not statement or not reads_as_sql(statement):
        return None
    runs = isinstance(wrapper, ast.Call) and utils.get_called_name(wrapper) in ("execute", "executemany")
    return bandit.Issue(
        severity=bandit.MEDIUM,
        confidence=bandit.MEDIUM if runs and not replaces else bandit.LOW,
        cwe=issue.Cwe.SQL_INJECTION,
        text="Possible SQL injection vector through string-based query construction.",
        test_id="B608",
    )


class Remembered:
    """What the checks of one text know of it already: sums of strings, first strings of formatted ones, places of keys."""

    def __init__(self) -> None:
        self.stopped = False
        """Whether the text holds so long sums of strings that not all of them were looked at."""
        self._sums: dict[ast.AST, tuple[int, bool]] = {}
        self._firsts: dict[ast.AST, ast.AST | None] = {}
        self._keys: dict[ast.AST, dict[int, int]] = {}
        self._steps = 0

    def may_be_sql(self, node: Any) -> bool:
        """Whether the sum that a node belongs to holds a verb of SQL, and may still be read."""
        path = [node]
        while path[-1] not in self._sums and isinstance(path[-1]._bandit_parent, ast.BinOp):
            path.append(path[-1]._bandit_parent)
        known = self._sums.get(path[-1]) or _parts_and_verb(path[-1])
        self._sums.update(dict.fromkeys(path, known))
        parts, verb = known
        if not verb or self.stopped:
            return False
        self._steps += parts
        self.stopped = self._steps > CHAIN_STEPS_MAX
        return not self.stopped

    def is_first(self, node: ast.AST, formatted: ast.JoinedStr) -> bool:
        """Whether a string is the first one in a formatted one."""
        if formatted not in self._firsts:
            self._firsts[formatted] = next((part for part in formatted.values if isinstance(part, ast.Constant)), None)
        return self._firsts[formatted] is node

    def place(self, node: ast.AST, mapping: ast.Dict) -> int | None:
        """Where among a mapping's keys a node stands; None for a value."""
        if mapping not in self._keys:
            self._keys[mapping] = {id(key): place for place, key in enumerate(mapping.keys)}
        return self._keys[mapping].get(id(node))


def _parts_and_verb(whole: ast.AST) -> tuple[int, bool]:
    """How many parts a sum has, and whether one of its strings holds a verb of SQL."""
    count, verb = 0, False
    waiting = [whole]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.BinOp):
            waiting += (part.left, part.right)
            continue
        count += 1
        if not verb and isinstance(part, ast.Constant) and isinstance(part.value, str):
            verb = _pattern(_ANY_VERB).search(part.value) is not None
    return count, verb


def _password(check: Check) -> Check:
    """B105, a password in the text: among the keys of a mapping, bandit searches for each string from the start."""

    @wraps(check)
    def password(context: Any) -> Any:
        node = context.node
        parent = node._bandit_parent
        if not isinstance(parent, ast.Dict):
            return check(context)
        place = context._context["remembered"].place(node, parent)
        if place is None:
            return None
        from bandit.plugins import general_hardcoded_password as bandits  # type: ignore[import-untyped]

        value = parent.values[place]
        if isinstance(value, ast.Constant) and bandits.RE_CANDIDATES.search(node.value):
            return bandits._report(value.value)
        return None

    return password


def _trojan_source(check: Check) -> Check:
    """B613, characters that change the direction of writing: bandit searches each line for each of them."""

    @wraps(check)
    def trojan_source(context: Any) -> Any:
        data = context.file_data.getvalue()
        return check(context) if any(mark in data for mark in _DIRECTION_MARKS) else None

    return trojan_source
