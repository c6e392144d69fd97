"""Code blocks in Markdown that do not parse. What a reader understands as left out (``...``, prompts, placeholders) is no error."""

from __future__ import annotations

import doctest
import json
import re
import sys
import textwrap
import tomllib
from collections.abc import Callable, Iterable

from msgspec import Struct

from orchestrator.agents.workbench.documents.markdown_document import Fence
from orchestrator_core.analysis.syntax import parse


class BadSnippet(Struct, frozen=True):
    """Why a fence does not parse, and the line of the document where."""

    language: str
    line: int
    reason: str


_PYTHON = frozenset({"python", "py", "python3", "py3", "pycon", "python-repl", "python3-repl", "doctest"})
_ELISION = re.compile(r"\.\.\.|…|<[A-Za-z][\w .:/-]*>|\[\.\.\.\]|\$\{?[A-Z_]+\}?")
_NEWER_SYNTAX = (
    (
        (3, 12),
        re.compile(r"(?m)^\s*(type\s+\w+.*=|(class|(async )?def)\s+\w+\[)|f(\"[^\"\n]*\{[^}\n]*\"|'[^'\n]*\{[^}\n]*')"),
    ),
    ((3, 14), re.compile(r"(?m)\bt[\"']|^\s*except\s+\w+\s*,\s*\w+")),
)


def check_fence(fence: Fence) -> BadSnippet | None:
    """None where a block parses or is in a language that is not looked at."""
    check = _CHECKS.get(fence.language)
    if check is None or "{%" in fence.text:
        return None
    found = check(fence.text)
    return BadSnippet(fence.language, fence.line + max(found[0] - 1, 0), found[1]) if found else None


def checked_languages() -> frozenset[str]:
    """The languages of fences that are looked at."""
    return frozenset(_CHECKS)


def _python(text: str) -> tuple[int, str] | None:
    if re.search(r"(?m)^\s*>>> ?", text):
        return _doctest(text)
    if re.search(r"(?m)^\s*In \[\d*\]:|^\s*cdef\s|\bcimport\s", text):
        return None  # a notebook's log, where code and output cannot be told apart, or Cython
    first = _syntax_error(text)
    if first is None or any(sys.version_info < version and pattern.search(text) for version, pattern in _NEWER_SYNTAX):
        return None
    if any(_syntax_error(variant) is None for variant in _variants(text)):
        return None
    line, reason = first
    lines = text.splitlines()
    near = lines[line - 1] if 0 < line <= len(lines) else ""
    if _ELISION.search(near) or (reason.startswith("expected an indented block") and not "".join(lines[line:]).strip()):
        return None
    return first


def _syntax_error(text: str) -> tuple[int, str] | None:
    parsed = parse(text)
    return (parsed.line, parsed.error) if parsed.tree is None else None


def _variants(text: str) -> Iterable[str]:
    """The same code with what a reader skips taken out: indentation, shell lines, ellipses, a bare signature."""
    plain = textwrap.dedent(text).strip("\n")
    yield plain
    # shell commands and notebook magics among the code
    plain = re.sub(r"(?m)^(\s*)[!%$].*$", r"\1pass", plain)
    yield plain
    # `f(a=1, ...)` and `{"a": 1, ...}` leave arguments or entries out
    elided = re.sub(r",\s*(\.\.\.|…)(?=\s*[)\]}])", "", plain)
    elided = re.sub(r"(\.\.\.|…)\s*,\s*", "", elided)
    elided = re.sub(r"([(\[{])\s*(\.\.\.|…)\s*(?=[)\]}])", r"\1", elided).replace("…", "...")
    yield elided
    yield f"{elided}\n{' ' * (len(_last_line(elided)) - len(_last_line(elided).lstrip()) + 4)}pass"
    yield f"{elided}\ndef _(): pass"  # a decorator alone
    yield "\n".join(["if True:", textwrap.indent(elided, "    ")])
    # a signature as documentation writes it: `fetch(url: str, *, retries: int = 3) -> Response`
    signatures = [line for line in re.split(r"\n(?=\S)(?![)\]}])", elided) if line.strip()]
    yield "\n".join(_as_definition(line) for line in signatures)


