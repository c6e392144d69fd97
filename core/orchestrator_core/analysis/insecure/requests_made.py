"""Requests that a server makes to an address of a stranger's choice (CWE-918), and those that may wait for ever (CWE-400)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.definitions import defined
from orchestrator_core.analysis.insecure.names import is_constant
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import HANDED_IN, HOST, SCHEME

_FIX = "Compare the host with a fixed list, and refuse addresses of the local network, before asking."
_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
_CLIENTS = (
    "requests.Session()",
    "requests.session()",
    "httpx.Client()",
    "httpx.AsyncClient()",
    "aiohttp.ClientSession()",
    "urllib3.PoolManager()",
)


def _asked(site: Site) -> None:
    position = 1 if site.last in ("request", "stream", "urlopen_request") and "urllib." not in site.name else 0
    url = site.argument(position, "url", "fullurl")
    if url is None:
        return
    value = site.value(url)
    fixed_host = _fixed_host(value.head)
    level = 0 if fixed_host else value.levels[HOST]
    built = value.head.startswith(("http://", "https://"))
    whole = isinstance(url, ast.Name) and level == HANDED_IN and not value.head
    site.judged(("B310",), harmless=value.levels[SCHEME] == 0 or built or level == 0 or whole)
    if level >= HANDED_IN:
        # A whole address that is handed in is the caller's choice, as a whole path is.
        site.by_level(
            level, "chosen-address", "A request goes to an address", 918, _FIX, handed_in="low" if whole else "medium"
        )


def _fixed_host(head: str) -> bool:
    """Whether the constant beginning of an address settles where it goes: scheme, host, and the slash behind it."""
    scheme, found, rest = head.partition("://")
    if not found:
        return head.startswith("/") and not head.startswith("//")
    host, slash, _ = rest.partition("/")
    return bool(slash and host) or "?" in host or ("#" in host and bool(scheme))


def _client(site: Site) -> None:
    name = site.dotted(site.call.func)
    if name.startswith("self.") and isinstance(func := site.call.func, ast.Attribute):
        made = defined(site, func.value)
        name = f"{site.dotted(made)}.{func.attr}" if isinstance(made, ast.Call) else name
    customary = name.startswith(("session.", "client.", "http.", "self.session.", "self.client.", "self._client."))
    if (
        name.startswith(("requests.Session()", "requests.session()"))
        and site.last in _VERBS
        and not any(keyword.arg in ("timeout", None) for keyword in site.call.keywords)
    ):
        site.found(
            "no-timeout", "A request may wait for ever", "low", 400, "Give a timeout in seconds.", confidence=0.5
        )
    if name.startswith(_CLIENTS) or (customary and site.uses("requests", "httpx", "aiohttp", "urllib3")):
        _asked(site)


def _connection(site: Site) -> None:
    host = site.argument(0, "host", "address")
    if isinstance(host, ast.Tuple) and host.elts:
        host = host.elts[0]
    if host is not None:
        level = site.level(host, HOST)
        site.by_level(level, "chosen-address", "A connection goes to an address", 918, _FIX, handed_in="low")


def _timeless(site: Site) -> None:
    """``httpx`` with ``timeout=None``: no limit at all. ``requests`` without one is bandit's B113."""
    if is_constant(site.keyword("timeout"), None) and site.keyword("timeout") is not None:
        site.found("no-timeout", "A request may wait for ever", "medium", 400, "Give a timeout in seconds.")


def _asked_timed(site: Site) -> None:
    _asked(site)
    _timeless(site)


def _opened(site: Site) -> None:
    _asked(site)
    if site.keyword("timeout") is None and len(site.call.args) < 3:
        site.found(
            "no-timeout", "A request may wait for ever", "low", 400, "Give a timeout in seconds.", confidence=0.5
        )


FAMILY = Family(
    calls={
        **{f"{library}.{verb}": _asked for library in ("requests", "httpx", "aiohttp", "urllib3", "treq", "requests.api", "niquests",
            "curl_cffi.requests") for verb in (*_VERBS, "request", "stream")},
        **dict.fromkeys(("urllib.request.urlopen", "urllib2.urlopen", "urlopen", "urllib.urlopen"), _opened),
        **dict.fromkeys(("urllib.request.urlretrieve", "wget.download", "urllib.request.Request", "feedparser.parse",
            "urllib.urlretrieve"), _asked),
        **dict.fromkeys(("http.client.HTTPConnection", "http.client.HTTPSConnection", "socket.create_connection"), _connection),
        **dict.fromkeys((*(f"httpx.{verb}" for verb in _VERBS), "httpx.request", "httpx.stream"), _asked_timed),
        **dict.fromkeys(("httpx.Client", "httpx.AsyncClient"), _timeless),
    },
    methods=dict.fromkeys((*_VERBS, "request", "open", "stream"), _client),
)  # fmt: skip
