"""Every way a socket leaves the machine is refused inside a scope, and none of those that stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from network_child import run

REFUSED = """
with guard().scope():
    def tcp(host, family=socket.AF_INET, method="connect", extra=()):
        with socket.socket(family) as one:
            one.settimeout(0.2)
            getattr(one, method)((host, 9, *extra))
    def udp(*args):
        with socket.socket(type=socket.SOCK_DGRAM) as one:
            one.sendto(*args)
    def message(address):
        with socket.socket(type=socket.SOCK_DGRAM) as one:
            one.sendmsg([b"x"], [], 0, address)
    def bind(host, port, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        with socket.socket(family, kind) as one:
            one.bind((host, port))
    ways = {
        "tcp": lambda: tcp("192.0.2.1"),
        "connect_ex": lambda: tcp("192.0.2.1", method="connect_ex"),
        "odd number": lambda: tcp("192.2"),
        "bytes": lambda: tcp(b"192.0.2.1"),
        "broadcast": lambda: tcp("<broadcast>"),
        "name": lambda: tcp("host.invalid"),
        "name by connect_ex": lambda: tcp("host.invalid", method="connect_ex"),
        "ipv6": lambda: tcp("2001:db8::1", socket.AF_INET6),
        "scope id": lambda: tcp("fe80::1", socket.AF_INET6, extra=(0, 1)),
        "mapped": lambda: tcp("::ffff:192.0.2.1", socket.AF_INET6),
        "udp": lambda: udp(b"x", ("192.0.2.1", 53)),
        "udp with flags": lambda: udp(b"x", 0, ("192.0.2.1", 53)),
        "udp name": lambda: udp(b"x", ("host.invalid", 53)),
        "multicast": lambda: udp(b"x", ("224.0.0.251", 5353)),
        "sendmsg": lambda: message(("192.0.2.1", 53)),
        "sendmsg name": lambda: message(("host.invalid", 53)),
        "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "getaddrinfo": lambda: socket.getaddrinfo("host.invalid", 80),
        "getaddrinfo bytes": lambda: socket.getaddrinfo(b"host.invalid", 80),
        "getaddrinfo in another alphabet": lambda: socket.getaddrinfo("b\\u00fccher.invalid", 80),
        "getaddrinfo below": lambda: __import__("_socket").getaddrinfo("host.invalid", 80),
        "gethostbyname": lambda: socket.gethostbyname("host.invalid"),
        "gethostbyname_ex": lambda: socket.gethostbyname_ex("host.invalid"),
        "gethostbyaddr": lambda: socket.gethostbyaddr("192.0.2.1"),
        "getnameinfo": lambda: socket.getnameinfo(("192.0.2.1", 80), 0),
        "create_connection": lambda: socket.create_connection(("192.0.2.1", 80), 0.2),
        "create_connection name": lambda: socket.create_connection(("host.invalid", 80), 0.2),
        "bind to an interface": lambda: bind("192.0.2.1", 0),
        "bind to all": lambda: bind("0.0.0.0", 0),
        "bind to all on a port": lambda: bind("", 40404),
        "bind to all of ipv6": lambda: bind("::", 0, socket.AF_INET6),
        "bind a name": lambda: bind("host.invalid", 0),
        "udp service": lambda: bind("", 40405, kind=socket.SOCK_DGRAM),
    }
    if hasattr(socket, "AF_PACKET"):
        ways["packet"] = lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    told = {name: outcome(way) for name, way in ways.items()}
"""


def test_what_leaves_the_machine_is_refused(tmp_path: Path) -> None:
    found = run(REFUSED, tmp_path)
    assert len(found) >= 33
    assert {name for name, what in found.items() if not what.startswith("refused")} == set()
    lines = {name: what.partition("asked for by ")[2].partition(". ")[0] for name, what in found.items()}
    assert {line.rpartition(":")[0] for line in lines.values()} == {str(tmp_path / "child.py")}
    assert len({line.rpartition(":")[2] for line in lines.values()}) > 15, "each names the line that asked"


STAYS = """
with guard().scope():
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    def tcp(host, family=socket.AF_INET):
        with socket.socket(family) as one:
            one.settimeout(2)
            one.connect((host, port))
    def unix():
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("own.sock")
            one.listen()
            with socket.socket(socket.AF_UNIX) as other:
                other.connect("own.sock")
    def pair():
        one, other = socket.socketpair()
        one.sendall(b"x")
        other.recv(1)
        one.close(), other.close()
    def udp():
        with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
            one.bind(("127.0.0.1", 0))
            other.sendto(b"x", one.getsockname())
            one.recv(1)
    def free_port():
        with socket.socket() as one:
            one.bind(("", 0))
    def client_port():
        with socket.socket(type=socket.SOCK_DGRAM) as one:
            one.bind(("0.0.0.0", 0))
    def server_with_name():
        import http.server
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler).server_close()
    async def streams():
        _, writer = await asyncio.open_connection("localhost", port, family=socket.AF_INET)
        writer.close()
        await writer.wait_closed()
    ways = {
        "number": lambda: tcp("127.0.0.1"), "short": lambda: tcp("127.1"), "name": lambda: tcp("localhost"),
        "nothing": lambda: tcp(""), "wildcard": lambda: tcp("0.0.0.0"), "another loopback": lambda: tcp("127.0.0.1"),
        "unix": unix, "pair": pair, "udp": udp, "free port": free_port, "client port": client_port, "http server": server_with_name,
        "streams": lambda: asyncio.run(streams()),
        "look-up": lambda: socket.getaddrinfo("localhost", 80), "of a number": lambda: socket.getaddrinfo("192.0.2.1", 80),
        "of nothing": lambda: socket.getaddrinfo(None, 80, flags=socket.AI_PASSIVE), "own name": socket.gethostname,
        "reverse": lambda: socket.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST),
    }
    told = {name: outcome(way) for name, way in ways.items()}
