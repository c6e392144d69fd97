"""Regular expressions that take exponential time on some text (CWE-1333), and those that a stranger writes (CWE-625)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from orchestrator_core.analysis.insecure.names import constant_text
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, REGEX

_FIX = "Let no two parts of a repetition match the same text; Python 3.11 has possessive repeats: (?:...)++."
_MAX_PATTERN = 2_000
_MANY = 10
"""A repetition that may run at least so often counts as endless."""
_WARNED = ("[[", "--", "&&", "~~", "||")
"""Python warns of these inside a set, and muting a warning for a moment would change other threads' filters."""
_BRANCHES_MAX = 30
_SIZE = 129
_EVERY = (1 << _SIZE) - 1
"""Sets of characters are bits: ASCII, and one bit for all others."""


def _pattern(site: Site) -> None:
    node = site.argument(0, "pattern", "regex")
    text = constant_text(node)
    if text is not None:
        _literal(site, text)
        return
    value = site.value(node)
    if value.head and not any(value.levels):
        _literal(site, value.head)
        return
    level = value.levels[REGEX]
    if level >= FROM_OUTSIDE:
        site.found(
            "chosen-pattern",
            "A regular expression comes from outside and may take for ever",
            "medium",
            1333,
            "Use re.escape, or plain text search.",
            confidence=0.7,
        )
    elif level == HANDED_IN:
        built = not isinstance(node, ast.Name)
        site.found(
            "chosen-pattern",
            "A regular expression is put together from a text that is handed in",
            "medium" if built else "low",
            1333,
            "Use re.escape, or plain text search.",
            confidence=0.4,
        )


def _literal(site: Site, text: str) -> None:
    if len(text) <= _MAX_PATTERN and ("+" in text or "*" in text or "{" in text) and _explodes(text):
        site.found(
            "exploding-pattern",
            "This regular expression takes exponential time on some texts",
            "medium",
            1333,
            _FIX,
            confidence=0.7,
        )


@lru_cache(maxsize=256)
def _explodes(pattern: str) -> bool:
    if any(pair in pattern for pair in _WARNED):
        return False
    try:
        from re import _parser as parser  # type: ignore[attr-defined]  # Python's own, as sre_parse was before 3.11

        return _ambiguous(parser.parse(pattern), 0)
    except Exception:  # noqa: BLE001 - no pattern, or one of another library
        return False


def _ambiguous(tree: Any, depth: int) -> bool:
    if depth > 20:
        return False
    for name, value in _items(tree):
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            _, most, body = value
            if int(most) >= _MANY and _matches_twice(body):
                return True
            if _ambiguous(body, depth + 1):
                return True
        elif name == "SUBPATTERN":
            if _ambiguous(value[-1], depth + 1):
                return True
        elif name == "BRANCH":
            if any(_ambiguous(branch, depth + 1) for branch in value[1]):
                return True
        elif name in ("ASSERT", "ASSERT_NOT") and _ambiguous(value[1], depth + 1):
            return True
    return _long_run(tree)


def _items(tree: Any) -> Iterator[tuple[str, Any]]:
    for operator, value in tree:
        yield str(operator), value


def _flat(tree: Any) -> list[tuple[str, Any]]:
    """The items of a sequence, with groups opened."""
    found: list[tuple[str, Any]] = []
    for name, value in _items(tree):
        if name == "SUBPATTERN":
            found += _flat(value[-1])
        else:
            found.append((name, value))
    return found


def _matches_twice(body: Any) -> bool:
    """Whether a text can be cut into rounds of this body in more than one way.

    So it is where a repetition in the body may give its end to the next round: what follows it can be empty or the next round
    begins with the same characters; and where two branches begin alike.
    """
    items = _flat(body)
    for number, (name, value) in enumerate(items):
        if name == "BRANCH" and (_branches_overlap(value[1]) or sum(not len(branch) for branch in value[1]) > 1):
            return True
        if any(_looks_like(option, (*items[number + 1 :], *items)) for option in _options(name, value)):
            return True
        if name not in ("MAX_REPEAT", "MIN_REPEAT") or int(value[1]) < _MANY:
            continue
        inner = _first(value[2])
        rest, before = items[number + 1 :], items[:number]
        # What must come before the repetition begins again: the rest of this round, then the beginning of the next.
        follow, possible = 0, True
        for item in (*rest, *before):
            if possible:
                follow |= _first([item])
                possible = _empty([item])
        if possible or follow & inner:
            return True
    return False


