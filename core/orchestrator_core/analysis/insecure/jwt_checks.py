"""Tokens that are read without proof of who made them (CWE-347)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, is_constant
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, TYPE
from orchestrator_core.records import Severity

_FIX = 'Verify the signature with a fixed list of algorithms: jwt.decode(token, key, algorithms=["HS256"]).'


def _decoded(site: Site) -> None:
    if is_constant(site.keyword("verify"), False, 0):
        site.found(
            "unverified-token", "A token is read without verifying its signature", "high", 347, _FIX, confidence=0.9
        )
        return
    options = site.argument(4, "options")
    if isinstance(options, ast.Name):
        options = _assigned_dict(site, options)
    if isinstance(options, ast.Dict):
        for key, value in zip(options.keys, options.values, strict=True):
            name = constant_text(key) or ""
            if name in ("verify_signature", "verify_aud_signature") and is_constant(value, False, 0):
                site.found(
                    "unverified-token",
                    "A token is read without verifying its signature",
                    "high",
                    347,
                    _FIX,
                    confidence=0.9,
                )
                return
            if name in ("verify_exp", "require_exp", "verify_aud", "verify_iss") and is_constant(value, False, 0):
                site.found(
                    "unverified-claim",
                    "A token's expiry or audience is not checked",
                    "medium",
                    613,
                    "Leave verify_exp and verify_aud on.",
                )
    elif isinstance(options, ast.Call) and is_constant(
        next((k.value for k in options.keywords if k.arg == "verify_signature"), None), False
    ):
        site.found(
            "unverified-token", "A token is read without verifying its signature", "high", 347, _FIX, confidence=0.9
        )
        return
    algorithms = site.argument(2, "algorithms")
    if _allows_none(algorithms):
        site.found(
            "unverified-token",
            "Tokens without a signature are accepted (algorithm none)",
            "high",
            347,
            _FIX,
            confidence=0.9,
        )
    elif algorithms is None and (site.name.startswith(("jwt.", "jose.jwt.")) or site.name == "jwt.decode"):
        site.found(
            "any-algorithm",
            "The token itself chooses the algorithm of its signature",
            "medium",
            347,
            _FIX,
            confidence=0.6,
        )
    elif (
        isinstance(algorithms, ast.List)
        and len({(constant_text(e) or "")[:2] for e in algorithms.elts} & {"HS", "RS", "ES", "PS"}) > 1
    ):
        if any((constant_text(e) or "").startswith("HS") for e in algorithms.elts):
            message = "A public key may be taken for a shared one: two kinds of algorithms are accepted"
            site.found("any-algorithm", message, "medium", 347, _FIX, confidence=0.7)
    elif isinstance(algorithms, ast.List) and any(
        site.dotted(e).startswith(("header", "jwt.get_unverified_header")) for e in algorithms.elts
    ):
        site.found(
            "any-algorithm",
            "The token itself chooses the algorithm of its signature",
            "high",
            347,
            _FIX,
            confidence=0.8,
        )


def _assigned_dict(site: Site, name: ast.Name) -> ast.Dict | None:
    function = site.where.node
    for inner in ast.walk(function) if function is not None else ():
        if (
            isinstance(inner, ast.Assign)
            and isinstance(inner.value, ast.Dict)
            and any(isinstance(t, ast.Name) and t.id == name.id for t in inner.targets)
        ):
            return inner.value
    return None


def _allows_none(node: ast.AST | None) -> bool:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return any(_allows_none(element) for element in node.elts)
    return (constant_text(node) or "").lower() == "none"


def _encoded(site: Site) -> None:
    algorithm = site.argument(2, "algorithm")
    if algorithm is not None and (_allows_none(algorithm) or is_constant(algorithm, None)):
        site.found("unsigned-token", "A token is made without a signature", "high", 347, _FIX)


def _unverified(site: Site) -> None:
    severity: Severity = "medium" if "claims" in site.last else "low"
    site.found(
        "unverified-token", "A token is read without verifying its signature", severity, 347, _FIX, confidence=0.7
    )


def _settings(site: Site) -> None:
    """SAML answers that nobody signed."""
    value = getattr(site.node, "value", None)
    if not isinstance(value, ast.Dict) or not site.uses("onelogin", "saml2"):
        return
    for inner in ast.walk(value):
        for key, setting in zip(inner.keys, inner.values, strict=True) if isinstance(inner, ast.Dict) else ():
            if is_constant(setting, False) and constant_text(key) in (
                "strict", "wantAssertionsSigned", "wantMessagesSigned", "want_response_signed", "want_assertions_signed"
            ):  # fmt: skip
                site.found(
                    "unverified-token", "SAML answers are accepted without a signature", "high", 347, "Leave strict on."
                )
                return


def _webhook(site: Site) -> None:
    level = site.level(site.argument(0, "values"), TYPE)
    if "Event" in site.name and level >= FROM_OUTSIDE:
        site.found(
            "unverified-token",
            "A webhook's event is believed without its signature",
            "medium",
            347,
            "Use construct_event.",
        )


FAMILY = Family(
    calls={
        **dict.fromkeys(("jwt.decode", "jose.jwt.decode", "jwt.PyJWT().decode", "jose.jws.verify", "jwt.decode_complete",
            "jwt.api_jwt.decode"), _decoded),
        **dict.fromkeys(("jwt.encode", "jose.jwt.encode"), _encoded),
    },
    methods={**dict.fromkeys(("get_unverified_claims", "get_unverified_header"), _unverified), "construct_from": _webhook},
    assignments=(_settings,),
)  # fmt: skip
