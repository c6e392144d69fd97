"""Web addresses and names of domains. Found, but not replaced unless that is asked for: a host alone tells of no person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from orchestrator_security.pii.pii_match import PiiMatch
from orchestrator_security.pii.surroundings import before, says

# Without those that are endings of files or attributes in code as well: py, sh, rs, md, pl, io, is, in, id, to, name, app, dev ...
_TOPS = (
    "com|org|net|edu|gov|mil|info|biz|int|museum|online|shop|store|blog|xyz|ac|ad|ae|af|ag|al|ar|at|au|az|ba|be|bg|bo|br|bw|bz|ca|ch|ci|cl|"
    "cn|co|cr|cu|cy|cz|de|dk|dz|ec|ee|eg|es|eu|fi|fj|fr|gb|ge|gh|gi|gl|gr|gt|hk|hn|hr|ht|hu|ie|il|ir|it|je|jm|jo|jp|ke|kr|kw|kz|lb|li|lk|"
    "lt|lu|lv|ly|ma|mc|mg|mk|mt|mu|mx|my|mz|na|ng|ni|nl|no|np|nz|om|pa|pe|pf|pg|ph|pk|pr|pt|qa|ro|ru|sa|se|sg|si|sk|sn|su|sv|sy|th|tj|tn|"
    "tr|tt|tw|tz|ua|ug|uk|us|uy|uz|ve|vn|za|zm|zw|рф"
)
# Those count behind a word about the web.
_FURTHER_TOPS = "pl|io|is|in|to|me|tv|cc|app|dev|ai|md|rs|kiwi|tech|pro|cloud"
_WEB_WORDS = r"websites?|webpage|web page|homepage|domain|visit|blog|web|site|www"
_RESERVED = (
    ".example",
    ".test",
    ".invalid",
    ".local",
    ".localhost",
    ".internal",
    "example.com",
    "example.org",
    "example.net",
    "example.edu",
)


@cache
def _host() -> re.Pattern[str]:
    return re.compile(r"(?:[^\W_][\w-]{0,62}+\.){1,8}[^\W\d_][\w-]{1,23}+(?::[0-9]{1,5})?(?:/(?=[\s\"'<>)\],]|$))?")


@cache
def _top() -> re.Pattern[str]:
    return re.compile(rf"\.(?:{_TOPS}|{_TOPS.upper()})(?![\w(@]|[.:-]\w| ?=)")


@cache
def _labels_reversed() -> re.Pattern[str]:
    return re.compile(r"[\w-]{1,63}+(?:\.[\w-]{1,63}+){0,8}+")


@cache
def _further() -> re.Pattern[str]:
    return re.compile(rf"\.(?:{_FURTHER_TOPS})(?![\w(@]|[.:-]\w| ?=)")


def find_domain_names(text: str) -> Iterator[PiiMatch]:
    """The scheme and the host of web addresses, and bare names under well-known top domains."""
    done = 0
    for scheme in ("http://", "https://", "www."):
        at = text.find(scheme)
        while at >= 0:
            head = at + (0 if scheme == "www." else len(scheme))
            match = _host().match(text, head)
            if match is not None and not (
                scheme == "www." and (text[at - 1 : at].isalnum() or text[at - 1 : at] == "/") and at
            ):
                if not _is_reserved(match[0]):
                    yield PiiMatch("DOMAIN_NAME", at, match.end())
                head = match.end()
            at = text.find(scheme, max(head, at + len(scheme)))
    for match in _top().finditer(text):
        labels = _labels_reversed().match(text[max(done, match.start() - 253) : match.start()][::-1])
        if labels is None:
            continue
        start, end = match.start() - labels.end(), match.end()
        done = end
        left = text[start - 1 : start] if start else ""
        name = text[start:end]
        if (left and left in "@/\\$%{") or name[0] in "-_" or _is_reserved(name):
            continue
        if not name.startswith("www.") and not any(c.isalpha() for c in name.rpartition(".")[0]):
            continue
        yield PiiMatch("DOMAIN_NAME", start, end)

    for match in _further().finditer(text):
        labels = _labels_reversed().match(text[max(0, match.start() - 100) : match.start()][::-1])
        start = match.start() - labels.end() if labels is not None else 0
        name = text[start : match.end()]
        apart = start and text[start - 1] in " :\n" and name[0].isalnum()
        if apart and says(before(text, start, 20), _WEB_WORDS) and not _is_reserved(name):
            yield PiiMatch("DOMAIN_NAME", start, match.end())


def _is_reserved(name: str) -> bool:
    host = name.rstrip("/").partition(":")[0].lower()
    return host.endswith(_RESERVED)
