r"""Where a secret stands by what is written around it: options of commands, headers, files with fixed columns, calls, and prose.

Each rule is a keyword, a pattern whose group ``secret`` is the value, and how sure one must be of the value itself. Patterns begin
with a keyword or with one character that is rare, and repeat in bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.analysis.random_words import looks_random
from orchestrator_core.analysis.secret_matches import EXAMPLE_PASSWORDS, SecretMatch

_VALUE = r"[\"']?(?P<secret>[^\s\"'<>]{4,128}+)"
_STRING = r"[\"'](?P<secret>[^\"'\r\n]{4,256}+)"
_OPTIONS = r"[^\r\n|;&]{0,120}?[ \t]"
_S = r"[ \t]{0,3}+"
_TELLING = r"(?i:passw(?:or)?d|pass|pwd|secret|token|(?:api|access|auth|private|encryption|signing)[_.-]?key)"
_HEADER_VALUE = r"[\"'`\\]{0,3}(?P<secret>[A-Za-z0-9._~+/=-]{10,4096}+)"
_JUDGED_MAX = 200
# Keys and tokens that travel in plain sight: of caches, handshakes, queues, databases and pages.
_OPEN = (
    "csrf", "xsrf", "cache", "socket", "potency", "rrogate", "tition", "routing", "public", "primary", "foreign", "object", "group",
    "message", "dedup", "lication", "relation", "sort", "host", "row", "page", "next", "nuation", "nation", "sync", "cancel", "device",
    "stop", "hot", "lookup",
)  # fmt: skip
_NOT_OPEN = "".join(f"(?<!(?i:{word})-)" for word in _OPEN)


class _Place(Struct, frozen=True):
    keywords: tuple[str, ...]
    """One of them is in every text that has such a place."""
    pattern: str
    proof: Literal["any", "mixed", "random"] = "any"
    """What the value must be: anything that is no placeholder, letters with digits or signs, or nothing that reads as a word."""


_COMMANDS = (
    _Place(("sshpass",), rf"sshpass[ \t]{{1,3}}+-p{_S}{_VALUE}"),
    _Place(("mysql", "mariadb"), rf"(?:mysql|mariadb)(?:dump|admin)?[^\r\n|;\"]{{0,80}}?[ \t]-p{_VALUE}"),
    _Place((" login ",), rf"(?:docker|podman|registry|az|oras|nerdctl|crane) login{_OPTIONS}-p[ \t=]{{1,3}}+{_VALUE}"),
    _Place(("mongo",), rf"mongo(?:sh|dump|restore|export|import)?[ \t]{_OPTIONS}-p[ \t]{{1,3}}+{_VALUE}"),
    _Place(("redis-cli",), rf"redis-cli{_OPTIONS}(?:-a|--pass)[ \t=]{{1,3}}+{_VALUE}"),
    _Place(("/user:",), rf"/user:[^\s]{{1,64}}+[ \t]{{1,3}}+(?:/pass(?:word)?:)?(?!/){_VALUE}", "mixed"),
    _Place(("sqlcmd", "bcp "), rf"(?:sqlcmd|bcp){_OPTIONS}-P{_S}{_VALUE}"),
    _Place(("ldapsearch", "ldapmodify", "ldapadd"), rf"ldap(?:search|modify|add){_OPTIONS}-w[ \t]{{1,3}}+{_VALUE}"),
    _Place(("smbclient",), rf"smbclient{_OPTIONS}-U[ \t]{{1,3}}+[\"']?[^\s%]{{1,64}}+%{_VALUE}"),
    _Place(
        ("curl", "wget", "http "),
        r"[ \t](?:-u|--user|--proxy-user|-U)[ \t=]{1,3}+[\"']?[^\s:\"'<>$]{1,128}+:(?P<secret>[^\s\"'<>]{6,256}+)",
    ),
    _Place(("login ",), rf"login[ \t\r\n]{{1,4}}+[^\s]{{1,64}}+[ \t\r\n]{{1,4}}+password[ \t]{{1,3}}+{_VALUE}"),
    _Place(("IDENTIFIED BY", "identified by"), rf"(?i:identified by)[ \t]{{1,3}}+{_STRING}"),
    _Place(("SecureString",), rf"SecureString[ \t]{{1,3}}+(?:-String[ \t]{{1,3}}+)?{_STRING}"),
)
_FILES = (
    _Place(("Private-Lines:",), r"Private-Lines: [0-9]{1,3}[\r\n]{1,2}(?P<secret>[A-Za-z0-9+/=\r\n]{40,8000}+)"),
    _Place(("django-insecure-",), r"(?P<secret>django-insecure-[^\s\"'<>]{30,80}+)"),
    _Place(("requirepass", "masterauth"), rf"(?:requirepass|masterauth)[ \t]{{1,3}}+{_VALUE}"),
    # Columns of .pgpass: host, port, database, user, password.
    _Place(
        (":54", ":*:", ":33", ":15", ":27", ":63"),
        r":(?:[0-9]{4,5}|\*):[\w*.-]{1,64}+:[\w*.@-]{1,64}+:(?P<secret>[^\s\"'<>:]{6,128}+)(?=[\r\n]|\Z)",
        "mixed",
    ),
    _Place(
        ("_auth", '"auth', "auth\\", "'auth", "?auth=", "&auth="),
        r"(?:(?<![A-Za-z0-9])_auth|[\"']auth\\{0,3}[\"']|[?&]auth(?==))"
        rf"{_S}[=:]{_S}\\{{0,3}}[\"']?(?P<secret>[A-Za-z0-9+/]{{16,512}}+={{0,2}})(?![\w-])",
    ),
    _Place(
        ("default",),
        r"variable[ \t]{1,3}+(?i:\"[\w-]{0,40}?(?:passw|pwd|secret|token|api_?key|access_?key)[\w-]{0,20}+\")"
        rf"{_S}\{{[^}}]{{0,200}}?default[ \t]{{0,8}}+={_S}{_STRING}",
        "mixed",
    ),
)
_CALLS = (
    _Place(
        ("etenv(", "EnvironmentVariable(", "utenv(", "etdefault(", "define(", "etProperty("),
        r"(?i:setenv|putenv|setenvironmentvariable|setdefault|define|setproperty)\("
        rf"{_S}[\"'][\w.-]{{0,40}}?{_TELLING}[\w.-]{{0,20}}+[\"'],{_S}{_STRING}",
        "mixed",
    ),
    _Place(
        ("jwt.", "jsonwebtoken.", "JWT."),
        rf"(?:jwt|jsonwebtoken|JWT)\.(?:encode|decode|sign|verify)\([^,\r\n]{{1,80}}+,{_S}{_STRING}",
        "random",
    ),
    _Place(
        ("hmac.new(", "createHmac("), rf"(?:hmac\.new\({_S}b?|createHmac\([^,\r\n]{{1,40}}+,{_S}){_STRING}", "random"
    ),
)
_ADDRESSES = (
    _Place(
        ("sig=", "ignature="),
        r"(?:[?&]|%26)(?:sig|(?:[\w-]{0,20}?[Ss])ignature)=(?P<secret>[A-Za-z0-9+/%_-]{20,120}+={0,2})",
        "mixed",
    ),
    _Place(
        ("jdbc:oracle:", "sqlplus"),
        r"(?:jdbc:oracle:[a-z0-9]{2,6}+:|sqlplus[ \t]{1,3}+)[\w.$-]{1,64}+/(?P<secret>[^\s@\"'<>]{4,128}+)@",
    ),
    # A token in the place of the user.
    _Place(("://",), r"://(?P<secret>[A-Za-z0-9_-]{16,255}+)@[A-Za-z0-9\[]", "random"),
)
_HEADERS = (
    _Place(
        ("uthorization",),
        rf"(?i:authorization)[\"'\\]{{0,3}}{_S}[:=,]{_S}[\"'`\\]{{0,3}}(?:[A-Za-z][\w-]{{1,23}}+[ \t]{{1,3}}+)?"
        rf"(?:[Tt]oken=)?{_HEADER_VALUE}",
        "random",
    ),
    _Place(
        ("-Key", "-key", "-KEY", "-Token", "-token", "-TOKEN", "-Secret", "-secret"),
        rf"-{_NOT_OPEN}(?<=[A-Za-z]-)(?i:key|token|secret)"
        rf"[\"'\\]{{0,3}}{_S}[:=,]{_S}{_HEADER_VALUE}",
        "random",
    ),
    _Place(
        ("ookie", "sessionid=", "SESSIONID=", "session=", "connect.sid="),
        r"(?i:(?:PHP|J|ASP\.NET_)?sess(?:ion)?(?:_?id|_?token)?|connect\.sid|\bsid|remember_(?:me|token)|laravel_session|auth|jwt)"
        r"=(?P<secret>[A-Za-z0-9%._-]{12,4096}+)",
        "random",
    ),
)
_PROSE = (
    _Place(
        (
            "asswort", "ennwort", "ot de passe", "ontrase", "enha", "achtwoord", "ösenord", "asło", "eslo", "ароль", "密码", "密碼",
            "パスワード", "비밀번호", "arola d'ordine", "adgangskode", "ifre",
        ),
        r"(?:[Pp]asswort|[Kk]ennwort|[Mm]ot de passe|[Cc]ontrase(?:ñ|n)a|[Ss]enha|[Ww]achtwoord|[Ll]ösenord|[Hh]asło|[Hh]eslo|[Пп]ароль|"
        r"密码|密碼|パスワード|비밀번호|[Pp]arola d'ordine|[Aa]dgangskode|[Şş]ifre)[\"']?"
        rf"(?:{_S}[:=：]{_S}|[ \t]{{1,3}}+(?:ist|lautet|est|es|é|is|är|to|jest|je)[ \t:]{{1,3}}+|{_S}(?:は|是|为|為){_S})`?"
        r"[\"']?(?P<secret>[^\s\"'<>`]{6,128}+)",
        "mixed",
    ),
    # A password without any sign between, where it looks like nothing else.
    _Place(
        ("assword ", "ASSWORD ", "passwd ", "pwd ", "assphrase ", "token ", "secret ", "ret key ", "api key ", "API key "),
        r"(?:word|WORD|passwd|pwd|phrase|token|secret|key)[ \t]{1,3}+(?:to |of |= ?|-> ?|\()?[\"'`(]?"
        r"(?P<secret>[^\s\"'`<>,;()]{8,256}+)(?!\()",
        "random",
    ),
)  # fmt: skip


_PLACES = (*_COMMANDS, *_FILES, *_CALLS, *_ADDRESSES, *_HEADERS, *_PROSE)


def find_command_passwords(text: str) -> Iterator[SecretMatch]:
    """Passwords of commands, headers and files with columns: ``sshpass -p``, ``curl -u user:``, ``requirepass``, ``.pgpass``."""
    for place in _PLACES:
        if any(keyword in text for keyword in place.keywords):
            for match in compiled(place.pattern).finditer(text):
                if _proves(match["secret"][:_JUDGED_MAX], place.proof):
                    yield SecretMatch(
                        "command-password",
                        "a secret by its place: a command, a header or a file",
                        *match.span("secret"),
                    )


def _proves(value: str, proof: str) -> bool:
    if len(set(value)) <= 2 or value[0] in "$<{%*[(" or value.lower() in EXAMPLE_PASSWORDS:
        return False
    if proof == "any":
        return True
    digit = any(c.isdigit() for c in value)
    if proof == "mixed":
        signs = any(c in "!@#$%^&*+=?~" for c in value)
        plain = "(" not in value and "." not in value and any(c.isalpha() for c in value)
        return (plain and (digit or signs)) or looks_random(value)
    inner_capital = value[1:] != value[1:].lower() and value != value.upper()
    return (
        (digit or inner_capital)
        and "(" not in value
        and "://" not in value
        and value[0] not in "./"
        and looks_random(value)
    )
