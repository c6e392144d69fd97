"""Passwords and keys that stand in the code (CWE-259, CWE-798, CWE-321)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.known_secrets import tells_secret
from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.written_secrets import PLACEHOLDERS, is_mixed, is_secret_name, is_value, summed

_FIX = 'Read it from the environment or a secret store: os.environ["..."].'


def _report(site: Site, at: ast.AST) -> None:
    site.found("fixed-secret", "A password or key stands in the code", "medium", 798, _FIX, confidence=0.7, at=at)


def _judge(site: Site, name: str, value: ast.AST | None) -> None:
    text = constant_text(value)
    if name and text is not None and is_secret_name(name) and is_value(name, text) and value is not None:
        _report(site, value)


def _assigned(site: Site) -> None:
    node = site.node
    value = getattr(node, "value", None)
    for target in getattr(node, "targets", None) or [getattr(node, "target", None)]:
        if target is None:
            continue
        name = (constant_text(target.slice) or "") if isinstance(target, ast.Subscript) else last_name(target)
        _judge(site, name, value)
    if isinstance(value, ast.Dict):
        for key, inner in zip(value.keys, value.values, strict=True):
            _judge(site, constant_text(key) or "", inner)
            _header(site, constant_text(key) or "", inner)
    text = constant_text(value) or summed(value)
    if (text and len(text) > 8 and tells_secret(text)) or (
        text is not None
        and any(
            _is_pin(last_name(t))
            for t in (getattr(node, "targets", None) or [getattr(node, "target", None)])
            if t is not None
        )
        and text.isdigit()
        and 3 < len(text) < 13
    ):
        _report(site, site.node)


def _is_pin(name: str) -> bool:
    return bool({"pin", "otp", "passcode", "cvv"} & set(name.lower().split("_")))


def _judge_login(site: Site) -> None:
    """``return user == "admin" and password == "admin"``, ``pw == "letmein"`` in a function that lets people in."""
    node = site.node
    name = getattr(node, "name", "").lower()
    if not any(
        word in name
        for word in (
            "login",
            "auth",
            "signin",
            "sign_in",
            "check_user",
            "check_pass",
            "verify_pass",
            "check_cred",
            "logon",
        )
    ):
        return
    own = {a.arg for a in node.args.args} - {"role", "method", "kind", "mode", "type"}  # type: ignore[attr-defined]
    for inner in ast.walk(node):
        if isinstance(inner, ast.BoolOp) and isinstance(inner.op, ast.And):
            pairs = [
                p for p in inner.values
                if isinstance(p, ast.Compare) and isinstance(p.ops[0], ast.Eq) and constant_text(p.comparators[0])
                    and last_name(p.left) in own
            ]  # fmt: skip
            if len(pairs) >= 2:
                site.found(
                    "fixed-secret",
                    "A name and its password stand in the code",
                    "medium",
                    798,
                    _FIX,
                    confidence=0.7,
                    at=inner,
                )
                return


def _header(site: Site, key: str, value: ast.AST) -> None:
    header = constant_text(value) or ""
    if (
        key.lower() in ("authorization", "x-api-key", "proxy-authorization")
        and header.startswith(("Bearer ", "Basic ", "Token "))
        and is_value("", header.split(" ", 1)[1])
    ) or (
        key.lower()
        in (
            "x-api-key",
            "api-key",
            "apikey",
            "x-auth-token",
            "private-token",
            "x-token",
            "x-access-token",
            "authorization",
            "token",
        )
        and len(header) >= 16
        and not header.isalpha()
        and " " not in header
        and is_value("", header)
    ):
        _report(site, value)


_PEOPLE = frozenset(("users", "accounts", "credentials", "passwords", "logins", "user_db", "creds", "auth", "admins"))


_OF_LOGINS = frozenset(
    ("USER", "HOST", "ENGINE", "user", "host", "username", "dbname", "database", "hostname", "server", "login")
)


def _people(site: Site) -> None:
    """``users = {"admin": "P@ssw0rd1"}``, and headers in any mapping."""
    node = site.node
    if isinstance(node, ast.Dict):
        names = {constant_text(key) or "" for key in node.keys}
        for key, value in zip(node.keys, node.values, strict=True):
            name = constant_text(key) or ""
            if name.lower() in ("password", "passwd") and names & _OF_LOGINS:
                _judge(site, name, value)
            _header(site, name, value)
            if name.lower() in _PEOPLE and isinstance(value, ast.Dict):
                _passwords(site, value)
    elif (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Dict)
        and last_name(node.targets[0]).lower() in _PEOPLE
    ):
        _passwords(site, node.value)


def _passwords(site: Site, people: ast.Dict) -> None:
    for value in people.values:
        text = constant_text(value) or ""
        marks = any(sign.isdigit() or sign in "!#%&*?$+" for sign in text) and any(sign.isalpha() for sign in text)
        if marks and 5 < len(text) < 40 and not set(text) & set(" /:.") and is_value("password", text):
            _report(site, value)
            return


def _called(site: Site) -> None:
    for keyword in site.call.keywords:
        if keyword.arg and isinstance(keyword.value, ast.Constant):
            _judge(site, keyword.arg, keyword.value)
    for argument in (*site.call.args, *(k.value for k in site.call.keywords)):
        if isinstance(argument, ast.Dict):
            for key, inner in zip(argument.keys, argument.values, strict=True):
                _judge(site, constant_text(key) or "", inner)
                _header(site, constant_text(key) or "", inner)
        elif (
            isinstance(argument, ast.Tuple)
            and len(argument.elts) == 2
            and constant_text(argument.elts[1])
            and any(k.arg == "auth" and k.value is argument for k in site.call.keywords)
        ):
            _report(site, argument)
    first = (constant_text(site.call.args[0]) or "").lstrip("-").replace("-", "_") if site.call.args else ""
    if (
        first
        and is_secret_name(first)
        and site.last in ("add_argument", "option", "Option", "argument", "define", "envvar", "config")
    ):
        _judge(site, first, site.keyword("default"))
    if (
        site.last in ("token", "bot_token", "api_key", "password", "with_token", "set_token")
        and len(site.call.args) == 1
    ):
        given = constant_text(site.call.args[0]) or ""
        if len(given) >= 12 and not given.isalpha() and " " not in given and is_value(site.last, given):
            _report(site, site.call.args[0])
    if (
        site.last in ("getenv", "get")
        and len(site.call.args) == 2
        and (
            site.dotted(site.call.func) in ("os.getenv", "os.environ.get")
            or last_name(getattr(site.call.func, "value", ast.Pass()))
            in ("env", "environ", "config", "cfg", "settings", "conf")
        )
    ):
        name, default = constant_text(site.call.args[0]) or "", constant_text(site.call.args[1])
        if is_secret_name(name) and default and len(default) >= 3 and not default.startswith(("http", "/", "${")):
            # A placeholder that stands in for a missing secret is a secret that everybody knows.
            _report(site, site.call.args[1])
    if (
        site.last == "login"
        and len(site.call.args) == 2
        and constant_text(site.call.args[1])
        and "@" in (constant_text(site.call.args[0]) or "@")
    ):
        _report(site, site.call.args[1])
    _positional(site)


def _positional(site: Site) -> None:
    """``FTP_TLS(host, "user", "password")``, and texts that are secrets at any place of a call."""
    for argument in (*site.call.args[:3], *(k.value for k in site.call.keywords)):
        text = constant_text(argument)
        if text and len(text) > 8 and tells_secret(text):
            _report(site, argument)
            return
    if (
        site.last
        in (
            "FTP_TLS",
            "FTP",
            "login",
            "SMTPAuth",
            "HTTPBasicAuth",
            "HTTPDigestAuth",
            "BasicAuth",
            "login_user",
            "basic_auth",
        )
        and len(site.call.args) >= 2
        and (text := constant_text(site.call.args[-1]))
        and constant_text(site.call.args[-2])
        and len(text) >= 4
        and not any(word in text.lower() for word in PLACEHOLDERS)
        and "@" not in text
    ):
        _report(site, site.call.args[-1])


def _defaults(site: Site) -> None:
    arguments = getattr(site.node, "args", None)
    if isinstance(arguments, ast.arguments):
        places = [*arguments.posonlyargs, *arguments.args]
        for argument, default in zip(places[len(places) - len(arguments.defaults) :], arguments.defaults, strict=True):
            _judge(site, argument.arg, default)
        for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            _judge(site, argument.arg, value)


def _compared(site: Site) -> None:
    """``if password == "hunter2"``."""
    node = site.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.NotEq):
        left, right = node.left, node.comparators[0]
        name = last_name(left) or (constant_text(left.slice) or "" if isinstance(left, ast.Subscript) else "")
        _judge(site, name, right)
        text = constant_text(right) or ""
        if name.lower().endswith("key") and len(text) >= 12 and text.isalnum() and is_mixed(text):
            _report(site, right)


FAMILY = Family(
    every_call=(_called,),
    assignments=(_assigned, _people),
    mappings=(_people,),
    functions=(_defaults, _judge_login),
    comparisons=(_compared,),
)
