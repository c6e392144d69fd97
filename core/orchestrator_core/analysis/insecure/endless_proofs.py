"""Proofs that hold for ever, or that nobody asks for: ages of tokens, signatures of hooks, empty passwords (CWE-287, 345, 613)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.handlers import is_routed
from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import HANDED_IN, SHELL

_AGE = "Give max_age in seconds."
_HOOK = "Compute the sender's signature over the raw body with hmac and compare it with compare_digest first."
_EMPTY = "Refuse an empty password before binding: a directory takes it for a visitor without a name, and says yes."
_TIMED = ("URLSafeTimedSerializer()", "TimedSerializer()", "TimestampSigner()")
_SIGNED = ("sign", "hmac", "digest", "verify", "construct_event", "secret", "token", "auth", "x-hub", "x_hub", "valid")


def _aged(site: Site) -> None:
    made = site.dotted(site.call.func)
    if not made.rpartition(".")[0].endswith(_TIMED):
        return
    places = 1 if made.rpartition(".")[2] in ("loads", "unsign") else 0
    given = site.argument(places, "max_age")
    if given is None or (isinstance(given, ast.Constant) and given.value is None):
        if any(k.arg is None for k in site.call.keywords):
            return
        site.found("endless-token", "A token is accepted whatever its age", "medium", 613, _AGE, confidence=0.7)


def _signed_by_django(site: Site) -> None:
    if site.keyword("max_age") is None:
        site.found(
            "endless-token", "What was signed once is accepted whatever its age", "low", 613, _AGE, confidence=0.4
        )


def _hook(site: Site) -> None:
    """A view for another service's messages that never looks at who sent them."""
    node = site.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    paths = " ".join(
        (constant_text(d.args[0]) or "") for d in node.decorator_list if isinstance(d, ast.Call) and d.args
    )
    if not any(
        word in f"{node.name} {paths}".lower()
        for word in ("webhook", "web_hook", "_hook", "hook_", "/hook", "ipn", "notify_url")
    ):
        return
    names = {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
    if not (is_routed(node, site.where.in_class) or names & {"request", "req", "event", "payload"}):
        return
    body = [n for s in node.body for n in ast.walk(s)]
    read = any(
        isinstance(n, ast.Attribute) and n.attr in ("get_json", "json", "body", "data", "get_data", "form")
        for n in body
    )
    words = " ".join((last_name(n) or constant_text(n) or "").lower() for n in body)
    if read and not any(word in words for word in _SIGNED):
        site.found(
            "unsigned-hook",
            "A message of another service is believed without its signature",
            "low",
            345,
            _HOOK,
            confidence=0.5,
        )


def _bound(site: Site) -> None:
    """``conn.simple_bind_s(dn, password)`` where nobody looks whether there is a password."""
    password = site.argument(1, "cred", "password")
    if not isinstance(password, ast.Name) or site.level(password, SHELL) < HANDED_IN or not site.uses("ldap"):
        return
    if not site.may_look("empty-password"):
        return
    scope = site.where.node
    for inner in ast.walk(scope) if scope is not None else ():
        test = getattr(inner, "test", inner if isinstance(inner, ast.BoolOp) else None)
        if test is not None and any(isinstance(n, ast.Name) and n.id == password.id for n in ast.walk(test)):
            return
    site.found(
        "empty-password", "A password that may be empty is enough for the directory", "low", 287, _EMPTY, confidence=0.5
    )


_PROOFS = frozenset((
    "sig", "signature", "token", "password", "passwd", "pw", "mac", "hmac", "credential", "credentials", "cert", "certificate", "x509",
    "digest", "otp", "code",
))  # fmt: skip


def _always(site: Site) -> None:
    """``def verify(token, sig): return True``."""
    node = site.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not isinstance(node.body[-1], ast.Return):
        return
    rest = [s for s in node.body[:-1] if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if rest or not is_constant(node.body[-1].value, True):
        return
    name = node.name.lower().lstrip("_")
    names = {a.arg.lower() for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    if name.startswith(("verify", "check", "auth", "is_valid", "validate", "login", "compare")) and names & _PROOFS:
        message = "A check says yes whatever it is given"
        site.found(
            "empty-check",
            message,
            "medium",
            287,
            "Say no where the proof is wrong.",
            confidence=0.6,
            at=node.body[-1],
        )


FAMILY = Family(
    calls={"django.core.signing.loads": _signed_by_django},
    methods={
        **dict.fromkeys(("loads", "unsign"), _aged),
        **dict.fromkeys(("simple_bind_s", "bind_s", "simple_bind"), _bound),
    },
    functions=(_hook, _always),
)
