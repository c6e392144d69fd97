"""Clients whose messages anybody on the way can read: sessions, brokers, directories, databases (CWE-319)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.definitions import beginning, defined
from orchestrator_core.analysis.insecure.names import constant_text, is_constant
from orchestrator_core.analysis.insecure.site import Family, Site

_PLAIN = "Use TLS: https, wss, ldaps, mqtts, or switch it on for this connection."
_NEAR = ("localhost", "127.0.0.1", "[", "0.0.0.0", "host.docker.internal", "")  # noqa: S104 - names hosts
_NEAR_ENDS = (".local", ".internal", ".test", ".localhost", ".svc")
_NEAR_BEGINS = ("10.", "192.168.", "172.16.", "169.254.")
_VERBS = ("get", "post", "put", "patch", "delete", "request", "stream")
_CLIENTS = ("requests.Session()", "requests.session()", "httpx.Client()", "httpx.AsyncClient()", "aiohttp.ClientSession()",
    "urllib3.PoolManager()")  # fmt: skip


def is_far(address: str, schemes: tuple[str, ...]) -> bool:
    """Whether an address has one of these schemes and leads out of this machine and its network."""
    lowered = address.lower()
    if not lowered.startswith(schemes):
        return False
    host = lowered.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
    return "." in host and host not in _NEAR and not host.endswith(_NEAR_ENDS) and not host.startswith(_NEAR_BEGINS)


def _report(site: Site) -> None:
    site.found("plain-transport", "What is sent here travels unencrypted", "medium", 319, _PLAIN, confidence=0.7)


def _asked(site: Site) -> None:
    if not site.uses("requests", "httpx", "aiohttp", "urllib3"):
        return
    func = site.call.func
    receiver = defined(site, func.value) if isinstance(func, ast.Attribute) else None
    if site.dotted(func).startswith(_CLIENTS) or (
        isinstance(receiver, ast.Call) and f"{site.dotted(receiver.func)}()" in _CLIENTS
    ):
        url = site.argument(1 if site.last in ("request", "stream") else 0, "url")
        if url is not None and is_far(beginning(site, url) or site.value(url).head, ("http://",)):
            _report(site)


def _client(site: Site) -> None:
    base = site.keyword("base_url")
    if base is not None and is_far(site.value(base).head, ("http://",)):
        _report(site)


def _address(site: Site) -> None:
    url = site.argument(0, "uri", "url", "address", "host")
    if url is not None and is_far(
        site.value(url).head, ("http://", "ws://", "ldap://", "amqp://", "ftp://", "tcp://", "telnet://")
    ):
        _report(site)


def _broker(site: Site) -> None:
    """MQTT with a password and without ``tls_set``."""
    scope = site.where.node or site.evaluator.module
    if not site.uses("paho") or scope is None:
        return
    if not any(isinstance(i, ast.Attribute) and i.attr in ("tls_set", "tls_set_context") for i in ast.walk(scope)):
        _report(site)


def _directory(site: Site) -> None:
    """``ldap3.Connection(Server("ldap://..."), user, password)`` and ``simple_bind_s`` without ``start_tls``."""
    scope = site.where.node or site.evaluator.module
    if scope is not None and not any(
        (isinstance(i, ast.Attribute) and "start_tls" in i.attr)
        or (isinstance(i, ast.keyword) and i.arg == "use_ssl" and is_constant(i.value, True))
        for i in ast.walk(scope)
    ):
        _address(site)


def _database(site: Site) -> None:
    mode = constant_text(site.keyword("sslmode")) or constant_text(site.keyword("ssl_mode"))
    if mode in ("disable", "allow", "DISABLED") or is_constant(site.keyword("ssl_disabled"), True):
        _report(site)
    first = site.text(site.argument(0)) or ""
    if "sslmode=disable" in first:
        _report(site)


def _rpc(site: Site) -> None:
    target = site.text(site.argument(0, "target", "address")) or ""
    host = target.partition(":")[0]
    if host not in _NEAR[:-1] and not target.startswith(("unix:", "[::1]")):
        _report(site)


def _near(host: str) -> bool:
    return (
        host in ("", "localhost", "127.0.0.1", "::1", "host.docker.internal")
        or host.endswith((".local", ".internal", ".test", ".localhost", ".svc"))
        or host.startswith(("10.", "192.168.", "172.16.", "169.254.", "127."))
        or "." not in host
    )


def _plain_host(site: Site) -> None:
    """``http.client.HTTPConnection("api.example.com")``, ``mqtt.connect("broker.example.com", 1883)``."""
    host = site.text(site.argument(0, "host")) or ""
    if site.last == "connect" and not (site.uses("paho") and not site.mentions("tls_set", "tls_set_context")):
        return
    if not _near(host.partition(":")[0]):
        site.found("plain-transport", "What is sent here travels unencrypted", "medium", 319, _PLAIN)


def _plain_url(site: Site) -> None:
    """``redis://``, ``amqp://``, ``tcp://`` to another machine, at any place of a call that opens a connection."""
    for node in (*site.call.args[:2], *(k.value for k in site.call.keywords)):
        address = site.text(node) or ""
        scheme, found, rest = address.partition("://")
        if found and scheme in (
            "redis",
            "amqp",
            "tcp",
            "mqtt",
            "ldap",
            "ftp",
            "ws",
            "nats",
            "stomp",
            "telnet",
            "memcached",
            "rtsp",
            "smtp",
        ):
            host = rest.partition("/")[0].rpartition("@")[2].partition(":")[0]
            if not _near(host):
                site.found("plain-transport", "What is sent here travels unencrypted", "medium", 319, _PLAIN)
                return


FAMILY = Family(
    calls={
        "http.client.HTTPConnection": _plain_host,
        **dict.fromkeys(("httpx.Client", "httpx.AsyncClient", "aiohttp.ClientSession"), _client),
        **dict.fromkeys(("websockets.connect", "websocket.create_connection", "websocket.WebSocketApp", "xmlrpc.client.ServerProxy",
            "websockets.sync.client.connect", "pika.URLParameters", "aio_pika.connect", "aio_pika.connect_robust",
            "elasticsearch.Elasticsearch", "suds.client.Client", "zeep.Client"), _address),
        **dict.fromkeys(("ldap.initialize", "ldap3.Server"), _directory),
        **dict.fromkeys(("grpc.insecure_channel", "grpc.aio.insecure_channel"), _rpc),
        **dict.fromkeys(("psycopg2.connect", "psycopg.connect", "asyncpg.connect", "pymysql.connect", "mysql.connector.connect",
            "MySQLdb.connect", "sqlalchemy.create_engine"), _database),
    },
    methods={**dict.fromkeys(_VERBS, _asked), "username_pw_set": _broker, "connect": _plain_host,
        **dict.fromkeys(("from_url", "URLParameters", "BlockingConnection", "DockerClient", "create_connection", "connect_robust"),
            _plain_url)},
)  # fmt: skip
