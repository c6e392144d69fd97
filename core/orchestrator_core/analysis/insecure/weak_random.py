"""Numbers that can be guessed where a secret is needed (CWE-330, CWE-338)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import last_name
from orchestrator_core.analysis.insecure.site import Family, Site

_WORDS = ("token", "password", "passwd", "secret", "otp", "pin", "nonce", "salt", "session", "csrf", "api_key", "apikey", "key",
    "reset", "verification",
          "captcha", "auth", "iv", "code", "credential", "challenge", "invite", "voucher", "coupon", "sid", "passphrase", "cookie",
              "ticket", "uid", "gen_id", "state")  # fmt: skip
_NOT = ("keyboard", "monkey", "key_func", "pinned", "ping", "spin", "encode", "decode", "opinion", "keyword", "codec", "mapping",
    "shipping", "typing", "tokenize",
        "state_dict", "random_state", "statement", "stateful", "private", "give", "drive", "five", "receive", "native", "live",
            "active", "archive")  # fmt: skip
_FIX = "Use the secrets module: secrets.token_urlsafe(32), secrets.choice, secrets.randbelow."


def _drawn(site: Site) -> None:
    if "SystemRandom" in site.name:
        return
    names = [site.where.name, *_targets(site)]
    if any(_is_secret(name) for name in names):
        site.found(
            "guessable-secret",
            "A secret is made with a generator whose output can be predicted",
            "medium",
            330,
            _FIX,
            confidence=0.8,
        )


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    if any(word in lowered for word in _NOT):
        return False
    parts = set(lowered.replace("-", "_").split("_"))
    return any(
        (word in parts)
        or (len(word) > 5 and word in lowered)
        or (len(word) > 3 and any(p.startswith(word) or p.endswith(word) for p in parts))
        for word in _WORDS
    )


def _targets(site: Site) -> list[str]:
    """Where the number goes: the variable on the left, as far as the function's own statements tell."""
    scope = site.where.node or site.evaluator.module
    line = site.node.lineno  # type: ignore[attr-defined]
    found = []
    for statement in getattr(scope, "body", ()) if not isinstance(scope, ast.Lambda) else ():
        if not statement.lineno <= line <= (statement.end_lineno or 0):
            continue
        for inner in ast.walk(statement):
            if isinstance(inner, ast.Assign) and inner.lineno <= line <= (inner.end_lineno or 0):
                for target in inner.targets:
                    key = (
                        target.slice.value
                        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant)
                        else ""
                    )
                    found.append(str(key) or last_name(target))
            elif (
                isinstance(inner, ast.keyword)
                and inner.arg
                and inner.value.lineno <= line <= (inner.value.end_lineno or 0)
            ):
                found.append(inner.arg)
    if site.last == "shuffle" and site.call.args:
        found.append(last_name(site.call.args[0]))
    for inner in ast.walk(scope) if scope is not None and not isinstance(scope, ast.Lambda | ast.Module) else ():
        if (
            isinstance(inner, ast.Assign)
            and inner.lineno > line
            and any(isinstance(i, ast.Name) and i.id in found for i in ast.walk(inner.value))
        ):
            found += [last_name(target) for target in inner.targets]
    return found


def _seeded(site: Site) -> None:
    """Salts, session ids from the clock or the process."""
    from_clock = any(
        isinstance(inner, ast.Call) and site.dotted(inner.func) in ("time.time", "os.getpid", "datetime.datetime.now")
        for argument in site.call.args
        for inner in ast.walk(argument)
    )
    if from_clock and any(_is_secret(name) for name in (site.where.name, *_targets(site))):
        message = "A secret is made from the time, which can be guessed"
        site.found("guessable-secret", message, "medium", 337, _FIX, confidence=0.7)


def _uuid1(site: Site) -> None:
    if any(_is_secret(name) for name in (site.where.name, *_targets(site))):
        site.found(
            "guessable-secret",
            "uuid1 tells the time and the machine; it is no secret",
            "medium",
            330,
            "Use secrets.token_urlsafe(32) or uuid4.",
        )


FAMILY = Family(
    calls={
        **{f"random.{name}": _drawn for name in ("random", "randint", "choice", "choices", "sample", "randrange", "getrandbits",
            "shuffle", "uniform", "randbytes")},
        **{f"random.Random().{name}": _drawn for name in ("random", "randint", "choice", "choices", "sample", "randrange",
            "getrandbits", "randbytes")},
        **{f"numpy.random.{name}": _drawn for name in ("randint", "choice", "rand", "random", "bytes")},
        "random.seed": _seeded, "random.Random": _seeded, "hashlib.md5": _seeded, "hashlib.sha256": _seeded, "hashlib.sha1": _seeded,
        "uuid.uuid1": _uuid1,
    },
)  # fmt: skip
