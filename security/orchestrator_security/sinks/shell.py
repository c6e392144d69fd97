"""Values that would be more than one argument to a shell.

The value is one argument of a command. What makes it more: substitution and expansion, a separator with a command behind it,
redirection, code of the language that calls the shell, an option that starts a program, and a second command of a line
protocol (CWE-78, CWE-88, CWE-77; POSIX.1-2024 XCU 2, cmd.exe and PowerShell grammar). A separator alone is no finding:
people write semicolons and ampersands, so what stands behind it decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.encoded import folded, forms
from orchestrator_security.sinks.shell_words import PLAIN, SECOND, WORDS

_SUSPECT = r"[;|&$`<>\n\r(){}%!^\\?*\[#:'\"/\uff00-\uff65-]|^(?:sudo |[a-z]+ |[a-z]+\d+ |/)"

_SUBSTITUTION = (
    r"\$\(|(?<=\w)``(?=\w)|/(?:\\\w){2}|\$\{|(?<!\w)[<>]\([a-z/.$]|\$'[^']{1,200}'|\$\"[^\"]{1,200}\"|\$IFS\b|\$\[|\$@"
    r"|(?<=\w)\$\*|(?<=[a-z/])\$[1-9](?=[a-z/])"
    r"|\$(?:PATH|HOME|SHELL|USER|PWD|OLDPWD|HOSTNAME|BASH\w*|ENV|LANG|RANDOM|SHLVL|UID|PPID|0\b|_\b)"
    r"|%(?:comspec|path|pathext|windir|systemroot|systemdrive|temp|tmp|username|userprofile|appdata"
    r"|localappdata|programfiles|programdata|cmdcmdline"
    r"|homedrive|homepath|computername|os|public|allusersprofile|processor_\w{3,20})(?::[^%\n]{1,40})?%"
    r"|%\w{1,40}:~|!\w{1,40}:~|\$env:\w"
)
_SHELLSHOCK = r"\(\)\s{0,9}\{\s{0,9}(?:[:_]|\(\))"
_LOOP = (
    r"\bfor\s{1,9}(?:/[dflr]\s{1,9}(?:\"[^\"]{0,80}\"\s{1,9})?)?%{1,2}[^\s%]{1,40}\s{1,9}in\s{0,9}\("
    r"|^[\s;|&]*+if\s{1,9}(?:/i\s{1,9})?(?:not\s{1,9})?(?:exist|errorlevel|defined"
    r"|cmdextversion)\s{1,9}\S{1,80}\s{1,9}\S"
    r"|\bif\s{1,9}(?:/i\s{1,9}|not\s{1,9}){1,2}\S{1,80}(?:==|\s{1,9}(?:equ|neq|lss|leq|gtr|geq)\s)"
    r"|\bif\s{1,9}(?:\[{1,2}\s|\"?%\S{1,40}%?\"?\s?==)|;\s{0,9}do\s[^;]{1,200};\s{0,9}done\b"
    r"|;\s{0,9}then\s[^;]{1,200};\s{0,9}fi\b"
)
_REDIRECTION = (
    r"(?:^|[\s;|&\d'\")])>{1,2}\s{0,9}(?:[/\\~]|[a-z]:\\|&\s?\d|&\s?[/\\]|nul\b|[\w.\-]{1,60}\.(?:php\d?|phtml"
    r"|txt|jspx?|aspx?|sh|py|pl|html?|bat|cmd|ps1|log|cgi|exe|vbs)\b)"
    r"|<\s{0,9}/(?:etc|dev|proc|tmp|var|bin|usr|root|home)\b|(?:^|\s)<{3}\s|<<\s?['\"]?EOF\b|\b[012]>&[012-]"
    r"|/dev/(?:tcp|udp)/"
)
_BACKTICKS = r"`([^`]{1,400})`"
_CODE = (
    r"<\?(?:php|=|\s)|<!--\s?#|<%[=@!\s]|\bphpinfo\s{0,9}\(|\bos\.(?:system|popen|exec\w*)\s{0,9}\("
    r"|\bsubprocess\.\w{3,12}\s{0,9}\("
    r"|\bchild_process\b|\bgetRuntime\s{0,9}\(|\bProcessBuilder\b|\b__import__\s{0,9}\(|\bIO\.popen\b"
    r"|\b(?:Open3|Kernel|Process)\.\w{4,12}[( ]"
    r"|\b(?:invoke-(?:expression|webrequest|restmethod|command|item|wmimethod)|start-process|new-object"
    r"|get-(?:childitem|wmiobject|ciminstance|content|process)"
    r"|downloadstring|downloadfile|frombase64string)\b|\bcmd(?:\.exe)?\s{0,9}/[ckr]\b|\b(?:powershell"
    r"|pwsh)(?:\.exe)?\s{1,9}[-/](?:e|c|nop|w|ex|f)"
    r"|\bstart-sleep\b|\biex\s?\(|\[system\.(?:net|io|diagnostics|text|convert|reflection)\."
    r"|/bin/(?:ba|da|z|k|c|tc)?sh\s{1,9}-[ic]\b|\bdev/tcp/"
)
# Lower-case pieces one of which every match of _CODE holds.
_CODE_HOLDS = (
    "<?", "<!-", "<%", "phpinfo", "os.", "subprocess", "child_", "runtime", "process", "__import", "popen", "open3", "kernel", "invoke-",
    "object", "get-", "downloads", "downloadf", "base64", "cmd", "powershell", "pwsh", "/bin/", "dev/tcp", "start-", "iex", "[system",
)  # fmt: skip
_CALL = (
    r"(?<![\w>])(?<!\w\.)(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|eval|assert|execsync|spawnsync"
    r"|spawn|create_function|call_user_func(?:_array)?|"
    r"base64_decode|print|file_get_contents|include|require|readfile|qx|exec_shell)\s{0,9}\(\s{0,9}(?:['\"`$@]"
    r"|shell_|system|base64|(?:pwd|id|ls|whoami|dir|uname|ifconfig|hostname)(?=\s{0,3}\)))"
)
_BRACES = r"(?:^|[\s;|&`(=])\{,{0,3}([a-z0-9_./\-]{1,40})((?:,[^\s,{}]{0,200}){1,20})\}"
_GLOB = (
    r"(?:^|[\s;|&'\"=(`])/(?:[a-z]{0,4}[?*\[][\w?*\[\]\-]{0,8}/|(?:bin|usr|etc|sbin|dev|tmp|var|opt"
    r"|lib)/[^\s?*\[]{0,80}[?*\[])"
    r"|/(?:etc|bin|usr|dev)\$\w|/\w{0,6}(?:''|\"\")\w{1,6}/|[;|&]\s{0,3}\.\s{1,3}/\w|(?:^|[\s;|&='\"(])/?(?:usr/)?s?bin/(?:\w{0,4}sh|cat|id|ls|nc|ping|uname|whoami|wget|curl|perl|python\d?)(?![\w.\-/])"
    r"|(?:^|[\s;|&])[a-z]{0,6}\?[a-z]{1,6}\s{1,4}/(?:etc|bin|usr|\?)"
)
_OPTION = (
    r"^-{1,2}(?:d\s?(?:allow_url_\w|auto_prepend_file|disable_functions)|o\s?proxycommand|exec(?:dir)?\b|eval\b|upload-pack|receive-pack|checkpoint-action|to-command"
    r"|use-compress-program|rsh=|rsync-path|open-files-in-pager"
    r"|post-file|use-askpass|output-document|config\s?core\.|init-command|pager=|gui=)|\s-(?:exec|execdir|ok"
    r"|okdir)\s|\s--?(?:checkpoint-action|to-command)=|\s-wrapper\s"
    r"|(?:^|\s)-o\s?proxycommand="
)
_DIRECT = (
    r"^\s*+(?:sudo\s{1,9})?(?:(?:wget|curl|lynx|fetch|aria2c|lwp-download"
    r"|lwp-request)\s{1,9}(?:-{1,2}\S{1,40}\s{1,9}){0,6}['\"]?(?:https?|ftp)://"
    r"|(?:nc|ncat|netcat|socat)(?:\.\w{1,12})?\s{1,9}(?:-|\d|tcp|exec)|(?:perl|python[\d.]{0,4}|ruby|php\d?"
    r"|node|lua|tclsh)\s{1,9}-{1,2}(?:e|r|c|eval)\b"
    r"|rm\s{1,9}-{1,2}[rf]|mkfifo\s|(?:cat|type|more|less|head|tail|ls|dir|strings|tac|nl|od"
    r"|xxd)\s{1,9}(?:-\w{1,6}\s{1,9}){0,2}/(?:etc|proc|root|var/log)\b[\w./]{0,80}$"
    r"|(?:uname|netstat|ifconfig|ipconfig|tasklist|ps|arp|route|lsof)\s{1,9}[-/]\w{1,10}$|(?:net|sc"
    r"|reg|netsh)\s{1,9}(?:user|firewall|advfirewall|localgroup|query|view|add)\b"
    r"|(?:bash|sh|zsh)\s{1,9}-i\b|ping6?\s{1,9}-\w\s|ls\s{1,9}-\w{1,6}\s{1,9}/|type\s{1,9}[a-z]:\\"
    r"|(?:powershell|pwsh|start)(?:\.exe)?\s{1,9}(?:[a-z]:\\|[\w.\\/-]{1,60}\.(?:exe|bat|cmd|ps1|vbs)\b)"
    r"|g?awk\s{1,9}['\"]|openssl\s{1,9}s_client|telnet\s{1,9}[\d.]{7,15}\s{1,9}\d|wmic\s{1,9}(?:process|os|service|useraccount)\b"
    r"|curl\s{1,9}(?:-{1,2}\S{1,40}\s{1,9}){1,6}['\"]?@/|echo\s{1,9}-[ne]{1,2}\s{1,9}['\"]?\\x|(?:cat|less|more|head|tail|tac|nl)\+/(?:etc|proc)/)|^\s*+/(?:usr/)?(?:local/)?s?bin/[\w.\-]{1,30}(?:$|[;|&\s])"
)
_MAIL = (
    r"^\s*+[a-z]{1,4}\d{2,5}\s{1,4}(?:authenticate|login|select|examine|create|delete|rename|subscribe"
    r"|unsubscribe|list|lsub|status|append|check|close|expunge|search|fetch|store"
    r"|copy|uid|capability|starttls|noop|logout|idle)\b"
    r"|[\r\n](?=[\t a-z])[ \t]{0,4}+(?:(?:helo|ehlo|vrfy|expn)\s{1,4}\S|mail\s{1,4}from:|rcpt\s{1,4}to:"
    r"|data\s{0,4}[\r\n]|starttls\b|auth\s{1,4}(?:login|plain|cram|xoauth)|(?:retr|dele|top|uidl"
    r"|list)\s{1,4}\d"
    r"|(?:apop|xtnd)\s|(?:rset|noop|stls|capa|quit|stat)\s{0,4}(?:$|[\r\n])|(?:user"
    r"|pass)\s{1,4}\S{1,60}\s{0,4}(?:$|[\r\n])|[a-z]{1,4}\d{1,5}\s{1,4}(?:login|select|examine|fetch|store"
    r"|list|lsub|logout|noop|capability|authenticate|uid|search|append|create|delete|rename|status)\b)"
    r"|[;\n][ \t\r\n]{0,4}+\.(?:databases|dump|tables|schema|import|shell|system|open|output|once|read|load"
    r"|save|restore|backup|clone|log|excel|trace|binary|cd|sha3sum|vfsname)\b"
)
_HISTORY = r"(?:^|[\s;|&])!(?:-\d|\d{1,6}(?:$|[\s:;|&])|!(?:$|:|\s*[|;&])|\?\w|[#^$*](?:$|[\s:;|&]))"

_RULES: tuple[tuple[str, str, Severity, str], ...] = (
    ("shell.substitution", _SUBSTITUTION, "high", "a command or variable that the shell would expand"),
    ("shell.function", _SHELLSHOCK, "high", "a shell function definition"),
    ("shell.loop", _LOOP, "high", "a loop or condition of a shell"),
    ("shell.redirection", _REDIRECTION, "high", "a redirection to or from a file"),
    ("shell.code", _CODE, "high", "program code that starts a command"),
    ("shell.glob", _GLOB, "medium", "a command or system file spelt with wildcards"),
    ("shell.option", _OPTION, "high", "an option that starts another program"),
    ("shell.direct", _DIRECT, "medium", "a whole command where one argument is expected"),
    ("shell.mail", _MAIL, "medium", "a further command of a mail or database protocol"),
    ("shell.history", _HISTORY, "medium", "a history expansion"),
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


_pattern = partial(compiled, flags=re.IGNORECASE)


class ShellScanner:
    """Command injection in a value that is to be one argument of a shell command."""

    name = "shell"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return context.sink == "shell" and _pattern(_SUSPECT).search(text) is not None

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        hits: dict[str, Hit] = {}
        for form in map(folded, _all_forms(text)):
            for rule, start, end, severity, message in _found(form):
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
            unescaped = _pattern(r"(?<![\w:.\\])\\[nr]|\\[nr]$").sub("\n", form)
        if form is text or unescaped == form:
            yield form
        if unescaped != form:
            yield unescaped


def _found(form: str) -> Iterator[tuple[str, int, int, Severity, str]]:
    lowered = form.lower()
    for rule, source, severity, message in _RULES:
        if source is _CODE and not any(piece in lowered for piece in _CODE_HOLDS):
            continue
        if match := _pattern(source).search(form):
            yield rule, match.start(), match.end(), severity, message
    for match in _pattern(_BACKTICKS).finditer(form) if "`" in form else ():
        if _substitutes(match[1], alone=" " not in form[: match.start()] + form[match.end() :]):
            yield "shell.substitution", match.start(), match.end(), "high", "a command that the shell would run first"
            break
    for match in _pattern(_CALL).finditer(form) if "(" in form else ():
        if ")" in form[match.end() : match.end() + 2_000]:
            yield "shell.code", match.start(), match.end(), "high", "a call that runs a command"
            break
    for match in _pattern(_BRACES).finditer(form) if "{" in form else ():
        name = match[1].lower().rpartition("/")[2]
        if name in PLAIN or (name in WORDS and any(sign in match[2] for sign in "/$-")):
            yield "shell.braces", match.start(), match.end(), "high", "a command spelt as a list in braces"
            break
    for match in _pattern(_BROKEN).finditer(form):
        if _pattern(_NOISE).sub("", match[0].lower()) in PLAIN and not match[0][1:-1].isalnum():
            yield "shell.command", match.start(), match.end(), "high", "a command whose name is broken up"
            break
    match = _pattern(_CLOSED).fullmatch(form)
    if match and match[1].lower() in PLAIN:
        yield "shell.command", 0, len(form), "high", "a command with a separator behind it"
    for match in _pattern(_SEPARATED).finditer(form):
        if match[1] and not _is_sentence(match) and _runs(form, match):
            yield "shell.command", match.start(), match.end(), "high", "a separator with a command behind it"
            break


def _substitutes(inner: str, *, alone: bool) -> bool:
    """Whether what stands between backticks is a command; people set off any word that way."""
    token = inner.split(None, 1)[0].lower() if inner.strip() else ""
    word = _pattern(_NOISE).sub("", token).rpartition("/")[2].rstrip(";|&)")
    if (
        word in PLAIN
        or _pattern(_EXECUTABLE).match(token)
        or any(sign in inner for sign in ("$(", "${", "&&", "||", "<<<"))
    ):
        return True
    return word in WORDS and (alone or _pattern(_ARGUMENT).match(inner[len(token) :].lstrip(" ") or "x") is not None)


def _is_sentence(match: re.Match[str]) -> bool:
    """Whether a line begins as one of prose does: "Sed perspiciatis"."""
    return match[0][0] in "\r\n" and match[1].isalpha() and match[1].istitle()


def _runs(form: str, match: re.Match[str]) -> bool:
    token = match[1].lower()
    word = token
    if token not in PLAIN and token not in WORDS:
        if token.isalnum():
            return False
        if "=" in token and not token.startswith("$"):
            return False
        if _pattern(_EXECUTABLE).match(token):
            return not _ends_entity(form, match.start())
        word = _pattern(_NOISE).sub("", token).rpartition("/")[2].rstrip("#)")
        if word not in PLAIN and word not in WORDS:
            return False
    if _ends_entity(form, match.start()):
        return False
    if word in PLAIN:
        return True
    if match[0][0] == "|" and form.count("|") > 2 and form.lstrip().startswith("| ") and form.rstrip().endswith(" |"):
        return False  # a row of a table
    opened = token[0] in "'\"" and token.count(token[0]) == 1
    if opened:
        return False
    if match[0] == f"&{token}" and form[match.end() : match.end() + 1] == ";":
        return False
    before = form[max(0, match.start() - 200) : match.start()].strip()
    after = form[match.end() : match.end() + 300]
    leads = len(before) < 2 or not any(map(str.isalpha, before))
    if leads and match[0][0] in "\r\n" and not before:
        # Many a text begins with an empty line.
        leads = _pattern(_ENDS).match(after) is not None
    # One argument that is no word, such as a file name or an address, ends where the separator stands; prose does not.
    if leads or _pattern(_NO_WORD).fullmatch(before):
        return True
    if _pattern(_ARGUMENT).match(after):
        return True
    second = after.split(None, 1)[:1]
    if second and second[0].lower().rstrip(";|&\"'") in SECOND.get(word, ()):
        return True
    doubled = match[0].startswith(("&&", "||"))
    return doubled and _pattern(_ENDS).match(after) is not None


def _ends_entity(form: str, at: int) -> bool:
    return form[at] == ";" and _pattern(_ENTITY).search(form, max(0, at - 10), at) is not None
