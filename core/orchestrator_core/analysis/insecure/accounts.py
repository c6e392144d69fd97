"""Passwords that may be short, sessions that never end, secrets in addresses and files (CWE-312, 521, 598, 613)."""

from __future__ import annotations

import ast
from itertools import pairwise

from orchestrator_core.analysis.insecure.definitions import defined, whole_number
from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.secret_names import names_secret
from orchestrator_core.analysis.insecure.site import Family, Site

_LONG = "Ask for 12 characters or more (NIST SP 800-63B: never fewer than 8)."
_ENDS = "Let it end: exp in a token, hours for a session."
_SECRET_PARTS = ("password=", "passwd=", "pwd=", "token=", "api_key=", "apikey=", "secret=", "access_token=", "key=")
_DAY_S = 86_400
_LONGEST_DAYS = 90


def _short(site: Site) -> None:
    site.found("short-password", "Short passwords are accepted", "medium", 521, _LONG, confidence=0.6)


def _field(site: Site) -> None:
    """``PasswordField(validators=[Length(min=4)])``, ``Field(min_length=4)`` for a password."""
    smallest = site.keyword("min") or site.keyword("min_length") or site.keyword("minLength")
    number = whole_number(site, smallest)
    if number is None or number >= 8:
        return
    for name in _assigned_to(site):
        if "passw" in name or "pwd" in name:
            _short(site)
            return


def _assigned_to(site: Site) -> list[str]:
    """Names of the fields at whose line the call stands: ``password = ...``, ``password: str = ...``, a parameter's default."""
    line, found = site.call.lineno, []
    for top in getattr(site.evaluator.module, "body", ()):
        if top.lineno <= line <= (top.end_lineno or 0):
            for inner in ast.walk(top):
                if isinstance(inner, ast.Assign | ast.AnnAssign) and inner.lineno <= line <= (inner.end_lineno or 0):
                    targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
                    found += [last_name(target).lower() for target in targets]
    return found


def _compared(site: Site) -> None:
    """``if len(password) < 6``."""
    node = site.node
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.left, ast.Call):
        return
    if last_name(node.left.func) != "len" or not node.left.args:
        return
    word = _word(node.left.args[0])
    number = whole_number(site, node.comparators[0])
    least = {ast.Lt: 8, ast.GtE: 8, ast.LtE: 7, ast.Gt: 7}.get(type(node.ops[0]))
    if word in ("p", "pw", "value", "text") and "passw" in site.where.name.lower():
        word = "password"
    if ("passw" in word or "pwd" in word) and number is not None and least is not None and 0 < number < least:
        _short(site)


def _word(node: ast.AST) -> str:
    if isinstance(node, ast.Subscript):
        return (constant_text(node.slice) or "").lower()
    return last_name(node).lower()


def _assigned(site: Site) -> None:
    node = site.node
    value = getattr(node, "value", None)
    for target in getattr(node, "targets", None) or [getattr(node, "target", None)]:
        name = (
            (constant_text(target.slice) or "")
            if isinstance(target, ast.Subscript)
            else last_name(target)
            if target
            else ""
        )
        lowered = name.lower()
        if name == "AUTH_PASSWORD_VALIDATORS":
            if isinstance(value, ast.List | ast.Tuple) and not value.elts:
                site.found("short-password", "Any password is accepted", "medium", 521, "Keep Django's validators.")
            elif isinstance(value, ast.List):
                _validators(site, value)
        elif "passw" in lowered and "min" in lowered and "len" in lowered:
            number = whole_number(site, value)
            if number is not None and 0 < number < 8:
                _short(site)
        elif lowered in (
            "session_cookie_age",
            "permanent_session_lifetime",
            "jwt_access_token_expires",
            "access_token_lifetime",
        ):
            if is_constant(value, False, None) or _seconds(site, value) > _LONGEST_DAYS * _DAY_S:
                site.found(
                    "endless-session", "A session lasts for months or for ever", "medium", 613, _ENDS, confidence=0.6
                )
        elif (
            isinstance(target, ast.Subscript)
            and site.uses("configparser")
            and isinstance(value, ast.Dict)
            and _tells(value)
        ) or (
            isinstance(target, ast.Subscript)
            and lowered
            in (
                "password",
                "passwd",
                "credit_card",
                "card_number",
                "cvv",
                "ssn",
            )
            and (
                site.dotted(target.value).endswith("session")
                and not isinstance(value, ast.Constant)
                and _is_secret(value)
            )
        ):
            _kept(site)


