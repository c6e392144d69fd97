"""Connections that anybody can read or pretend to be the other end of (CWE-295, CWE-319, CWE-326, CWE-322)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.definitions import beginning
from orchestrator_core.analysis.insecure.names import constant_text, is_constant
from orchestrator_core.analysis.insecure.site import Family, Site

_TLS = "Leave certificate and host name checks on; for an own authority pass its file as verify or cafile."
_PLAIN = "Use TLS: https, FTP_TLS or SFTP, SSH, SMTP_SSL or starttls()."
_OLD = ("PROTOCOL_SSLv2", "PROTOCOL_SSLv3", "PROTOCOL_TLSv1", "PROTOCOL_TLSv1_1", "PROTOCOL_SSLv23", "SSLv2_METHOD", "SSLv3_METHOD",
    "TLSv1_METHOD", "TLSv1_1_METHOD", "SSLv23_METHOD",
        "TLSVersion.TLSv1", "TLSVersion.TLSv1_1", "TLSVersion.SSLv3", "TLSVersion.MINIMUM_SUPPORTED")  # fmt: skip
_WEAK_SUITES = (
    "RC4",
    "SECLEVEL=0",
    "SECLEVEL=1",
    "eNULL",
    "ANON",
    "EXPORT",
    "RC2",
    "3DES",
    "DES-",
    "NULL",
    "EXP",
    "MD5",
    "aNULL",
    "ADH",
    "LOW",
    "SEED",
    "IDEA",
)
_WHOLE_PROGRAM = ("PYTHONHTTPSVERIFY", "NODE_TLS_REJECT_UNAUTHORIZED", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
_SWITCHES = ("verify", "verify_ssl", "ssl_verify", "verify_certs", "check_hostname", "ssl", "tls_verify", "validate_certs",
    "ssl_verify_cert", "tlsAllowInvalidCertificates",
             "tlsInsecure", "disable_ssl_certificate_validation", "cert_reqs",
             "assert_hostname", "tlsAllowInvalidHostnames", "verify_hostname", "ssl_cert_reqs", "verify_peer")  # fmt: skip


def _switches(site: Site) -> None:
    for keyword in site.call.keywords:
        name = keyword.arg
        if name not in _SWITCHES:
            continue
        if name in (
            "tlsAllowInvalidHostnames",
            "tlsAllowInvalidCertificates",
            "tlsInsecure",
            "disable_ssl_certificate_validation",
        ):
            bad = is_constant(keyword.value, True)
        elif "cert_reqs" in name:
            bad = site.dotted(keyword.value).endswith("CERT_NONE") or site.text(keyword.value) in ("CERT_NONE", "none")
        elif name == "verify":
            bad = (
                is_constant(keyword.value, False)
                and not site.name.startswith(("jwt", "jose"))
                and site.last != "decode"
            )
        elif name == "ssl":
            bad = is_constant(keyword.value, False) and site.uses("aiohttp")
        else:
            bad = is_constant(keyword.value, False)
        if bad:
            site.found(
                "unchecked-certificate", "The other end's certificate is not checked", "high", 295, _TLS, confidence=0.9
            )


def _option(site: Site, key: str, value: ast.AST) -> None:
    """``kwargs["cert_reqs"] = ssl.CERT_NONE``, ``{"verify_ssl": False}``: options that a call is given later."""
    if (key in ("cert_reqs", "ssl_cert_reqs") and site.dotted(value).endswith("CERT_NONE")) or (
        key
        in (
            *(("verify",) if site.uses("requests", "httpx") else ()),
            "check_hostname",
            "assert_hostname",
            "verify_ssl",
            "ssl_verify",
            "verify_certs",
            "validate_certs",
            "tls_verify",
        )
        and is_constant(value, False)
    ):
        _unverified(site)


def _assigned(site: Site) -> None:
    node = site.node
    if not isinstance(node, ast.Assign):
        return
    target = node.targets[0]
    if isinstance(target, ast.Attribute):
        if (target.attr in ("check_hostname", "verify", "verify_ssl") and is_constant(node.value, False)) or (
            target.attr == "verify_mode"
            and (site.dotted(node.value).endswith("CERT_NONE") or is_constant(node.value, 0))
        ):
            site.found("unchecked-certificate", "The other end's certificate is not checked", "high", 295, _TLS)
        elif target.attr == "minimum_version" and site.dotted(node.value).endswith(_OLD):
            site.found(
                "old-tls",
                "Old versions of TLS are accepted",
                "high",
                326,
                "Set minimum_version to TLSVersion.TLSv1_2 or higher.",
            )
        elif target.attr == "_create_default_https_context":
            site.found(
                "unchecked-certificate", "Certificates are no longer checked in the whole program", "high", 295, _TLS
            )
    if isinstance(target, ast.Subscript):
        _option(site, constant_text(target.slice) or "", node.value)
    elif isinstance(node.value, ast.Dict):
        for key, value in zip(node.value.keys, node.value.values, strict=True):
            _option(site, constant_text(key) or "", value)
    if (
        isinstance(target, ast.Subscript)
        and site.dotted(target.value) == "os.environ"
        and (site.text(target.slice) in _WHOLE_PROGRAM and site.text(node.value) in ("0", ""))
    ):
        site.found(
            "unchecked-certificate", "Certificates are no longer checked in the whole program", "high", 295, _TLS
        )


def _loosened(site: Site) -> None:
    """``context.options &= ~ssl.OP_NO_SSLv3`` and ``context.options = 0``."""
    node = site.node
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.BitAnd) and isinstance(node.target, ast.Attribute):
        if (
            node.target.attr == "options"
            and isinstance(node.value, ast.UnaryOp)
            and "OP_NO_" in site.dotted(node.value.operand)
        ):
            site.found("old-tls", "Old versions of TLS are accepted", "high", 326, "Leave the context's options.")
        elif node.target.attr == "verify_flags" and isinstance(node.value, ast.UnaryOp):
            site.found("unchecked-certificate", "Checks of the certificate are switched off", "medium", 295, _TLS)


def _switched(site: Site) -> None:
    """``client.tls_insecure_set(True)``."""
    if site.call.args and is_constant(site.call.args[0], True, 1):
        _unverified(site)


def _port(site: Site) -> None:
    """``socket.bind("tcp://*:5555")`` of ZeroMQ, ``server.add_insecure_port("[::]:50051")`` of gRPC."""
    address = site.text(site.argument(0, "address", "addr")) or ""
    if address.startswith(("tcp://*", "tcp://0.0.0.0", "[::]:", "0.0.0.0:")):
        message = "Everybody who reaches this machine can connect"
        site.found(
            "all-interfaces",
            message,
            "medium",
            605,
            "Listen on 127.0.0.1, or on the one address that is meant.",
            confidence=0.6,
        )


def _unverified(site: Site) -> None:
    site.found("unchecked-certificate", "The other end's certificate is not checked", "high", 295, _TLS)


def _context(site: Site) -> None:
    version = site.dotted(site.argument(0, "protocol", "method", "ssl_version"))
    for keyword in site.call.keywords:
        if keyword.arg in ("ssl_version", "method", "protocol"):
            version = site.dotted(keyword.value)
    if version.endswith(_OLD):
        site.found("old-tls", "Old versions of TLS are accepted", "high", 326, "Use ssl.create_default_context().")
    elif site.last == "wrap_socket" and site.name == "ssl.wrap_socket":
        site.found(
            "unchecked-certificate",
            "ssl.wrap_socket checks no certificate",
            "high",
            295,
            "Use ssl.create_default_context().wrap_socket(sock, server_hostname=host).",
        )
    elif (
        version.endswith(("PROTOCOL_TLS", "PROTOCOL_TLS_SERVER"))
        and site.name == "ssl.SSLContext"
        and not site.mentions("verify_mode", "minimum_version", "load_cert_chain", "check_hostname")
    ):
        site.found("unchecked-certificate", "This context checks no certificate", "medium", 295,
            "Use ssl.create_default_context().", confidence=0.6)  # fmt: skip
    elif site.name == "ssl.SSLContext" and not version:
        site.found(
            "old-tls",
            "The protocol is left to a deprecated default",
            "medium",
            326,
            "Use ssl.create_default_context().",
            confidence=0.5,
        )


def _host_keys(site: Site) -> None:
    policy = site.dotted(site.argument(0, "policy")).removesuffix("()")
    if policy.endswith(("AutoAddPolicy", "WarningPolicy")):
        site.found(
            "unchecked-host-key", "Any host key is accepted", "high", 322, "Load known_hosts and use RejectPolicy."
        )


def _verified(site: Site) -> None:
    """pyOpenSSL's ``set_verify(VERIFY_NONE, ...)``, python-ldap's ``OPT_X_TLS_NEVER``, curl's ``SSL_VERIFYPEER``."""
    kinds = [site.dotted(argument) for argument in site.call.args]
    first, second = (*kinds, "", "")[:2]
    callback = site.argument(1, "callback")
    if (
        (site.last == "set_verify" and first.endswith("VERIFY_NONE"))
        or (isinstance(callback, ast.Lambda) and is_constant(callback.body, True) and site.last == "set_verify")
        or second.endswith(("OPT_X_TLS_NEVER", "OPT_X_TLS_ALLOW"))
        or (first.endswith(("SSL_VERIFYPEER", "SSL_VERIFYHOST")) and is_constant(site.argument(1), 0, False))
    ):
        _unverified(site)


