"""Redirects to an address of a stranger's choice (CWE-601)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import HOST, weakly_checked

_FIX = "Redirect to url_for(...) or a fixed path, or accept only addresses without a host (url_has_allowed_host_and_scheme)."


def _redirected(site: Site) -> None:
    target = site.argument(0, "location", "url", "redirect_to", "to")
    value = site.value(target)
    if _stays(value.head):
        return
    if weakly_checked(value, HOST):
        message = "A redirect's address begins with /, but may go on with another and a host"
        site.found("chosen-redirect", message, "low", 601, _FIX, confidence=0.5)
    site.by_level(value.levels[HOST], "chosen-redirect", "A redirect goes to an address", 601, _FIX)


def _stays(head: str) -> bool:
    if head.startswith("/"):
        return len(head) > 1 and head[1] not in "/\\"
    return "://" in head and "/" in head.partition("://")[2]


def _location(site: Site) -> None:
    node = site.node
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        key = site.text(node.targets[0].slice)
        if key is not None and key.lower() == "location" and not _stays(site.value(node.value).head):
            site.by_level(site.level(node.value, HOST), "chosen-redirect", "A redirect goes to an address", 601, _FIX)


def _header(site: Site) -> None:
    if len(site.call.args) >= 2 and (site.text(site.call.args[0]) or "").lower() == "location":
        value = site.value(site.call.args[1])
        if not _stays(value.head):
            site.by_level(value.levels[HOST], "chosen-redirect", "A redirect goes to an address", 601, _FIX)


def _raised(site: Site) -> None:
    _redirected(site)


FAMILY = Family(
    calls={"aiohttp.web.HTTPFound": _raised, "web.HTTPFound": _raised, "webbrowser.open": _redirected},
    methods={
        **dict.fromkeys(("redirect", "HttpResponseRedirect", "HttpResponsePermanentRedirect", "RedirectResponse", "seeother",
            "HTTPSeeOther", "HTTPTemporaryRedirect", "HTTPFound"), _redirected),
        "send_header": _header, "set_header": _header,
    },
    assignments=(_location,),
)  # fmt: skip