def _options(name: str, value: Any) -> list[Any]:
    """What may be left out: ``x?``, and the branches beside an empty one."""
    if name in ("MAX_REPEAT", "MIN_REPEAT") and int(value[0]) == 0 and int(value[1]) < _MANY:
        return [value[2]]
    if name == "BRANCH" and any(not len(branch) for branch in value[1]):
        return [branch for branch in value[1] if len(branch)]
    return []


def _looks_like(option: Any, following: tuple[tuple[str, Any], ...]) -> bool:
    """Whether what may be left out matches what comes after it anyway, item by item."""
    items = _flat(option)
    return 0 < len(items) <= len(following) and all(
        _first([one]) & _first([other]) for one, other in zip(items, following, strict=False)
    )


def _branches_overlap(branches: Any) -> bool:
    seen = 0
    for branch in branches:
        first = _first(branch)
        if seen & first:
            return _alike(branches)
        seen |= first
    return False


def _alike(branches: Any) -> bool:
    """Branches that begin alike differ later unless one is the beginning of another or a set of single characters."""
    shapes = [_flat(branch) for branch in branches[:_BRANCHES_MAX]]
    for number, one in enumerate(shapes):
        for other in shapes[number + 1 :]:
            short = min(len(one), len(other))
            if short and all(_first([a]) & _first([b]) for a, b in zip(one[:short], other[:short], strict=True)):
                return True
    return False


def _long_run(tree: Any) -> bool:
    """Three or more endless repetitions in a row over the same characters: cubic time, as in ``.*.*.*=``."""
    run, shared = 0, _EVERY
    for name, value in _flat(tree):
        if name in ("MAX_REPEAT", "MIN_REPEAT") and int(value[1]) >= _MANY * 10 and shared & _first(value[2]):
            shared &= _first(value[2])
            run += 1
            if run >= 3:
                return True
        elif _empty([(name, value)]):
            continue
        else:
            run, shared = 0, _EVERY
    return False


def _empty(items: Any) -> bool:
    """Whether a sequence can match nothing at all."""
    for operator, value in items:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            if int(value[0]) and not _empty(value[2]):
                return False
        elif name == "SUBPATTERN":
            if not _empty(value[-1]):
                return False
        elif name == "BRANCH":
            if not any(_empty(branch) for branch in value[1]):
                return False
        elif name not in ("AT", "ASSERT", "ASSERT_NOT"):
            return False
    return True


def _first(items: Any) -> int:
    """The characters that a sequence may begin with."""
    found = 0
    for operator, value in items:
        name = str(operator)
        found |= _characters(name, value)
        if not _empty([(operator, value)]):
            break
    return found


def _characters(name: str, value: Any) -> int:
    if name == "LITERAL":
        return 1 << min(int(value), 128)
    if name == "NOT_LITERAL":
        return _EVERY & ~(1 << int(value)) if value < 128 else _EVERY
    if name == "ANY":
        return _EVERY & ~(1 << 10)
    if name == "IN":
        return _set(value)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return _first(value[2])
    if name == "SUBPATTERN":
        return _first(value[-1])
    if name == "ATOMIC_GROUP":
        return _first(value)
    if name == "BRANCH":
        found = 0
        for branch in value[1]:
            found |= _first(branch)
        return found
    return 0 if name in ("AT", "ASSERT", "ASSERT_NOT") else _EVERY


@lru_cache(maxsize=8)
def _category(name: str) -> int:
    kind = name.rpartition("_")[2]
    found = 0
    for code in range(128):
        char = chr(code)
        if char.isdigit() if kind == "DIGIT" else char.isspace() if kind == "SPACE" else char.isalnum() or char == "_":
            found |= 1 << code
    found |= 1 << 128 if name.endswith("WORD") else 0
    return _EVERY & ~found | (1 << 128) if "NOT" in name else found


def _set(items: Any) -> int:
    found, negated = 0, False
    for operator, value in items:
        name = str(operator)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            found |= 1 << min(value, 128)
        elif name == "RANGE":
            low, high = min(value[0], 128), min(value[1], 128)
            found |= ((1 << (high + 1)) - 1) & ~((1 << low) - 1)
        elif name == "CATEGORY":
            found |= _category(str(value))
        else:
            return _EVERY
    return _EVERY & ~found | (1 << 128) if negated else found


FAMILY = Family(
    calls={f"{library}.{name}": _pattern for library in ("re", "regex") for name in ("compile", "match", "search", "fullmatch", "sub",
        "subn", "split", "findall", "finditer")},
    methods={"RegexValidator": _pattern, "Regexp": _pattern, "re_path": _pattern},
)  # fmt: skip