def _program(site: Site) -> None:
    """``curl -k``, ``wget --no-check-certificate``, ``git -c http.sslVerify=false`` in a list of arguments."""
    words = site.call.args[0] if site.call.args else None
    texts = [t for e in getattr(words, "elts", [words]) if (t := constant_text(e))]
    whole = " ".join(texts).split()
    switches = {"curl": ("-k", "--insecure"), "wget": ("--no-check-certificate",), "git": ("http.sslVerify=false",)}
    if whole and any(switch in whole for switch in switches.get(whole[0].rpartition("/")[2], ())):
        _unverified(site)


def _ssh(site: Site) -> None:
    if is_constant(site.keyword("known_hosts"), None):
        site.found("unchecked-host-key", "Any host key is accepted", "high", 322, "Leave known_hosts on.")


def _login(site: Site) -> None:
    """SMTP, IMAP, POP3: a password over a connection that was not switched to TLS."""
    made = site.dotted(site.call.func)
    if made.startswith(("smtplib.SMTP().", "imaplib.IMAP4().", "poplib.POP3().", "ldap3.Connection().")):
        function = site.where.node or site.evaluator.module
        if function is not None and not any(
            isinstance(n, ast.Attribute) and n.attr in ("starttls", "stls", "start_tls") for n in ast.walk(function)
        ):
            site.found("plain-transport", "A password travels unencrypted", "medium", 319, _PLAIN)


