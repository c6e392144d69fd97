"""What a visitor says of himself, believed: cookies and headers that decide, links made with his Host (CWE-290, 565, 640)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.definitions import defined
from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, TYPE

_RIGHTS = (
    "admin",
    "role",
    "auth",
    "user",
    "permission",
    "group",
    "privilege",
    "logged",
    "staff",
    "level",
    "superuser",
    "access",
    "is_",
)
_SPOOFED = ("x-forwarded-for", "x-real-ip", "client-ip", "referer", "referrer", "x-forwarded-host", "x-user", "x-role", "x-admin",
    "x-user-id", "x-authenticated", "x-remote-user", "x-internal", "x-original-url", "remote-user", "http_x_forwarded_for")  # fmt: skip
_LINKS = ("http://", "https://")


def _compared(site: Site) -> None:
    node = site.node
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return
    for side, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
        source, key = _asked_for(site, side)
        if not source or (is_constant(other, None) and isinstance(node.ops[0], ast.Is | ast.IsNot)):
            continue
        _claim(site, source, key)
        return


def _claim(site: Site, source: str, key: str) -> None:
    if source == "cookie" and any(word in key for word in _RIGHTS):
        site.found(
            "believed-claim", "A cookie, which the visitor writes, decides what is allowed", "medium", 565,
            "Keep it in the server's session, or sign it and verify the signature.", confidence=0.7,
        )  # fmt: skip
    elif source == "header" and (
        key in _SPOOFED or (key.startswith("x-") and any(w in key for w in ("admin", "role", "user")))
    ):
        site.found(
            "believed-claim", "A header, which the visitor writes, decides what is allowed", "medium", 290,
            "Take the address from the connection, and the user from a verified token.", confidence=0.6,
        )  # fmt: skip
    elif source == "form" and key in ("is_admin", "admin", "role", "is_staff", "is_superuser"):
        site.found(
            "believed-claim", "A field of the request decides what is allowed", "medium", 639,
            "Take it from the user's record on the server.", confidence=0.6,
        )  # fmt: skip


def _tested(site: Site) -> None:
    """``if request.cookies.get("is_admin"):``, seen where the value is asked for."""
    function = site.where.node
    if function is None or isinstance(function, ast.Lambda):
        return
    source, key = _asked_for(site, site.call)
    if not source or not any(word in key for word in ("admin", "role", "is_", "logged", "superuser")):
        return
    for inner in ast.walk(function):
        if isinstance(inner, ast.If | ast.IfExp):
            test = inner.test.operand if isinstance(inner.test, ast.UnaryOp) else inner.test
            if test is site.call:
                _claim(site, source, key)
                return


def _asked_for(site: Site, node: ast.AST, depth: int = 0) -> tuple[str, str]:
    """Cookie, header or form field, and its name; also through a variable of the same function."""
    if isinstance(node, ast.Call) and last_name(node.func) in ("lower", "strip", "upper", "int", "split") and depth < 3:
        inner = node.func.value if isinstance(node.func, ast.Attribute) else (node.args or [node])[0]
        return _asked_for(site, inner, depth + 1)
    if isinstance(node, ast.Name) and depth < 3 and isinstance(made := defined(site, node), ast.Call | ast.Subscript):
        return _asked_for(site, made, depth + 1)
    if isinstance(node, ast.Name):
        value = site.value(node)
        if value.levels[TYPE] < FROM_OUTSIDE or depth:
            return "", ""
        source = next((s for s in ("cookie", "header") if s in value.made.lower()), "")
        return source, node.id.lower() if source == "cookie" else ""
    if isinstance(node, ast.Subscript):
        whole, key = site.dotted(node.value), constant_text(node.slice) or ""
    elif isinstance(node, ast.Call) and last_name(node.func) in ("get", "get_cookie") and node.args:
        whole, key = site.dotted(node.func).removesuffix(".get"), constant_text(node.args[0]) or ""
    else:
        return "", ""
    whole = whole.lower().removesuffix("()")
    if "request" not in whole and not whole.startswith("self."):
        return "", ""
    if "cookie" in whole:
        return "cookie", key.lower()
    if whole.endswith(("headers", "meta", "environ")):
        return "header", key.lower().removeprefix("http_").replace("_", "-") if whole.endswith("meta") else key.lower()
    return (
        ("form", key.lower()) if whole.endswith((".form", ".args", ".json", ".get_json", ".post", ".get")) else ("", "")
    )


def _begins(site: Site) -> None:
    """``request.headers["Referer"].startswith("https://ours")``."""
    func = site.call.func
    if isinstance(func, ast.Attribute):
        source, key = _asked_for(site, func.value)
        if source == "header":
            _claim(site, source, key)


def _session(site: Site) -> None:
    """``session["user"] = request.form["user"]`` where nothing checks who it is; ``session.sid = request.args["sid"]``."""
    node = site.node
    if not isinstance(node, ast.Assign):
        return
    target = node.targets[0]
    whole = site.dotted(target.value) if isinstance(target, ast.Subscript | ast.Attribute) else ""
    if not whole.endswith("session"):
        return
    _kept_session(site)
    if site.level(node.value, TYPE) < FROM_OUTSIDE:
        return
    key = (constant_text(target.slice) or "" if isinstance(target, ast.Subscript) else last_name(target)).lower()
    words = " ".join(site.words()).lower() if site.where.node is not None else ""
    if key in ("sid", "session_id", "session_key", "_id", "id"):
        site.found(
            "fixed-session",
            "A visitor chooses the session's own name",
            "medium",
            384,
            "Make a new session at each login.",
        )
    elif any(w in key for w in ("user", "role", "admin", "uid", "auth", "email", "account")) and not any(
        w in words
        for w in (
            "check",
            "verify",
            "authenticate",
            "password",
            "hash",
            "query",
            "get_user",
            "valid",
            "compare",
            "login",
            "execute",
        )
    ):
        site.found("believed-claim", "A session takes a name that nobody checked", "medium", 287,
            "Check a password or a token first.", confidence=0.5)  # fmt: skip


def _kept_session(site: Site) -> None:
    """A login that goes on with the session that the visitor came with: a hint."""
    name = site.where.name.lower()
    if not any(word in name for word in ("login", "log_in", "signin", "sign_in", "authenticate")):
        return
    if not site.mentions(
        "cycle_key",
        "clear",
        "flush",
        "regenerate",
        "rotate",
        "invalidate",
        "new_session",
        "login",
        "login_user",
        "changed",
    ):
        # Flask keeps the session in a signed cookie: nobody can plant one there. Stores of other frameworks know it by a number.
        stored = site.dotted(getattr(getattr(site.node, "targets", [None])[0], "value", None)).startswith("request.")
        site.found("fixed-session", "A login keeps the session that the visitor came with", "medium" if stored else "low", 384,
            "Make a new session at each login: cycle_key, clear, invalidate.", confidence=0.4)  # fmt: skip


def _record(site: Site) -> None:
    """``Order.query.get(request.args["id"])`` where nothing asks whose it is: a hint."""
    node = site.argument(0, "id", "pk") or site.argument(1, "id", "pk")
    name = site.dotted(site.call.func)
    if not (
        ".query." in name or ".objects." in name or name.startswith(("db.", "session.", "self.session.", "db.session."))
    ):
        return
    if (
        not any(
            site.level(a, TYPE) >= FROM_OUTSIDE for a in (*site.call.args[:2], *(k.value for k in site.call.keywords))
        )
        or node is None
    ):
        return
    words = " ".join(site.words()).lower() if site.where.node is not None else ""
    if not any(
        w in words
        for w in ("owner", "current_user", "user", "session[", "permission", "tenant", "account", "can_", "authorize")
    ):
        site.found("others-record", "A record is read by its number; nothing asks whose it is", "low", 639,
            "Ask for the record and its owner together.", confidence=0.4)  # fmt: skip


def _linked(site: Site) -> None:
    """``f"https://{request.host}/reset/{token}"``: the Host header is the visitor's."""
    node = site.node
    parts: list[ast.AST] = []
    if isinstance(node, ast.JoinedStr):
        parts = [p.value if isinstance(p, ast.FormattedValue) else p for p in node.values]
    elif isinstance(node, ast.BinOp):
        left: ast.AST = node
        while isinstance(left, ast.BinOp):
            parts.append(left.right)
            left = left.left
        parts.append(left)
        parts.reverse()
    if not any(_is_host(site, part) for part in parts):
        return
    words = " ".join([*(constant_text(p) or "" for p in parts), site.where.name]).lower()
    sent = any(
        w in words
        for w in ("reset", "verif", "confirm", "activate", "token", "invite", "forgot", "unsubscribe", "recover")
    )
    if sent or (constant_text(parts[0]) or "").startswith(_LINKS) or _is_host(site, parts[0]):
        site.found(
            "link-with-host", "A link is made with the Host header, which the visitor writes", "medium" if sent else "low", 640,
            "Take the site's own address from the settings.", confidence=0.6,
        )  # fmt: skip


def _is_host(site: Site, node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        if last_name(node.func) == "get_host":
            return "request" in site.dotted(node.func)
        return (
            last_name(node.func) == "get"
            and bool(node.args)
            and ((constant_text(node.args[0]) or "").lower() in ("host", "http_host", "x-forwarded-host"))
        )
    if isinstance(node, ast.Attribute):
        return node.attr in ("host", "host_url", "url_root", "base_url") and site.dotted(node.value).endswith("request")
    if isinstance(node, ast.Subscript):
        return (constant_text(node.slice) or "").lower() in ("host", "http_host") and "request" in site.dotted(
            node.value
        )
    if isinstance(node, ast.Name):
        made = site.value(node).made
        return "request" in made and made.removesuffix("()").endswith((".host", ".get_host", ".url_root", ".host_url"))
    return False


def _got(site: Site) -> None:
    _tested(site)
    _record(site)


FAMILY = Family(
    methods={
        "get": _got,
        "startswith": _begins,
        "endswith": _begins,
        **dict.fromkeys(("get_or_404", "filter_by"), _record),
    },
    assignments=(_session,),
    comparisons=(_compared,),
    texts=(_linked,),
)