def _validators(site: Site, value: ast.List) -> None:
    for inner in ast.walk(value):
        if isinstance(inner, ast.Dict):
            for key, number in zip(inner.keys, inner.values, strict=True):
                length = whole_number(site, number)
                if constant_text(key) == "min_length" and length is not None and length < 8:
                    _short(site)


def _seconds(site: Site, node: ast.AST | None) -> int:
    """A duration; of ``60 * 60 * 24 * 365`` the product."""
    if isinstance(node, ast.Call) and last_name(node.func) == "timedelta":
        units = {"days": _DAY_S, "weeks": 7 * _DAY_S, "hours": 3600, "minutes": 60, "seconds": 1}
        given = [(units.get(k.arg or "", 0), whole_number(site, k.value) or 0) for k in node.keywords]
        first = whole_number(site, node.args[0]) or 0 if node.args else 0
        return sum(unit * number for unit, number in given) + first * _DAY_S
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _seconds(site, node.left) * _seconds(site, node.right)
    return whole_number(site, node) or 0


def _token(site: Site) -> None:
    """A token whose claims, written out, have no ``exp``."""
    claims = defined(site, site.argument(0, "payload", "claims"))
    if not isinstance(claims, ast.Dict) or any(key is None for key in claims.keys):
        return
    keys = {constant_text(key) for key in claims.keys}
    for key, value in zip(claims.keys, claims.values, strict=True):
        if constant_text(key) == "exp" and any(
            isinstance(i, ast.Call) and _seconds(site, i) > 4 * _LONGEST_DAYS * _DAY_S for i in ast.walk(value)
        ):
            site.found("endless-session", "A token lasts for a year or longer", "medium", 613, _ENDS, confidence=0.6)
    scope = site.where.node or site.evaluator.module
    added = scope is not None and any(
        (isinstance(i, ast.Constant) and i.value == "exp") or (isinstance(i, ast.keyword) and i.arg == "exp")
        for i in ast.walk(scope)
    )
    if "exp" not in keys and not added:
        site.found("endless-session", "A token never expires", "low", 613, _ENDS, confidence=0.5)


def _address(site: Site) -> None:
    """``f"https://host/login?password={password}"``: addresses are logged and kept by everything on the way."""
    node = site.node
    parts: list[ast.AST]
    if isinstance(node, ast.JoinedStr):
        parts = list(node.values)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts, left = [], node
        while isinstance(left, ast.BinOp):
            parts.append(left.right)
            left = left.left  # type: ignore[assignment]
        parts.append(left)
        parts.reverse()
    else:
        return
    web = False
    for part, following in pairwise(parts):
        text = constant_text(part)
        web = web or (text is not None and ("://" in text or text.startswith("/") or "?" in text))
        if text is not None and web and text.lower().endswith(_SECRET_PARTS) and ("?" in text or "&" in text):
            value = following.value if isinstance(following, ast.FormattedValue) else following
            if "reset" not in text and last_name(value).lower() in (
                "tok",
                "t",
                "pw",
                "pwd",
                "key",
                "k",
                "secret",
                "s",
                "pass_",
                "p",
            ):
                site.found("secret-in-address", "A secret stands in an address, which is logged on its way", "medium", 598,
                    "Send it in a header or the body.", confidence=0.5)  # fmt: skip
                return
            if "reset" not in text and _is_secret(value, wide=text.lower().endswith(("key=", "secret=", "password="))):
                site.found(
                    "secret-in-address", "A secret stands in an address, which is logged on its way", "medium", 598,
                    "Send it in a header or the body.", confidence=0.6,
                )  # fmt: skip
                return


