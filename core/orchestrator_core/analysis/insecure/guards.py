"""Tests that prove a value harmless: membership in a list, a pattern, a check by name, a path inside its base."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.sanitisers import sounds_like_check
from orchestrator_core.analysis.insecure.values import ALL, HOST, LINE, NOSQL, PATH, REGEX, SCHEME, SHELL, TYPE

if TYPE_CHECKING:
    from orchestrator_core.analysis.insecure.evaluating import Evaluating

Checked = tuple[tuple[frozenset[str], tuple[int, ...]], ...]
"""Names of variables, and for what they are harmless from here on."""

_CHARACTER_TESTS = frozenset(
    ("isalnum", "isdigit", "isdecimal", "isnumeric", "isidentifier", "isalpha", "issubset", "isdisjoint")
)
_ADDRESS_TESTS = frozenset(
    ("is_private", "is_loopback", "is_global", "is_link_local", "is_reserved", "is_multicast", "is_unspecified")
)
_GOOD_ADDRESS = frozenset(("is_global",))
_MATCHES = frozenset(("match", "fullmatch", "search"))
_RESOLVES = ("realpath", "abspath", "normpath", "resolve", "absolute", "canonical", "safe_join")
_INSIDE = frozenset(("commonpath", "commonprefix"))
_NO_CHECKS = frozenset(
    (
        "isinstance",
        "hasattr",
        "callable",
        "len",
        "exists",
        "isfile",
        "is_file",
        "isdir",
        "is_dir",
        "getattr",
        "is_absolute",
        "bool",
    )
)
_MAX_TERMS = 30


def narrowed(test: ast.AST, evaluator: Evaluating, depth: int = 0) -> tuple[Checked, Checked]:
    """What is proved where the test holds, and where it does not. ``ok = is_safe(x)`` and later ``if ok`` is a test of ``x``."""
    if depth > _MAX_TERMS:
        return (), ()
    if isinstance(test, ast.Name):
        known = evaluator.variables.get(test.id)
        return narrowed(known.test, evaluator, depth + 1) if known is not None and known.test is not None else ((), ())
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        holds, fails = narrowed(test.operand, evaluator, depth + 1)
        return fails, holds
    if isinstance(test, ast.BoolOp):
        both = [narrowed(part, evaluator, depth + 1) for part in test.values[:_MAX_TERMS]]
        if isinstance(test.op, ast.And):
            return tuple(c for holds, _ in both for c in holds), ()
        return (), tuple(c for _, fails in both for c in fails)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(test.left, test.ops[0], test.comparators[0], evaluator)
    if isinstance(test, ast.Call):
        return _called(test, evaluator)
    if isinstance(test, ast.Attribute) and test.attr in _ADDRESS_TESTS:
        checked: Checked = ((_names(test.value), ALL),)
        return (checked, ()) if test.attr in _GOOD_ADDRESS else ((), checked)
    if isinstance(test, ast.Attribute) and test.attr in ("netloc", "hostname"):
        return (), ((_names(test.value), (HOST, SCHEME)),)
    if isinstance(test, ast.NamedExpr):
        return narrowed(test.value, evaluator, depth + 1)
    return (), ()


def _compared(  # noqa: C901, PLR0912  # one case for each kind of comparison
    left: ast.AST, operator: ast.cmpop, right: ast.AST, evaluator: Evaluating
) -> tuple[Checked, Checked]:
    if isinstance(operator, ast.In | ast.NotIn):
        if isinstance(right, ast.Attribute) and right.attr == "parents":
            return _by(isinstance(operator, ast.In), ((_names(right), (PATH,)),))
        text = constant_text(left)
        if text is not None:  # `".." in name` refuses what holds it
            return _by(isinstance(operator, ast.NotIn), ((_names(right), _refused(text)),))
        purposes = (SCHEME,) if last_name(left) in ("scheme", "url_scheme") else ALL
        if evaluator.value(right).levels[SHELL] >= 3:  # a list that the stranger sends proves nothing
            return (), ()
        return _by(isinstance(operator, ast.In), ((_names(left), purposes),))
    if isinstance(operator, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
        if isinstance(right, ast.Constant) and right.value in (None, "", True, False):
            if isinstance(right.value, bool) or not isinstance(left, ast.Call | ast.Attribute):
                return (), ()
            if last_name(left) in ("netloc", "hostname") or (
                isinstance(left, ast.Call) and last_name(left.func) in _MATCHES
            ):
                names = _names(left)
                # No host at all: the address stays on the same server. No match at all: the pattern refuses it.
                good = (
                    isinstance(operator, ast.Eq | ast.Is)
                    if last_name(left)
                    else isinstance(operator, ast.IsNot | ast.NotEq)
                )
                return _by(good, ((names, ALL if not last_name(left) else (HOST, SCHEME)),))
            return (), ()
        holds = isinstance(operator, ast.Eq | ast.Is)
        if last_name(left) == "scheme":
            return _by(holds, ((_names(left), (SCHEME,)),))
        if isinstance(left, ast.Call) and last_name(left.func) in _INSIDE:
            return _by(holds, ((_names(left), (PATH,)),))
        if isinstance(right, ast.Call) and last_name(right.func) in _INSIDE:
            return _by(holds, ((_names(right), (PATH,)),))
        if last_name(left) in ("parent", "parents") or last_name(right) == "parent":
            return _by(holds, ((_names(left) | _names(right), (PATH,)),))
        if isinstance(left, ast.Call) and last_name(left.func) in ("basename", "normpath", "secure_filename"):
            return _by(holds, ((_names(left), (PATH,)),))
        if isinstance(right, ast.Call) and last_name(right.func) in ("basename", "secure_filename"):
            return _by(holds, ((_names(right) | _names(left), (PATH,)),))
        if isinstance(right, ast.Constant) or max(evaluator.value(right).levels) == 0:
            return _by(holds, ((_names(left), ALL),))
        return (), ()
    if (
        isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
        and isinstance(left, ast.Call)
        and last_name(left.func) == "len"
    ):
        return _by(isinstance(operator, ast.Lt | ast.LtE), ((_names(left), (REGEX,)),))
    return (), ()


def _refused(text: str) -> tuple[int, ...]:
    if text in ("\n", "\r", "\r\n"):
        return (LINE,)
    return (PATH,) if text in ("..", "/", "\\", "../", "\x00") else (SHELL,) if text == ";" else ()


def _by(when_true: bool, checked: Checked) -> tuple[Checked, Checked]:
    return (checked, ()) if when_true else ((), checked)


def _called(call: ast.Call, evaluator: Evaluating) -> tuple[Checked, Checked]:
    name = last_name(call.func)
    if isinstance(call.func, ast.Name):  # `url_has_allowed_host_and_scheme as ok`
        name = evaluator.names.imported.get(name, name).rpartition(".")[2]
    if name == "isinstance" and len(call.args) == 2:
        # A text is no document with operators; a number is harmless altogether.
        kind = last_name(call.args[1])
        checked = ALL if kind in ("int", "float", "bool") else (NOSQL, TYPE) if kind == "str" else ()
        return ((_names(call.args[0]), checked),), ()
    if name in _NO_CHECKS:
        return (), ()
    receiver = _names(call.func.value) if isinstance(call.func, ast.Attribute) else frozenset()
    arguments = frozenset[str]().union(*(_names(a) for a in call.args), *(_names(k.value) for k in call.keywords))
    if name in _CHARACTER_TESTS:
        return ((receiver, ALL),), ()
    if name in _ADDRESS_TESTS:
        return _by(name in _GOOD_ADDRESS, ((receiver | arguments, ALL),))
    if name == "is_relative_to":
        return ((receiver, (PATH,)),), ()
    if name in ("startswith", "endswith"):
        return _prefix(call, name, receiver, evaluator)
    if name in _MATCHES:
        return ((arguments, ALL),), ()
    if name == "isabs":
        return (), ((arguments, ()),)
    if (
        name in ("all", "any")
        or name.startswith(("is_", "has_", "check", "verify", "_is_", "can_", "_check", "_verify", "matches"))
        or sounds_like_check(name)
    ):
        if name in ("all", "any"):
            return ((arguments, ALL),) if name == "all" else (), ()
        bad = any(
            word in name
            for word in (
                "private",
                "internal",
                "local",
                "unsafe",
                "blocked",
                "invalid",
                "malicious",
                "danger",
                "forbid",
            )
        )
        return _by(not bad, ((arguments, ALL),))
    return (), ()


def _prefix(call: ast.Call, name: str, receiver: frozenset[str], evaluator: Evaluating) -> tuple[Checked, Checked]:
    text = constant_text(call.args[0]) if call.args else None
    if name == "endswith":
        return ((receiver, (HOST,)),) if text and text.startswith(".") else (), ()
    if text is None:  # a base folder, or a tuple of accepted beginnings
        beginnings = [constant_text(e) for e in getattr(call.args[0], "elts", ())] if call.args else []
        if "//" in beginnings:
            return (), ((receiver, (HOST, SCHEME)),)
        whole = _is_resolved(call.func, evaluator) and not _may_go_on(call.args[0] if call.args else None, evaluator)
        return ((receiver, (PATH if whole else ~PATH, HOST, SCHEME)),), ()
    if text in ("/", "//", "\\", "~", ".", "-", "http://", "https://", "http"):
        if "http" in text:
            return ((receiver, (SCHEME,)),), ()
        if text == "-":
            return (), ((receiver, ()),)
        if text in ("//", "\\"):
            return (), ((receiver, (HOST, SCHEME)),)
        # `x.startswith("/")` refuses absolute paths; of addresses it accepts `//elsewhere` as well.
        return ((receiver, (~HOST, ~SCHEME)),) if text == "/" else (), ((receiver, (PATH,)),)
    return ((receiver, (PATH, SCHEME, HOST) if "://" not in text or text.count("/") > 2 else (SCHEME,)),), ()


def _is_resolved(func: ast.AST, evaluator: Evaluating) -> bool:
    """Whether ``..`` was worked out of a path before its beginning is looked at."""
    for inner in ast.walk(func):
        if isinstance(inner, ast.Call) and last_name(inner.func) in _RESOLVES:
            return True
        if isinstance(inner, ast.Name):
            known = evaluator.variables.get(inner.id)
            if known is None or known.levels[PATH] < 2:
                return True
            made = [known.made, *(v.made for o in known.origins if (v := evaluator.variables.get(o)) is not None)]
            if any(word in name for name in made for word in _RESOLVES):
                return True
    return False


def _may_go_on(base: ast.AST | None, evaluator: Evaluating) -> bool:
    """Whether a folder that a path must begin with ends without a slash: ``/srv/www`` begins ``/srv/www-private`` as well."""
    head = evaluator.value(base).head if isinstance(base, ast.Name) else ""
    return bool(head) and not head.endswith(("/", "\\"))


def checked_by_statement(call: ast.Call) -> Checked:
    """What a call proves that raises where it does not: ``validate(url)``, ``path.relative_to(base)``, ``ip_address(host)``."""
    name = last_name(call.func)
    arguments = frozenset[str]().union(*(_names(a) for a in call.args), *(_names(k.value) for k in call.keywords))
    if name == "relative_to" and isinstance(call.func, ast.Attribute):
        return ((_names(call.func.value), (PATH,)),)
    if name in ("ip_address", "ip_network", "UUID", "int", "float"):
        return ((arguments, ALL),)
    if name.lstrip("_").startswith(
        ("check", "validate", "verify", "ensure", "assert_", "require", "reject")
    ) or sounds_like_check(name):
        return ((arguments, ALL),)
    return ()


def _names(node: ast.AST) -> frozenset[str]:
    return frozenset(inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
