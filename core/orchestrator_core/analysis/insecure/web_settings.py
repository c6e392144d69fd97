"""Cookies, cross-site requests and settings of web frameworks (CWE-352, 489, 614, 942, 1004, 1275)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site

_COOKIE = 'Set cookies with secure=True, httponly=True and samesite="Lax".'
_CORS = "Name the origins that may ask."
_SWITCHED_OFF: dict[str, tuple[str, int, str]] = {
    "SESSION_COOKIE_SECURE": ("Session cookies travel unencrypted", 614, _COOKIE),
    "CSRF_COOKIE_SECURE": ("Cookies travel unencrypted", 614, _COOKIE),
    "REMEMBER_COOKIE_SECURE": ("Cookies travel unencrypted", 614, _COOKIE),
    "JWT_COOKIE_SECURE": ("Cookies travel unencrypted", 614, _COOKIE),
    "LANGUAGE_COOKIE_SECURE": ("Cookies travel unencrypted", 614, _COOKIE),
    "SESSION_COOKIE_HTTPONLY": ("Scripts can read the session cookie", 1004, _COOKIE),
    "CSRF_COOKIE_HTTPONLY": ("Scripts can read the cookie", 1004, _COOKIE),
    "REMEMBER_COOKIE_HTTPONLY": ("Scripts can read the cookie", 1004, _COOKIE),
    "WTF_CSRF_ENABLED": ("Requests forged by other sites are accepted", 352, "Leave CSRF protection on."),
    "WTF_CSRF_CHECK_DEFAULT": ("Requests forged by other sites are accepted", 352, "Leave CSRF protection on."),
    "JWT_COOKIE_CSRF_PROTECT": ("Requests forged by other sites are accepted", 352, "Leave CSRF protection on."),
    "SECURE_SSL_REDIRECT": ("Pages are served unencrypted", 319, "Redirect to https."),
    "SECURE_CONTENT_TYPE_NOSNIFF": ("Browsers may guess the type of a page", 693, "Leave it on."),
}
_SWITCHED_ON: dict[str, tuple[str, int, str]] = {
    "DEBUG": ("Debug mode shows internals to visitors", 489, "Take it from the environment, off by default."),
    "debug": ("Debug mode shows internals to visitors", 489, "Take it from the environment, off by default."),
    "DEBUG_PROPAGATE_EXCEPTIONS": ("Visitors see internal errors", 209, "Leave it off."),
    "PROPAGATE_EXCEPTIONS": ("Visitors see internal errors", 209, "Leave it off."),
    "CORS_ALLOW_ALL_ORIGINS": ("Any site may read the answers", 942, _CORS),
    "CORS_ORIGIN_ALLOW_ALL": ("Any site may read the answers", 942, _CORS),
}


def _cookie(site: Site) -> None:
    if len(site.call.args) < 2 and site.keyword("value") is None and site.keyword("key") is None:
        return  # a cookie jar takes a cookie as a whole
    if site.last == "set_cookie" and any(k.arg is None for k in site.call.keywords):
        return  # its options come from a dictionary
    secure, httponly = site.keyword("secure"), site.keyword("httponly") or site.keyword("http_only")
    name = (site.text(site.argument(0, "key", "name")) or "").lower()
    harmless_name = name in ("lang", "language", "theme", "locale", "timezone", "consent")
    if not harmless_name and (secure is None or is_constant(secure, False, None, 0)):
        site.found("cookie-not-secure", "A cookie may travel unencrypted", "medium", 614, _COOKIE)
    if (
        not harmless_name
        and "csrf" not in name
        and "xsrf" not in name
        and (httponly is None or is_constant(httponly, False, None, 0))
    ):
        site.found("cookie-for-scripts", "Scripts can read a cookie", "medium", 1004, _COOKIE)
    same = site.keyword("samesite")
    if same is not None and (site.text(same) or "").lower() == "none":
        site.found("cookie-cross-site", "Other sites' requests carry the cookie", "low", 1275, _COOKIE)


def _written(site: Site) -> None:
    """``http.cookies.SimpleCookie``: its marks are set key by key."""
    function = site.where.node or site.evaluator.module
    if function is None or "SimpleCookie()" not in site.name:
        return
    marks = {constant_text(inner.slice) for inner in ast.walk(function) if isinstance(inner, ast.Subscript)}
    if "secure" not in marks:
        site.found("cookie-not-secure", "A cookie may travel unencrypted", "medium", 614, _COOKIE)
    if "httponly" not in marks:
        site.found("cookie-for-scripts", "Scripts can read a cookie", "medium", 1004, _COOKIE)


def _assigned(site: Site) -> None:
    node = site.node
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        name = constant_text(target.slice) if isinstance(target, ast.Subscript) else last_name(target)
        _setting(site, name or "", node.value)
        if isinstance(target, ast.Subscript):
            key = (name or "").lower()
            if key == "access-control-allow-origin":
                origin = site.text(node.value)
                if origin == "*" or site.level(node.value, 4) >= 3:
                    site.found("any-origin", "Any site may read the answers", "medium", 942, _CORS)
            elif key in ("secure", "httponly") and is_constant(node.value, False, "", 0):
                site.found(
                    "cookie-not-secure",
                    "A cookie is less protected than it could be",
                    "medium",
                    614 if key == "secure" else 1004,
                    _COOKIE,
                )
            elif key == "x-frame-options" and (site.text(node.value) or "").upper().startswith("ALLOW"):
                site.found(
                    "framed", "Other sites may show this page in a frame", "low", 1021, "Send DENY or SAMEORIGIN."
                )


def _setting(site: Site, name: str, value: ast.expr) -> None:
    if name in _SWITCHED_OFF and is_constant(value, False, None, 0):
        message, cwe, fix = _SWITCHED_OFF[name]
        site.found("insecure-setting", message, "medium", cwe, fix)
    elif (
        name in _SWITCHED_ON
        and is_constant(value, True, 1)
        and (name != "debug" or site.uses("flask", "fastapi", "quart", "bottle"))
    ):
        message, cwe, fix = _SWITCHED_ON[name]
        site.found("insecure-setting", message, "medium", cwe, fix)
    elif name == "ALLOWED_HOSTS" and isinstance(value, ast.List) and any(constant_text(e) == "*" for e in value.elts):
        site.found("insecure-setting", "Any Host header is accepted", "medium", 346, "Name the hosts.")
    elif name in ("CORS_ORIGINS", "CORS_ALLOWED_ORIGINS", "origins", "allow_origins") and _star(value):
        site.found("any-origin", "Any site may read the answers", "medium", 942, _CORS)
    elif name == "SESSION_COOKIE_SAMESITE" and (is_constant(value, None) or constant_text(value) == "None"):
        site.found("cookie-cross-site", "Other sites' requests carry the cookie", "medium", 1275, _COOKIE)
    elif (
        name in ("MIDDLEWARE", "MIDDLEWARE_CLASSES")
        and isinstance(value, ast.List)
        and value.elts
        and not any("CsrfViewMiddleware" in (constant_text(e) or "") for e in value.elts)
    ):
        site.found(
            "forged-requests",
            "Requests forged by other sites are accepted",
            "medium",
            352,
            "Keep django.middleware.csrf.CsrfViewMiddleware.",
            confidence=0.5,
        )


def _star(node: ast.AST | None) -> bool:
    if isinstance(node, ast.List | ast.Tuple):
        return any(constant_text(e) == "*" for e in node.elts)
    return constant_text(node) == "*"


def _settings(site: Site) -> None:
    for keyword in site.call.keywords:
        if keyword.arg and (
            keyword.arg in _SWITCHED_OFF
            or keyword.arg == "SESSION_COOKIE_SAMESITE"
            or (keyword.arg in _SWITCHED_ON and keyword.arg.isupper())
        ):
            _setting(site, keyword.arg, keyword.value)
    if site.last in ("from_mapping", "update"):
        for argument in site.call.args:
            if isinstance(argument, ast.Dict):
                for key, value in zip(argument.keys, argument.values, strict=True):
                    if constant_text(key):
                        _setting(site, constant_text(key) or "", value)


def _cors(site: Site) -> None:
    credentials = is_constant(site.keyword("supports_credentials"), True) or is_constant(
        site.keyword("allow_credentials"), True
    )
    origins = site.keyword("origins") or site.keyword("allow_origins") or site.keyword("resources")
    wide = _star(origins) or site.text(site.keyword("allow_origin_regex")) in (".*", "^.*$", "https?://.*")
    if isinstance(origins, ast.Dict):
        wide = any(isinstance(v, ast.Dict) and any(_star(inner) for inner in v.values) for v in origins.values)
    if not wide and origins is None and site.last in ("CORS", "cross_origin"):
        wide = True
    if wide:
        site.found("any-origin", "Any site may read the answers", "high" if credentials else "medium", 942, _CORS)


def _middleware(site: Site) -> None:
    if "CORSMiddleware" in " ".join(site.dotted(a) for a in site.call.args):
        _cors(site)


def _csrf(site: Site) -> None:
    for decorator in getattr(site.node, "decorator_list", ()):
        if last_name(decorator) == "csrf_exempt" or (
            isinstance(decorator, ast.Attribute) and decorator.attr == "exempt"
        ):
            site.found(
                "forged-requests",
                "Requests forged by other sites are accepted",
                "medium",
                352,
                "Remove csrf_exempt.",
                at=decorator,
            )


def _decorated(site: Site) -> None:
    """``method_decorator(csrf_exempt, name="dispatch")``."""
    if any(last_name(argument) == "csrf_exempt" for argument in site.call.args):
        _exempted(site)


def _exempted(site: Site) -> None:
    site.found("forged-requests", "Requests forged by other sites are accepted", "medium", 352, "Remove csrf_exempt.")


FAMILY = Family(
    calls={"csrf_exempt": _exempted, "django.views.decorators.csrf.csrf_exempt": _exempted},
    methods={
        **dict.fromkeys(("set_cookie", "set_secure_cookie", "set_signed_cookie"), _cookie),
        **dict.fromkeys(("CORS", "cross_origin", "CORSMiddleware"), _cors), "output": _written, "OutputString": _written,
            "add_middleware": _middleware, "Middleware": _middleware, "method_decorator": _decorated,
        "update": _settings, "from_mapping": _settings,
    },
    assignments=(_assigned,),
    functions=(_csrf,),
)  # fmt: skip
