"""Values that would be more than one argument to a shell.

The value is one argument of a command. What makes it more: substitution and expansion, a separator with a command behind it,
redirection, code of the language that calls the shell, an option that starts a program, and a second command of a line
protocol (CWE-78, CWE-88, CWE-77; POSIX.1-2024 XCU 2, cmd.exe and PowerShell grammar). A separator alone is no finding:
people write semicolons and ampersands, so what stands behind it decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.encoded import folded, forms, lowered
from orchestrator_security.sinks.shell_patterns import (
    CALL,
    CODE,
    DIRECT,
    FUNCTIONS,
    GLOB,
    HISTORY,
    LOOPS,
    MAIL,
    OPTION,
    REDIRECTIONS,
    SUBSTITUTIONS,
    Table,
)
from orchestrator_security.sinks.shell_words import PLAIN, SECOND, WORDS

_SUSPECT = r"[;|&$`<>\n\r(){}%!^\\?*\[#:'\"/\uff00-\uff65-]|^(?:sudo |[a-z]+ |[a-z]+\d+ |/)"

_BACKTICKS = r"`([^`]{1,400})`"
_BRACES = r"(?:^|[\s;|&`(=])\{,{0,3}([a-z0-9_./\-]{1,40})((?:,[^\s,{}]{0,200}){1,20})\}"
_RULES: tuple[tuple[str, Table, Severity, str], ...] = (
    ("shell.substitution", SUBSTITUTIONS, "high", "a command or variable that the shell would expand"),
    ("shell.function", FUNCTIONS, "high", "a shell function definition"),
    ("shell.loop", LOOPS, "high", "a loop or condition of a shell"),
    (
        "shell.redirection",
        REDIRECTIONS,
        "high",
        "a redirection to or from a file",
    ),
    ("shell.code", CODE, "high", "program code that starts a command"),
    ("shell.glob", (("/", GLOB),), "medium", "a command or system file spelt with wildcards"),
    ("shell.option", (("-", OPTION),), "high", "an option that starts another program"),
    ("shell.direct", (("", DIRECT),), "medium", "a whole command where one argument is expected"),
    ("shell.mail", (("", MAIL),), "medium", "a further command of a mail or database protocol"),
    ("shell.history", (("!", HISTORY),), "medium", "a history expansion"),
)

# The token is optional, so that a run of separators is consumed as one match and looked at once.
_SEPARATED = r"[;|&\n\r][;|&\s(){}\[\]@!,+=:]*+([^\s\x00;|&<>(){}]{1,80})?"
_BROKEN = (
    r"(?<![\w$:\\/])(?:[a-z0-9]{0,12}(?:\\|\^|''|\"\"|['\"][a-z]{1,12}['\"]|`[a-z]{1,3}`(?=\w)|\$@|\$\*"
    r"|\$\{[^}]{0,20}\})){1,12}[a-z0-9]{0,12}(?![\w\\/])"
)
_CLOSED = r"\s*+(?:/[\w/]{1,40}/)?([a-z]{2,12}\d?)\s{0,3}(?:;|\||&){1,3}(?:\\n|\s)*+"
_ENTITY = r"&(?:#\w{1,8}|[a-z]{2,8}\d{0,2})$"
_ARGUMENT = (
    r"\s*+(?:-{1,2}\w|/(?:[\w?*.]|\s|$)|\\|~|\.[\w./]|\$|%\w|\*|\d+\s*+(?:$|[\x00;|&#'\"`)])"
    r"|[a-z]:\\|[\w.\-]+/\S+/|[\w.\-]{1,60}\.(?:txt|php|conf|ini|sh|log|py|exe|html?|xml|db|cfg|bat|jsp"
    r"|aspx?)\b"
    r"|\w{2,5}://|[<>]|'[^']{0,200}'|\"[^\"]{0,200}\")"
)
_NO_WORD = r"['\"]?-{1,2}\w{1,20}|\w{1,30}(?:=\w{0,30}|['\")]{1,3})|[\w:@~%+=\-]*[./\\][\w./\\:@~%+=\-]*\w['\")]{0,3}"
_ENDS = r"\s*+(?:$|\x00|[;|&#)`}'\"\n\r])"
_EXECUTABLE = (
    r"/(?:usr|bin|sbin|etc|opt|tmp|var|dev|home|proc|root|[a-z]{0,4}[?*\[])[\w?*\[]{0,8}/|\.{1,2}/\w"
    r"|[a-z]:\\|\\+(?:windows|winnt|usr|bin)\b|.{1,60}\.(?:exe|bat|cmd|ps1|vbs)$"
    r"|\$\{?[a-z_@*]|%\w+%|\[\[?$"
)
_NOISE = r"[\\^'\"`]|\$@|\$\*|\$[0-9]|\$\{[^}]{0,20}\}|\$[a-z]\b"


class ShellScanner:
    """Command injection in a value that is to be one argument of a shell command."""

    name = "shell"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return context.sink == "shell" and compiled(_SUSPECT, re.IGNORECASE).search(text) is not None

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        hits: dict[str, Hit] = {}
        seen: set[str] = set()
        for form in map(folded, _all_forms(text)):
            if form in seen:
                continue
            seen.add(form)
            for rule, start, end, severity, message in _found(form, lowered(form)):
                if rule not in hits:
                    same = form is text
                    hits[rule] = Hit(
                        rule,
                        "command_injection",
                        start if same else 0,
                        end if same else len(text),
                        severity=severity,
                        message=message,
                        cwe="CWE-88" if rule == "shell.option" else "CWE-78",
                        owasp_llm="LLM05",
                    )
            if hits:
                break  # what further decoding would show changes no decision
        return list(hits.values())


def _all_forms(text: str) -> Iterator[str]:
    for form in forms(text):
        if "+" in form and " " not in form and not form.isalnum():
            yield form.replace("+", " ")  # a value of a web form that nobody decoded
        unescaped = form
        if "\\n" in form or "\\r" in form:
            # A line break that is still to be unescaped; in a Windows path the letter belongs to a name.
            unescaped = compiled(r"\\(?<![\w:.\\]\\)[nr]|\\[nr]$").sub("\n", form)
        if form is text or unescaped == form:
            yield form
        if unescaped != form:
            yield unescaped


def _found(form: str, plain: str) -> Iterator[tuple[str, int, int, Severity, str]]:
    """``plain`` is the form in lower case."""
    for rule, table, severity, message in _RULES:
        tried = ""
        for literal, source in table:
            if source is not tried and literal in plain:
                tried = source
                if match := compiled(source).search(plain):
                    yield rule, *match.span(), severity, message
                    break
    for rule, pattern, holds, is_one, message in _READ:
        for match in compiled(pattern).finditer(plain) if holds in plain else ():
            if is_one(match):
                yield rule, *match.span(), "high", message
                break
    match = compiled(_CLOSED).fullmatch(plain)
    if match and match[1] in PLAIN:
        yield "shell.command", 0, len(form), "high", "a command with a separator behind it"
    separated = _Separated(form, plain)
    for match in compiled(_SEPARATED).finditer(plain):
        if match[1] and separated.runs(match):
            yield "shell.command", *match.span(), "high", "a separator with a command behind it"
            break


def _is_closed(match: re.Match[str]) -> bool:
    return match.string.find(")", match.end(), match.end() + 2_000) >= 0


def _is_list(match: re.Match[str]) -> bool:
    name = match[1].rpartition("/")[2]
    return name in PLAIN or (name in WORDS and any(sign in match[2] for sign in "/$-"))


def _is_broken(match: re.Match[str]) -> bool:
    return compiled(_NOISE).sub("", match[0]) in PLAIN and not match[0][1:-1].isalnum()


def _substitutes(match: re.Match[str]) -> bool:
    """Whether what stands between backticks is a command; people set off any word that way."""
    inner, text = match[1], match.string
    if any(sign in inner for sign in ("$(", "${", "&&", "||", "<<<")):
        return True
    token = word = "".join(inner.split(None, 1)[:1])
    if not token.isalnum():
        if compiled(_EXECUTABLE).match(token):
            return True
        word = compiled(_NOISE).sub("", token).rpartition("/")[2].rstrip(";|&)")
    if word in PLAIN:
        return True
    if word not in WORDS:
        return False
    if text.find(" ", 0, match.start()) < 0 and text.find(" ", match.end()) < 0:
        return True
    return compiled(_ARGUMENT).match(inner[len(token) :].lstrip(" ") or "x") is not None


_ANY = "/"

_Look = Callable[[re.Match[str]], bool]
# Each rule with a pattern, what every match of it holds, and what a match must be besides.
_READ: tuple[tuple[str, str, str, _Look, str], ...] = (
    ("shell.substitution", _BACKTICKS, "`", _substitutes, "a command that the shell would run first"),
    ("shell.code", CALL, "(", _is_closed, "a call that runs a command"),
    ("shell.braces", _BRACES, "{", _is_list, "a command spelt as a list in braces"),
    ("shell.command", _BROKEN, "", _is_broken, "a command whose name is broken up"),
)


class _Separated:
    """What stands behind the separators of a text; ``plain`` is the text in lower case."""

    def __init__(self, form: str, plain: str) -> None:
        self._form = form
        self._plain = plain
        self._words: dict[str, str] = {}
        blank = compiled(r"\s*+(\S*+)\s*+").match(plain)
        self._content, self._behind_first = (blank.start(1), blank.end()) if blank else (0, 0)
        letter = compiled(r"[^\W\d_]").search(plain)
        self._letter = letter.start() if letter else len(plain)
        self._table = plain.count("|") > 2 and plain.lstrip().startswith("| ") and plain.rstrip().endswith(" |")

    def runs(self, match: re.Match[str]) -> bool:
        """Whether the token behind a separator is a command, by its name and by what stands around it."""
        token = match[1]
        if token not in self._words:
            self._words[token] = _command(token)
        word = self._words[token]
        if not word or self._sentence(match) or _ends_entity(self._plain, match.start()):
            return False
        return word in PLAIN or word == _ANY or self._meant(match, word)

    def _sentence(self, match: re.Match[str]) -> bool:
        """Whether a line begins as one of prose does: "Sed perspiciatis"."""
        at = match.start(1)
        if not self._form[at].isupper() or match[0][0] not in "\r\n":
            return False
        first = self._form[at : match.end(1)]
        return first.isalpha() and first.istitle()

    def _meant(self, match: re.Match[str], word: str) -> bool:
        """Whether a word that people write is meant as a command."""
        plain, token, start, end = self._plain, match[1], match.start(), match.end()
        first = match[0][0]
        if first == "|" and self._table:
            return False  # a row of a table
        if token[0] in "'\"" and token.count(token[0]) == 1:
            return False
        if first == "&" and end - start == len(token) + 1 and plain.startswith(";", end):
            return False
        # The first word is one argument where it is a file name or an address, and ends where the separator stands; prose does not.
        if (
            self._leads(start, end, first)
            or compiled(_ARGUMENT).match(plain, end)
            or (start <= self._behind_first and compiled(_NO_WORD).fullmatch(plain[:start].strip()))
        ):
            return True
        if word in SECOND:
            second = plain[end : end + 60].split(None, 1)[:1]
            if second and second[0].rstrip(";|&\"'") in SECOND[word]:
                return True
        return match[0].startswith(("&&", "||")) and compiled(_ENDS).match(plain, end) is not None

    def _leads(self, start: int, end: int, first: str) -> bool:
        """Whether no word stands in front: the value begins with the command."""
        if self._letter < start and start - self._content > 1:
            return False
        # Many a text begins with an empty line.
        return first not in "\r\n" or self._content < start or compiled(_ENDS).match(self._plain, end) is not None


def _command(token: str) -> str:
    """The name of the command that a token would run: ``_ANY`` for a program by its path, empty for none."""
    if token in PLAIN or token in WORDS:
        return token
    if token.isalnum() or ("=" in token and not token.startswith("$")):
        return ""
    if compiled(_EXECUTABLE).match(token):
        return _ANY
    word = compiled(_NOISE).sub("", token).rpartition("/")[2].rstrip("#)")
    return word if word in PLAIN or word in WORDS else ""


def _ends_entity(form: str, at: int) -> bool:
    return form[at] == ";" and compiled(_ENTITY).search(form, max(0, at - 10), at) is not None
