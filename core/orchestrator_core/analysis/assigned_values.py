"""Values behind a name that tells of a secret: ``password: ...``, ``API_KEY=...``, ``--token ...``.

A name alone proves nothing in a developer's text (``token = get_token()``), so whoever searches judges each value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from orchestrator_core.analysis.lazy_patterns import compiled

_ASCII_LOWER = {ord("A") + i: ord("a") + i for i in range(26)}

_PASSWORDS = ("passw", "pwd", "passphrase", "credential")
_TOKENS = ("secret", "token")
# A bare "key" is any dictionary key; one of these must stand before it.
_KEY_KINDS = (
    "api", "access", "secret", "private", "auth", "encryption", "encrypt", "signing", "account", "storage", "master", "client",
    "service", "admin", "license", "subscription", "app", "deploy", "hmac", "session", "application",
)  # fmt: skip

_SEPARATOR = (
    r"(?:ord|d)?+s?+(?P<suffix>[\w.-]{0,20}+)(?P<close>(?:%22|[\"'\])\\*`?]{0,8}+))"
    r"(?:(?:[ \t]{0,3}+:)?[ \t]{0,3}+(?:&(?:'static )?)?(?:str|bytes|string|const|final|any)[ \t]{0,3}+(?==))?"
    r"(?P<sep>[ \t]{0,3}+:[ \t]{0,3}+\{\s{0,8}+[\"']value[\"'][ \t]{0,3}+:[ \t]{0,3}+|%3[ad](?:%22|%27|%20)?|"
    r"[ \t]{0,4}+=3d[ \t]++|[ \t]{0,4}+(?:={1,3}+>?|:=?|=>|>)"
    r"(?:[ \t]{0,3}+[|>][+-]?[ \t]{0,3}+(?=[\r\n]))?\s{0,8}+"
    r"|[\"']?,?\s{1,12}+[\"']?value[\"']?[ \t]{0,3}+[:=][ \t]{0,3}+|,[\"']value[\"']:[ \t]?"
    r"|,[ \t]{0,3}+(?=[\"'`])|[ \t]{0,3}+\|[ \t]{0,3}+"
    r"|[ \t]{1,2}+(?:is|was)(?:[ \t]*+:)?[ \t]++|[ \t]++)"
    r"(?:!!str[ \t]{1,3}+)?(?:(?:str|string|bytes|secretstr|secret)\((?=[\"'])|[\[({]{1,2}(?=[\"'])|[bfru@$]{1,2}(?=[\"'])|\"\"(?=\"))?"
    r"(?:(?P<escape>\\{0,7})(?P<quote>[\"'`]))?"
)
# They travel in plain sight by design.
_HARMLESS_TOKENS = (
    "csrf",
    "csrf_",
    "csrf-",
    "xsrf-",
    "xsrf_",
    "xsrf",
    "continuation",
    "continuation_",
    "continuation-",
    "page_",
    "page-",
    "page",
    "next",
    "next_",
    "next-",
    "sync_",
    "sync-",
)
_COMMANDS = ("env ", "setx ", "set ", "arg ", "define ")
_BEARER = ("bearer ", "basic ", "token ")
_JUDGED_MAX = 200
"""A value is judged by its beginning; a longer one is then taken whole."""
_ESCAPES_MAX = 4
_BLOB = 32
_QUOTED = {quote: rf"[^{quote}\r\n]" for quote in "\"'`"}
_UNQUOTED = r"[^\s\"'`,;<]"
_NEXT_NAME = r"[A-Za-z_][\w.-]{0,60}+="
_WRITTEN_LINE_END = r"(?<!\\)\\++[nrt](?=\Z|[^\w\s]|[A-Za-z_][\w.-]{0,60}+[=:]|(?:[A-Za-z]?[a-z]++|[A-Z]++)\\*+\Z)"  # not within a password


class AssignedValue(Struct, frozen=True):
    """A value with the name in front of it; ``at`` is where the telling part of the name begins, ``start`` where the value does."""

    value: str
    """At most its first 200 characters."""
    at: int
    start: int
    end: int
    name: str
    """The telling part, in lower case: ``password``, ``api_key``, ``tokens``."""
    suffix: str
    """What the name ends with after its telling part, such as ``_PROD``."""
    password: bool
    """The name tells of something that a person thought up."""
    separator: str
    """Without white space; ``is`` in prose, empty on a command line."""
    quote: str


def find_assigned(text: str, is_secret: Callable[[AssignedValue], bool]) -> Iterator[AssignedValue]:
    """Each value behind a telling name that ``is_secret`` takes for one; its ``end`` is that of the whole value."""
    lowered = text.lower()
    if len(lowered) != len(text):  # some letters grow in lower case and would shift every offset
        lowered = text.translate(_ASCII_LOWER)
    for keyword in (*_PASSWORDS, "pass", *_TOKENS, "key"):
        at = lowered.find(keyword)
        while at >= 0:
            after = at + len(keyword)
            begin = _begin_of_key(lowered, at) if keyword == "key" else at
            if keyword == "pass" and (lowered[after : after + 1].isalnum() or lowered[at - 1 : at].isalnum()):
                begin = -1  # bypass, passed: only the word itself
            elif keyword == "token" and lowered.endswith(_HARMLESS_TOKENS, max(0, at - 14), at):
                begin = -1
            if begin >= 0:
                found = _value(text, lowered, (begin, at, after), keyword in _PASSWORDS or keyword == "pass", is_secret)
                if found is not None:
                    yield found
                    after = found.end
                elif keyword == "pass" and not any(c.isspace() for c in text[at : at + _BLOB]):
                    after = at + _BLOB  # nobody assigns that often in a row
            at = lowered.find(keyword, after)


def _begin_of_key(lowered: str, at: int) -> int:
    """Where a name like ``api_key`` begins whose ``key`` stands here, -1 where that is any key."""
    before = lowered[max(0, at - 14) : at]
    kinds = before.rstrip("_- .")
    for kind in _KEY_KINDS:
        if kinds.endswith(kind):
            return at - len(before) + len(kinds) - len(kind)
    return -1


def _value(
    text: str,
    lowered: str,
    name: tuple[int, int, int],
    password: bool,
    is_secret: Callable[[AssignedValue], bool],
) -> AssignedValue | None:
    begin, at, after = name
    middle = compiled(_SEPARATOR).match(lowered, after)
    if middle is None:
        return None
    separator, quote = middle["sep"].strip(), middle["quote"] or ""
    bare = not separator and _takes_bare_value(text, lowered, begin, at, middle["sep"])
    if text[at:after].lower() == "pass" and not separator and not bare:
        return None  # a verb far more often
    if separator == "," and not middle["close"]:
        return None  # a list of words, not of strings
    if not separator and not bare and not (quote and (password or not middle["close"])):
        return None  # only commands put a value after a mere space, and prose a quoted one
    start = middle.end()
    if not quote and "\n" in middle["sep"] and compiled(_NEXT_NAME).match(text, start):
        return None  # nothing was assigned, and the next line follows
    for scheme in _BEARER:
        if lowered.startswith(scheme, start):
            start += len(scheme)
    character = _QUOTED[quote] if quote else _UNQUOTED
    head = compiled(f"{character}{{1,{_JUDGED_MAX}}}+").match(text, start)
    if head is None:
        return None
    end = head.end() if quote else _end_of_bare(text, at, start, head.end(), encoded=separator.startswith("%"))
    if quote and not middle["escape"]:
        end = _past_escaped_quotes(text, end, quote, character)
    while quote and end > start and text[end - 1] == "\\":
        end -= 1
    if end == start:
        return None
    telling = lowered[begin : middle.start("suffix")]
    suffix = text[middle.start("suffix") : middle.end("suffix")]
    found = AssignedValue(
        text[start : min(end, start + _JUDGED_MAX)], begin, start, end, telling, suffix, password, separator, quote
    )
    if not is_secret(found):
        return None
    if head.end() - start == _JUDGED_MAX:
        rest = compiled(f"{character}++").match(text, end)
        return replace(found, end=rest.end()) if rest is not None else found
    return found


def _takes_bare_value(text: str, lowered: str, begin: int, at: int, space: str) -> bool:
    """Whether a value may follow a mere space: ``--token x``, ``ENV API_TOKEN x``, a column after a tab."""
    line = lowered[max(0, begin - 40) : begin]
    head = line.rstrip("abcdefghijklmnopqrstuvwxyz0123456789_")
    return "--" in text[max(0, at - 24) : at].rpartition(" ")[2] or "\t" in space or head.endswith(_COMMANDS)


def _past_escaped_quotes(text: str, end: int, quote: str, character: str) -> int:
    for _ in range(_ESCAPES_MAX):
        if text[end : end + 1] != quote or text[end - 1] != "\\" or text[end - 2 : end] == "\\\\":
            break
        more = compiled(f"{character}{{1,{_JUDGED_MAX}}}+").match(text, end + 1)
        if more is None:
            break
        end = more.end()
    return end


def _end_of_bare(text: str, at: int, start: int, end: int, *, encoded: bool) -> int:
    """Without the next line of a text that stands in JSON, the next parameter of a web address, and the punctuation of a sentence."""
    if encoded:  # what is around the value is written as it is
        ends = [
            place
            for sign in ("%26", "%22", "%27", "%20", "%7D", "%0A", "%0D", "&")
            if (place := text.find(sign, start, end)) > start
        ]
        return min(ends, default=end)
    if text.find("\\", start, end) >= 0 and (line := compiled(_WRITTEN_LINE_END).search(text, start, end)) is not None:
        end = line.start()
    before = text[max(0, at - 40) : at].rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-")
    if before.endswith(("?", "&")):
        query = text.find("&", start, end)
        end = query if query > start else end
    while end > start and text[end - 1] in ".,:)]}>\\":
        end -= 1
    return end