def _as_definition(line: str) -> str:
    head = line.rstrip().rstrip(":")
    if re.match(r"(async def|def|class)\s", head):
        return f"{head}: ..."
    name = re.match(r"(?:[\w]+\.)*(\w+\()", head)
    return f"def {head[name.start(1) :]}: ..." if name else line


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def _doctest(text: str) -> tuple[int, str] | None:
    try:
        examples = doctest.DocTestParser().get_examples(textwrap.dedent(text))
    except ValueError as error:
        line = re.search(r"line (\d+)", str(error))
        return (int(line[1]) if line else 1), str(error).splitlines()[0]
    for example in examples:
        found = _syntax_error(example.source)
        # a traceback shown as the wanted output says that the error is meant
        meant = example.exc_msg or "SyntaxError" in example.want or _ELISION.search(example.source)
        if found and not meant and not _goes_on_unprompted(text, example.lineno):
            return example.lineno + found[0], found[1]
    return None


def _goes_on_unprompted(text: str, start: int) -> bool:
    """Whether a statement is whole once the lines after it are added: many write no ``...`` before continuation lines."""
    lines = [re.sub(r"^(>>>|\.\.\.) ?", "", line) for line in textwrap.dedent(text).splitlines()[start : start + 40]]
    return any(_syntax_error("\n".join(lines[:count])) is None for count in range(2, len(lines) + 1))


def _json(text: str) -> tuple[int, str] | None:
    stripped = text.strip()
    if not stripped:
        return None
    first = _json_error(stripped)
    if first is None:
        return None
    bare = _without_json_comments(stripped)
    variants = (bare, f"{{{bare.rstrip(',')}}}", f"[{bare.rstrip(',')}]", _without_json_elision(bare))
    if any(_json_error(variant) is None for variant in variants) or _is_json_lines(bare):
        return None
    lines = stripped.splitlines()
    # an ellipsis or a placeholder on the line is meant for the reader
    if _ELISION.search(re.sub(r'"(\\.|[^"\\])*"', "", lines[min(first[0], len(lines)) - 1])):
        return None
    return first


def _json_error(text: str) -> tuple[int, str] | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno, f"no JSON: {error.msg}"
    except RecursionError:
        return 1, "JSON nested too deeply"
    return None


def _without_json_comments(text: str) -> str:
    return re.sub(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', lambda match: match[1] or "", text, flags=re.DOTALL)


def _without_json_elision(text: str) -> str:
    text = re.sub(r'("(?:\\.|[^"\\\n])*")|,?\s*(?:\.\.\.|…)', lambda match: match[1] or "", text)
    return re.sub(r"([\[{])\s*,", r"\1", text)


def _is_json_lines(text: str) -> bool:
    return all(_json_error(line) is None for line in text.splitlines() if line.strip())


def _toml(text: str) -> tuple[int, str] | None:
    plain = "\n".join("" if line.strip() in {"...", "…", "[...]"} else line for line in text.splitlines())
    try:
        tomllib.loads(plain)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        # two alternatives in one block name a table twice: each is right by itself
        if message.startswith(("Cannot declare", "Cannot overwrite", "Cannot mutate")):
            return None
        match = re.search(r"at line (\d+)", message)
        line = int(match[1]) if match else plain.count("\n") + 1
        near = plain.splitlines()[line - 1 : line]
        return None if near and _ELISION.search(near[0]) else (line, f"no TOML: {message}")
    except RecursionError:
        return 1, "TOML nested too deeply"
    return None


_CHECKS: dict[str, Callable[[str], tuple[int, str] | None]] = {
    **dict.fromkeys(_PYTHON, _python),
    "json": _json,
    "toml": _toml,
}
