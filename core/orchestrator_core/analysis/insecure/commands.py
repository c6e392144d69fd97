"""Programs that are started with a stranger's words (CWE-78, CWE-88)."""

from __future__ import annotations

import ast
import re
from functools import cache

from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, SHELL, UNKNOWN

_SHELLS = frozenset(
    (
        "sh",
        "bash",
        "zsh",
        "dash",
        "ksh",
        "/bin/sh",
        "/bin/bash",
        "/usr/bin/bash",
        "cmd",
        "cmd.exe",
        "powershell",
        "pwsh",
        "su",
        "ssh",
    )
)
_FIX = (
    "Give the program and its arguments as a list, without a shell; quote with shlex.quote what must pass through one."
)
_BANDIT = ("B602", "B604", "B605", "B609")


def _shell(site: Site) -> None:
    """``subprocess`` with ``shell=True``: bandit flags every text that is no constant, also one whose parts are quoted or checked."""
    command = site.argument(0, "args", "cmd", "command")
    if is_constant(site.keyword("shell"), True, 1):
        level = site.level(command, SHELL)
        site.judged(_BANDIT, harmless=level == 0)
        site.by_level(level, "shell-command", "A shell runs a text", 78, _FIX)
        _fetched(site, command)
        return
    _program(site, command)


def _fetched(site: Site, command: ast.AST | None) -> None:
    """``curl https://... | sh``: whoever holds that address runs what they like."""
    text = constant_text(command) or ""
    if "|" in text and _piped().search(text[:2000]):
        site.found(
            "remote-code",
            "What is downloaded is run unseen",
            "medium",
            494,
            "Download it, compare its hash, then run it.",
        )


@cache
def _piped() -> re.Pattern[str]:
    return re.compile(
        r"\b(?:curl|wget|fetch)\s[^|;\n]{1,300}\|\s{0,4}(?:sudo\s{1,4})?(?:/bin/|/usr/bin/)?(?:env\s)?(?:ba|z|da)?sh\b|"
        r"\b(?:curl|wget)\s[^|;\n]{1,300}\|\s{0,4}(?:sudo\s{1,4})?python3?\b"
    )


def _typed(site: Site, command: ast.AST | None) -> None:
    """``["openssl", "-passin", "pass:" + password]``: the list of programs shows it to every user of the machine."""
    for element in command.elts[1:] if isinstance(command, ast.List | ast.Tuple) else ():
        for inner in ast.walk(element):
            word = (last_name(inner) or constant_text(getattr(inner, "slice", None)) or "").lower()
            if isinstance(inner, ast.Name | ast.Attribute | ast.Subscript) and word in _SECRETS:
                site.found(
                    "shown-secret",
                    "A secret stands in the list of running programs",
                    "medium",
                    214,
                    "Hand it over on standard input or in a variable of the environment.",
                    confidence=0.6,
                )
                return


_SECRETS = frozenset((
    "password", "passwd", "pwd", "passphrase", "secret", "api_key", "apikey", "token", "access_token", "auth_token", "secret_key",
    "private_key", "api_token", "db_password", "pgpassword", "client_secret",
))  # fmt: skip


def _optional(site: Site, command: ast.AST | None) -> None:
    """``["git", "clone", url]``: a text that begins with ``-`` is an option, and these programs have options that run things."""
    elements = command.elts if isinstance(command, ast.List | ast.Tuple) else []
    if not elements or (constant_text(elements[0]) or "").rpartition("/")[2] not in _OBEDIENT:
        return
    for element in elements[1:]:
        if constant_text(element) in ("--", "--end-of-options"):
            return
        if isinstance(element, ast.Name | ast.Attribute | ast.Subscript) and site.level(element, SHELL) >= HANDED_IN:
            site.found(
                "option-text",
                "A text that begins with - is an option of this program",
                "low",
                88,
                'Write "--" before it, or refuse what begins with -.',
                confidence=0.5,
            )
            return


_OBEDIENT = frozenset((
    "git", "tar", "curl", "wget", "ssh", "scp", "rsync", "find", "grep", "zip", "hg", "svn", "sed", "awk", "man", "ffmpeg", "convert",
    "openssl", "psql", "mysql", "pg_dump", "mysqldump", "xargs", "7z",
))  # fmt: skip