def _plain_client(site: Site) -> None:
    site.found("plain-transport", "What is sent here travels unencrypted", "high", 319, _PLAIN)


def _plain_address(site: Site) -> None:
    url = site.argument(0, "url", "fullurl")
    head = (beginning(site, url) or site.value(url).head) if url is not None else ""
    if not head.lower().startswith(("http://", "ftp://")):
        return
    host = head.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    if (
        host in ("localhost", "127.0.0.1", "[", "0.0.0.0", "host.docker.internal")  # noqa: S104 - names a host
        or host.endswith((".local", ".internal", ".test", ".localhost"))
        or host.startswith(("10.", "192.168.", "172.16.", "169.254."))
    ):
        return
    sends = any(k.arg in ("auth", "data", "json", "headers", "cookies") for k in site.call.keywords) or site.last in (
        "post",
        "put",
        "patch",
    )
    site.found(
        "plain-transport", "A request travels unencrypted", "medium", 319, _PLAIN, confidence=0.8 if sends else 0.5
    )


def _served(site: Site) -> None:
    if is_constant(site.keyword("debug"), True) and (
        site.uses("flask", "bottle", "quart", "sanic", "fastapi", "tornado", "dash", "uvicorn")
        or site.last != "Application"
    ):
        site.found(
            "debug-mode",
            "Debug mode shows internals and may run a visitor's code",
            "high",
            489,
            "Leave debug off outside development.",
        )