def _params(site: Site) -> None:
    params = site.keyword("params")
    if isinstance(params, ast.Dict) and any(
        (constant_text(key) or "").lower() in ("password", "passwd", "pwd", "secret") and _is_secret(value)
        for key, value in zip(params.keys, params.values, strict=True)
    ):
        site.found(
            "secret-in-address", "A secret stands in an address", "medium", 598, "Send it in the body.", confidence=0.6
        )


def _kept(site: Site) -> None:
    site.found(
        "secret-kept-plain",
        "A secret is kept unencrypted",
        "medium",
        312,
        "Keep a hash, or use the system's keyring.",
        confidence=0.5,
    )


def _written(site: Site) -> None:
    """``json.dump({"password": password}, file)``, ``file.write(password)``."""
    if site.last in ("write", "write_text", "writelines") and site.dotted(site.call.func).startswith(
        ("sys.", "self.wfile", "response")
    ):
        return
    if any(_tells(argument) for argument in site.call.args[:1]):
        _kept(site)


def _tells(node: ast.AST) -> bool:
    if isinstance(node, ast.Dict):
        return any(
            (constant_text(key) or "").lower() in ("password", "passwd", "pwd", "card_number", "cvv", "ssn")
            and _is_secret(value)
            for key, value in zip(node.keys, node.values, strict=True)
        )
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(p, ast.FormattedValue) and _is_secret(p.value, password=True) for p in node.values)
    if isinstance(node, ast.BinOp):
        return _tells(node.left) or _tells(node.right)
    return _is_secret(node, password=True)


def _is_secret(node: ast.AST | None, *, password: bool = False, wide: bool = False) -> bool:
    """A variable that holds a secret as it is; no call has changed it."""
    if isinstance(node, ast.Subscript):
        word = constant_text(node.slice) or ""
    elif isinstance(node, ast.Call) and last_name(node.func) in ("get", "getpass", "encode"):
        word = (constant_text(node.args[0]) or "") if node.args else _word(getattr(node.func, "value", node))
    else:
        word = last_name(node) if node is not None else ""
    word = word.lower()
    if "hash" in word or "encrypt" in word or "public" in word:
        return False
    if wide and word.endswith("key"):
        return True
    return names_secret(word) and (not password or any(w in word for w in ("passw", "secret", "pwd", "private_key")))


def _inserted(site: Site) -> None:
    """``execute("INSERT INTO users (name, password) ...", (name, password))``."""
    text = (site.text(site.argument(0)) or "").lower()
    values = site.argument(1)
    if (
        any(word in text for word in ("passw", " user", " account", " login", " member"))
        and text.lstrip().startswith(("insert", "update", "replace"))
        and isinstance(values, ast.Tuple | ast.List)
    ) and any(_is_secret(value, password=True) and "passw" in _word(value) for value in values.elts):
        site.found(
            "plain-password", "A password is stored as it was typed", "low", 256, "Store a hash made with bcrypt or argon2.",
            confidence=0.4,
        )  # fmt: skip


def _cookie(site: Site) -> None:
    name = (site.text(site.argument(0, "key", "name")) or "").lower()
    if name in ("password", "passwd", "pwd", "credit_card", "ssn"):
        _kept(site)


FAMILY = Family(
    calls={
        **dict.fromkeys(("json.dump", "pickle.dump", "yaml.dump", "toml.dump", "yaml.safe_dump"), _written),
        **dict.fromkeys(("jwt.encode", "jose.jwt.encode"), _token),
    },
    methods={
        **dict.fromkeys(("Length", "Field", "CharField", "MinLengthValidator", "StringField", "constr", "String"), _field),
        **dict.fromkeys(("write", "write_text"), _written),
        **dict.fromkeys(("get", "post", "request"), _params), "set_cookie": _cookie, **dict.fromkeys(("execute", "executemany"), _inserted),
    },
    assignments=(_assigned,),
    comparisons=(_compared,),
    texts=(_address,),
)  # fmt: skip