def _program(site: Site, command: ast.expr | None) -> None:
    _typed(site, command)
    _optional(site, command)
    given = site.keyword("env")
    if given is not None and site.level(given, SHELL) >= FROM_OUTSIDE:
        site.found(
            "changed-environment",
            "A program's environment comes from outside",
            "medium",
            454,
            "Set single variables that you name, such as LANG.",
            confidence=0.6,
        )
    if isinstance(command, ast.List | ast.Tuple):
        words = [site.text(element) for element in command.elts[:2]]
        through_shell = words and words[0] in _SHELLS and any(w in _SWITCHES for w in map(site.text, command.elts[1:3]))
        if through_shell:
            for element in command.elts[2:]:
                level = site.level(element, SHELL)
                site.by_level(level, "shell-command", "A shell runs a text", 78, _FIX)
                _fetched(site, element)
                if level == UNKNOWN and isinstance(
                    element, ast.BinOp | ast.JoinedStr
                ):  # as bandit has it for shell=True
                    site.found(
                        "shell-command", "A shell runs a text that is put together", "medium", 78, _FIX, confidence=0.5
                    )
        elif command.elts and site.level(command.elts[0], SHELL) >= FROM_OUTSIDE:
            site.found(
                "chosen-program",
                "Which program runs comes from outside",
                "high",
                78,
                "Choose the program from a fixed list.",
            )
    elif (
        command is not None
        and site.level(command, SHELL) >= FROM_OUTSIDE
        and not site.dotted(command).startswith("shlex.split")
    ):
        site.found(
            "chosen-program",
            "Which program runs comes from outside",
            "high",
            78,
            "Choose the program from a fixed list.",
        )


def _text_for_shell(site: Site) -> None:
    level = site.level(site.argument(0, "cmd", "command"), SHELL)
    _fetched(site, site.argument(0, "cmd", "command"))
    site.judged(_BANDIT, harmless=level == 0)
    site.by_level(level, "shell-command", "A shell runs a text", 78, _FIX)


def _remote(site: Site) -> None:
    """paramiko and fabric: bandit flags every command, also constant and quoted ones."""
    if site.last == "exec_command" or site.uses("fabric", "invoke", "paramiko", "asyncssh", "docker", "pexpect"):
        level = site.level(site.argument(0, "command", "cmd"), SHELL)
        site.judged(("B601",), harmless=level == 0)
        site.by_level(level, "shell-command", "A remote shell runs a text", 78, _FIX)


def _exec(site: Site) -> None:
    words = [site.text(a) for a in site.call.args[:4]]
    if "-c" in words and any(w in _SHELLS for w in words if w):
        for argument in site.call.args[2:]:
            site.by_level(site.level(argument, SHELL), "shell-command", "A shell runs a text", 78, _FIX)
    elif site.call.args and site.level(site.call.args[0], SHELL) >= HANDED_IN:
        level = site.level(site.call.args[0], SHELL)
        site.by_level(
            level,
            "chosen-program",
            "Which program runs is a text",
            78,
            "Choose the program from a fixed list.",
            handed_in="low",
        )


def _inline_script(site: Site) -> None:
    """``["sh", "-c", text]`` in whatever starts it: a container, a pod, a remote host, ``reactor.spawnProcess``."""
    words: list[ast.expr] = []
    for argument in (*site.call.args, *(k.value for k in site.call.keywords)):
        words += argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]
        for slot in (argument.slice,) if isinstance(argument, ast.Subscript) else ():
            words += slot.elts if isinstance(slot, ast.Tuple) else [slot]
    if isinstance(site.call.func, ast.Subscript) and isinstance(
        site.call.func.slice, ast.Tuple
    ):  # plumbum: bash["-c", text]()
        words = [ast.Constant(site.dotted(site.call.func).rpartition(".")[2]), *site.call.func.slice.elts]
    for number, word in enumerate(words[:-1]):
        if isinstance(word, ast.Constant) and word.value in _SWITCHES and number:
            before = [constant_text(w) for w in words[:number]]
            if any(w in _SHELLS or (w or "").endswith(("/sh", "/bash")) for w in before):
                site.by_level(site.level(words[number + 1], SHELL), "shell-command", "A shell runs a text", 78, _FIX)
                return


_SWITCHES = ("-c", "-lc", "-ec", "-xc", "/c", "/C", "/k", "-Command", "-command", "-EncodedCommand")
FAMILY = Family(
    every_call=(_inline_script,),
    calls={
        **dict.fromkeys(
            ("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen"), _shell
        ),
        **dict.fromkeys(
            ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput", "popen2.popen2",
             "asyncio.create_subprocess_shell", "asyncio.subprocess.create_subprocess_shell", "anyio.run_process", "pexpect.run",
             "pexpect.spawn", "pty.spawn", "os.popen2", "os.popen3", "commands.getstatusoutput", "trio.run_process", "plumbum.local",
             "os.startfile", "invoke.run", "fabric.api.run", "fabric.api.local", "fabric.api.sudo",
             "fabric.Connection().run", "fabric.Connection().local", "invoke.Context().run", "fabric2.Connection().run"),
            _text_for_shell,
        ),
        **dict.fromkeys(
            ("os.execl", "os.execle", "os.execlp", "os.execv", "os.execve", "os.execvp", "os.spawnl", "os.spawnlp", "os.spawnv",
             "os.spawnvp", "asyncio.create_subprocess_exec", "os.posix_spawn"),
            _exec,
        ),
    },
    methods={"exec_command": _remote, "sudo": _remote, "exec_run": _remote, "sendline": _remote},
)  # fmt: skip
