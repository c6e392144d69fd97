"""What browsers are told: policies that allow everything, frames, caches, sockets for every origin (CWE-524, 693, 1021, 1385)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site

_CSP = "Name the sources: default-src 'self'."
_ORIGIN = "Compare the origin with a list of your own sites."
_PRIVATE = ("account", "profile", "balance", "invoice", "statement", "medical", "user", "session", "token", "payment", "dashboard", "me",
    "settings", "order", "personal", "private")  # fmt: skip


def _talisman(site: Site) -> None:
    if is_constant(site.keyword("force_https"), False) or is_constant(site.keyword("strict_transport_security"), False):
        site.found("insecure-setting", "Pages are served unencrypted", "medium", 319, "Leave force_https on.")
    policy = site.keyword("content_security_policy")
    if policy is not None and (is_constant(policy, None, False) or _allows_all(policy)):
        site.found("no-content-policy", "The page may load and run anything", "medium", 693, _CSP)
    if is_constant(site.keyword("frame_options"), None, "ALLOWALL"):
        site.found("framed", "Other sites may show this page in a frame", "medium", 1021, "Send DENY or SAMEORIGIN.")


def _allows_all(node: ast.AST) -> bool:
    return any(
        isinstance(i, ast.Constant) and isinstance(i.value, str) and ("'unsafe-eval'" in i.value or i.value.strip() == "*" or
            "default-src *" in i.value or "script-src *" in i.value or ("'unsafe-inline'" in i.value and "style" not in i.value))
        for i in ast.walk(node)
    )  # fmt: skip


def _assigned(site: Site) -> None:
    node = site.node
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        name = constant_text(target.slice) if isinstance(target, ast.Subscript) else last_name(target)
        _header(site, (name or "").lower(), node.value, isinstance(target, ast.Subscript))


def _set(site: Site) -> None:
    if len(site.call.args) >= 2 and (name := constant_text(site.call.args[0])):
        _header(site, name.lower(), site.call.args[1], True)


def _header(site: Site, name: str, value: ast.AST, is_key: bool) -> None:
    text = (constant_text(value) or "").lower()
    if name in (
        "content-security-policy",
        "csp_default_src",
        "csp_script_src",
        "content_security_policy",
    ) and _allows_all(value):
        site.found("no-content-policy", "The page may load and run anything", "medium", 693, _CSP)
    elif (is_key and name == "x-frame-options" and text.startswith("allow")) or (
        name == "x_frame_options" and text.startswith("allow")
    ):
        site.found("framed", "Other sites may show this page in a frame", "medium", 1021, "Send DENY or SAMEORIGIN.")
    elif name == "secure_hsts_seconds" and is_constant(value, 0):
        site.found(
            "insecure-setting",
            "Browsers may come back unencrypted",
            "medium",
            319,
            "Give a year, once https works everywhere.",
        )
    elif is_key and name == "strict-transport-security" and "max-age=0" in text.replace(" ", ""):
        site.found("insecure-setting", "Browsers may come back unencrypted", "medium", 319, "Give max-age=31536000.")
    elif (
        is_key
        and name == "cache-control"
        and "public" in text
        and set(site.where.name.lower().split("_")) & set(_PRIVATE)
    ):
        site.found(
            "cached-secret",
            "A personal page may be kept by caches on the way",
            "medium",
            524,
            "Send no-store.",
            confidence=0.5,
        )


def _headers(site: Site) -> None:
    """``headers={...}`` of an answer."""
    if not site.call.keywords:
        return
    headers = site.keyword("headers")
    if not isinstance(headers, ast.Dict) or site.last in (
        "get",
        "post",
        "put",
        "request",
        "patch",
        "delete",
        "Request",
    ):
        return
    for key, value in zip(headers.keys, headers.values, strict=True):
        name = (constant_text(key) or "").lower()
        if name == "access-control-allow-origin" and constant_text(value) == "*":
            site.found("any-origin", "Any site may read the answers", "medium", 942, "Name the origins that may ask.")
        else:
            _header(site, name, value, True)


def _exempt(site: Site) -> None:
    for decorator in getattr(site.node, "decorator_list", ()):
        if last_name(decorator) == "xframe_options_exempt":
            site.found(
                "framed",
                "Other sites may show this page in a frame",
                "medium",
                1021,
                "Remove xframe_options_exempt.",
                at=decorator,
            )
    node = site.node
    if isinstance(node, ast.FunctionDef) and node.name == "check_origin" and site.where.in_class:
        last = node.body[-1]
        if len(node.body) <= 2 and isinstance(last, ast.Return) and is_constant(last.value, True):
            site.found(
                "any-origin", "Any site may open this socket in a visitor's name", "medium", 1385, _ORIGIN, at=last
            )
    _accepted(site)


def _accepted(site: Site) -> None:
    """A socket's view that takes in everybody: nothing in it looks at the origin, a token or the session."""
    node = site.node
    if not isinstance(node, ast.AsyncFunctionDef) or not any(
        isinstance(d, ast.Call) and last_name(d.func) == "websocket" for d in node.decorator_list
    ):
        return
    words = {
        n.lower() for i in ast.walk(node) if (n := last_name(i) or constant_text(i) or getattr(i, "arg", None) or "")
    }
    if not any(
        w in word
        for word in words
        for w in ("origin", "token", "session", "user", "auth", "depends", "cookie", "verify")
    ):
        site.found(
            "any-origin", "Any site may open this socket in a visitor's name", "low", 1385, _ORIGIN, confidence=0.4
        )


def _sockets(site: Site) -> None:
    origins = site.keyword("cors_allowed_origins")
    if constant_text(origins) == "*" or (
        isinstance(origins, ast.List) and any(constant_text(e) == "*" for e in origins.elts)
    ):
        site.found("any-origin", "Any site may open this socket in a visitor's name", "medium", 1385, _ORIGIN)


def _served(site: Site) -> None:
    if site.keyword("origins") is None or is_constant(site.keyword("origins"), None):
        site.found(
            "any-origin", "Any site may open this socket in a visitor's name", "low", 1385, _ORIGIN, confidence=0.4
        )


FAMILY = Family(
    calls=dict.fromkeys(("websockets.serve", "websockets.asyncio.server.serve", "websockets.server.serve"), _served),
    methods={
        "Talisman": _talisman,
        **dict.fromkeys(("SocketIO", "AsyncServer", "Server", "init_app"), _sockets),
        **dict.fromkeys(("set_header", "setdefault", "add_header", "send_header"), _set),
    },
    every_call=(_headers,),
    assignments=(_assigned,),
    functions=(_exempt,),
)