"""


def test_what_stays_on_the_machine_works(tmp_path: Path) -> None:
    found = run(STAYS, tmp_path)
    assert {name: what for name, what in found.items() if what != "passed"} == {}


def test_allowed_hosts_pass_on_their_port_and_their_addresses_with_them(tmp_path: Path) -> None:
    found = run(
        """
        # What a resolver would answer, put in before the guard: nothing is asked of another machine here.
        genuine, asked = socket.getaddrinfo, []
        def answers(host, *args, **kwargs):
            if host.endswith(".lan"):
                sys.audit("socket.getaddrinfo", host, *args)
                asked.append(host)
                return [(2, 1, 6, "", ({"models.lan": "192.0.2.7", "late.lan": "192.0.2.8"}[host], 80))]
            return genuine(host, *args, **kwargs)
        socket.getaddrinfo = answers
        one, other = guard("models.lan:80", "198.51.100.0/24"), guard("late.lan", "192.0.2.99")
        with one.scope():
            told["before the look-up"] = outcome(lambda: send("192.0.2.7", 81))
            told["look-up"] = outcome(lambda: socket.getaddrinfo("models.lan", 80))
            told["after it"] = outcome(lambda: send("192.0.2.7", 80))
            told["mapped"] = outcome(lambda: send("::ffff:192.0.2.7", 80, socket.AF_INET6))
            told["another port"] = outcome(lambda: send("192.0.2.7", 81))
            told["range"] = outcome(lambda: send("198.51.100.77", 5))
            told["neighbour"] = outcome(lambda: send("198.51.101.77", 5))
            told["another name"] = outcome(lambda: socket.getaddrinfo("other.lan", 80))
        with other.scope():
            told["another's name"] = outcome(lambda: socket.getaddrinfo("models.lan", 80))
            told["another's address"] = outcome(lambda: send("192.0.2.7", 80))
            told["an address that came from nowhere"] = outcome(lambda: send("192.0.2.8", 80))
        told["asked"] = asked
        """,
        tmp_path,
    )
    assert found.pop("asked") == ["models.lan", "models.lan", "late.lan"], (
        "once by the guard, once by the call, once by the other guard"
    )
    passed = {name for name, what in found.items() if what == "passed"}
    assert passed == {"look-up", "after it", "mapped", "range", "an address that came from nowhere"}
    assert all(what == "passed" or what.startswith("refused") for what in found.values())


def test_the_message_names_both_remedies_and_no_credentials(tmp_path: Path) -> None:
    found = run(
        """
        with guard().scope():
            told["url"] = outcome(lambda: socket.getaddrinfo("user:hunter2@host.invalid", 443))
            told["control"] = outcome(lambda: socket.getaddrinfo("host\\x1b[2J.invalid", 443))
            told["long"] = outcome(lambda: socket.getaddrinfo("a" * 60 + "." + "b" * 60 + "." + "c" * 60, 443))
            told["bind"] = outcome(lambda: socket.socket().bind(("0.0.0.0", 40404)))
        """,
        tmp_path,
    )
    assert "security.network_allow = " in found["url"]
    assert "offline = false" in found["url"]
    assert "host.invalid" in found["url"]
    assert "hunter2" not in found["url"]
    assert "\x1b" not in found["control"]
    assert len(found["long"]) < 600
    assert "127.0.0.1" in found["bind"]


@pytest.mark.parametrize(
    "library", ["urllib", "http.client", "httpx", "httpx-async", "requests", "aiohttp", "asyncio", "smtplib"]
)
def test_libraries_take_it_for_a_failed_connection(tmp_path: Path, library: str) -> None:
    pytest.importorskip(library.partition("-")[0])
    found: dict[str, Any] = run(
        f"""
        from orchestrator.healing.classify import classify
        def ask(url, host):
            if {library!r} == "urllib":
                import urllib.request; urllib.request.urlopen(url, timeout=1)
            elif {library!r} == "http.client":
                import http.client; http.client.HTTPSConnection(host, timeout=1).request("GET", "/")
            elif {library!r} == "httpx":
                import httpx; httpx.get(url, timeout=1)
            elif {library!r} == "requests":
                import requests; requests.get(url, timeout=1)
            elif {library!r} == "smtplib":
                import smtplib; smtplib.SMTP(host, timeout=1)
            else:
                asyncio.run(aask(url, host))
        async def aask(url, host):
            if {library!r} == "httpx-async":
                import httpx
                async with httpx.AsyncClient() as client:
                    await client.get(url, timeout=1)
            elif {library!r} == "aiohttp":
                import aiohttp
                async with aiohttp.ClientSession() as session:
                    await session.get(url)
            else:
                await asyncio.open_connection(host, 80)
        with guard().scope():
            for kind, host in (("name", "host.invalid"), ("number", "192.0.2.1")):
                try:
                    ask(f"http://{{host}}/", host)
                except Exception as error:
                    chain, link = [], error
                    while link is not None:
                        chain.append(str(link))
                        link = link.__cause__ or link.__context__
                    told[kind] = [chain, classify(error, str(error), lambda text: text).error_class.name]
        """,
        tmp_path,
    )
    for kind in ("name", "number"):
        chain, error_class = found[kind]
        assert error_class == "offline-refused", found
        assert any("offline guard" in message and f"{tmp_path / 'child.py'}:" in message for message in chain), found