def _run(site: Site) -> None:
    _served(site)
    _program(site)


def _simple(site: Site) -> None:
    if site.last == "DebuggedApplication" or is_constant(site.keyword("use_debugger"), True):
        site.found(
            "debug-mode",
            "A visitor may run code in the debugger",
            "high",
            489,
            "Leave the debugger off outside development.",
        )


def _ciphers(site: Site) -> None:
    words = (site.text(site.argument(0, "ciphers", "cipherlist")) or "").replace(",", ":").replace(" ", ":").split(":")
    if any(not w.startswith(("!", "-")) and any(weak in w for weak in _WEAK_SUITES) for w in words):
        site.found("old-tls", "Weak ciphers are accepted", "medium", 327, "Leave the cipher list to the library.")


def _debugger(site: Site) -> None:
    site.found("debugger-left", "A debugger is left in the program", "medium", 489, "Remove it.", confidence=0.9)


def _bound(site: Site) -> None:
    address = site.argument(0, "address", "server_address")
    if isinstance(address, ast.Constant):
        _port(site)
    if isinstance(address, ast.Tuple) and address.elts and is_constant(address.elts[0], "", "::"):
        site.found(
            "all-interfaces",
            "Everybody who reaches this machine can connect",
            "medium",
            605,
            "Listen on 127.0.0.1, or on the one address that is meant.",
            confidence=0.6,
        )


def _ftp(site: Site) -> None:
    _plain_client(site)


_REQUESTS = tuple(
    f"{library}.{verb}"
    for library in ("requests", "httpx")
    for verb in ("get", "post", "put", "patch", "delete", "head", "options")
)
FAMILY = Family(
    calls={
        **dict.fromkeys(("ssl._create_unverified_context", "ssl._create_stdlib_context"), _unverified),
        **dict.fromkeys(("ssl.wrap_socket", "ssl.SSLContext", "OpenSSL.SSL.Context", "SSL.Context"), _context),
        **dict.fromkeys(("ftplib.FTP", "telnetlib.Telnet", "ftplib.FTP_TLS().prot_c"), _ftp),
        **dict.fromkeys((*_REQUESTS, "urllib.request.urlopen", "urllib.request.Request"), _plain_address),
        "asyncssh.connect": _ssh,
        **dict.fromkeys(("pdb.set_trace", "ipdb.set_trace", "breakpoint", "pudb.set_trace", "code.interact"), _debugger),
    },
    methods={"set_missing_host_key_policy": _host_keys, "login": _login,
        **dict.fromkeys(("Starlette", "FastAPI", "Application", "Litestar"), _served),
        **dict.fromkeys(("set_verify", "set_option", "setopt"), _verified),
        "tls_insecure_set": _switched, "add_insecure_port": _port,
        "run": _run, **dict.fromkeys(("run_simple", "DebuggedApplication"), _simple),
        **dict.fromkeys(("set_ciphers", "set_cipher_list"), _ciphers),
        **dict.fromkeys(("check_call", "check_output", "Popen", "call", "system"), _program), **dict.fromkeys(("bind", "HTTPServer",
        "ThreadingHTTPServer", "TCPServer", "UDPServer", "create_server"), _bound)},
    every_call=(_switches,),
    assignments=(_assigned,),
    changes=(_loosened,),
)  # fmt: skip
