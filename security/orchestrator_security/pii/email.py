"""E-mail addresses.

The separator is found first and both sides are read outwards from it, so the time is linear: each character belongs to the
domain of at most one separator and to the local part of at most one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_SEPARATORS = ("@", "%40", "\uff20")
_LOCAL_MAX = 128
_FILE_ENDINGS = frozenset((
    "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "pdf", "css", "js", "ts", "tsx", "jsx", "mjs", "py", "rb",
    "rs", "go", "java", "html", "htm", "json", "yaml", "yml", "toml", "md", "txt", "zip", "gz", "whl",
    "service", "timer", "socket", "mount", "slice", "scope",  # units of systemd: getty@tty1.service
))  # fmt: skip
# Remote addresses of version control (``git@host:path``) name no person.
_SERVICE_LOGINS = frozenset(("git", "hg", "svn", "gitolite"))
# RFC 2606 and RFC 6761 reserve these for documentation and tests.
_RESERVED = (
    ".example",
    ".test",
    ".invalid",
    ".localhost",
    "example.com",
    "example.org",
    "example.net",
)
_EXAMPLE_NAMES = frozenset((
    "user", "you", "me", "name", "email", "mail", "someone", "somebody", "username", "your.name", "first.last",
    "foo", "bar", "test", "noreply", "no-reply", "admin", "info", "support", "root", "postmaster", "webmaster", "hello", "contact",
))  # fmt: skip
# Where documentation says that a reader's own address goes.
_STAND_INS = (
    "company.com",
    "yourcompany.com",
    "your-company.com",
    "yourdomain.com",
    "mydomain.com",
    "domain.com",
    "email.com",
    "mail.com",
)


@cache
def _domain() -> re.Pattern[str]:
    return re.compile(r"[^\W_][\w-]{0,62}+(?:\.[^\W_][\w-]{0,62}+){1,8}+")


@cache
def _local_reversed() -> re.Pattern[str]:
    # RFC 5322 atom characters without quotes, the backtick and braces, which wrap addresses in code far more often.
    return re.compile(r"[\w!#$%&*+/=?^~.-]+")


@cache
def _ideographs() -> re.Pattern[str]:
    # Scripts written without spaces: an address ends where such text begins.
    return re.compile(r"[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]")


def find_emails(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start, end and whether it is an example from documentation, for each address."""
    for separator in _SEPARATORS:
        at = text.find(separator)
        while at >= 0:
            found = _around(text, at, len(separator))
            if found is not None:
                yield found
            at = text.find(separator, at + len(separator))


def _around(text: str, at: int, width: int) -> tuple[int, int, bool] | None:
    domain = _domain().match(text, at + width)
    if domain is None:
        return None
    end = domain.end()
    foreign = _ideographs().search(text, at + width, end)
    if foreign is not None and "." in text[at + width : foreign.start()]:
        end = foreign.start()
    while text[end - 1] in "-_.":
        end -= 1
    name = text[at + width : end]
    top = name.rpartition(".")[2]
    if not (2 <= len(top) <= 24) or not (top.isalpha() or top.startswith("xn--")) or top.lower() in _FILE_ENDINGS:
        return None
    after = text[end : end + 1]
    if after == "(":
        return None  # a call on the right of a matrix product or decorator
    local = _local_reversed().match(text[max(0, at - _LOCAL_MAX) : at][::-1])
    if local is None:
        return None
    foreign = _ideographs().search(local[0])
    length = len((local[0][: foreign.start()] if foreign is not None and foreign.start() else local[0]).rstrip("./="))
    if not length:
        return None
    start = at - length
    user = text[start:at]
    cut = max(user.rfind("/"), user.rfind("="), user.rfind("?"), user.rfind("&"))
    if cut >= 0:  # path, query or assignment in front of the address; these characters are legal in it but not in use
        start += cut + 1
        user = user[cut + 1 :]
    if text.endswith("://", 0, start):
        return None  # the login of a web address
    if user[:1] in "%$" or not any(c.isalnum() for c in user):
        return None  # a template's variable
    if after == ":" and user.lower() in _SERVICE_LOGINS:
        return None
    lowered = name.lower()
    example = lowered.endswith((".invalid", ".localhost", ".localdomain")) or (
        user.lower() in _EXAMPLE_NAMES and (lowered.endswith(_RESERVED) or lowered in _STAND_INS)
    )
    return start, end, example
