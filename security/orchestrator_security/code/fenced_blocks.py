"""Python in a text: fenced blocks of any style, prompts of an interpreter, HTML and reStructuredText, or the text as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from orchestrator_core.analysis.syntax import Parsed, parse

_PYTHON = frozenset(
    (
        "python",
        "py",
        "python3",
        "py3",
        "python2",
        "ipython",
        "pycon",
        "doctest",
        "pyi",
        "pytb",
        "ipython3",
        "cython",
        "sage",
        "python-repl",
        "pyrepl",
    )
)
_HINTS = (
    "import ",
    "def ",
    "class ",
    "eval(",
    "exec(",
    "os.",
    "subprocess",
    "open(",
    "print(",
    "async ",
    "with ",
    "for ",
    "self.",
    "= ",
)
_BLOCKS_MAX = 200


class CodeBlock(Struct, frozen=True):
    """Python found in a text. ``places`` holds for each of its lines where that line stands in the text, as two offsets."""

    code: str
    places: tuple[tuple[int, int], ...]
    first_line: int
    """The 1-based line of the text that its first line stands on."""
    explicit: bool
    """The text says that it is Python; otherwise it only looks like it."""
    parsed: Parsed | None = None
    """Its tree, where it was parsed already."""


class Found(Struct, frozen=True):
    """The Python in a text, and the names of other languages in it, which nobody scans."""

    blocks: tuple[CodeBlock, ...] = ()
    other_languages: tuple[str, ...] = ()


class _Line(Struct, frozen=True):
    text: str
    start: int
    end: int
    number: int


@cache
def _fence() -> re.Pattern[str]:
    return re.compile(
        r"(?P<prefix>[ \t>]{0,40}+(?:[-*+][ \t]{1,4}+|[0-9]{1,3}+[.)][ \t]{1,4}+)?)(?P<fence>`{3,}+|~{3,}+)[ \t]*+(?P<info>[^\r\n]{0,200})"
    )


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z][A-Za-z0-9_+#-]*+")


@cache
def _statement() -> re.Pattern[str]:
    """A line that opens a statement as only code does."""
    return re.compile(
        r"\s{0,200}+(?:import [\w.]|from [\w.]++ import |(?:async )?def \w++\(|class \w++[(:]|@\w|"
        r"[\w.]++(?:\[[^\]\n]{0,80}\])?\s?[-+*/|]?=\s?\S|"
        r"[\w.]++\([^\n]{0,400}\)\s{0,9}$|"
        r"(?:if|for|while|with|try|elif|else|except|finally)\b[^\n]{0,400}:\s{0,9}$|return\b|raise \w|assert |exec\(|eval\(|await )"
    )


def may_hold_code(text: str) -> bool:
    """A cheap test: False where ``find_python`` finds nothing."""
    if (
        "```" in text
        or "~~~" in text
        or ">>> " in text
        or "<code" in text
        or "<pre" in text
        or "code-block::" in text
        or "In [" in text
    ):
        return True
    return ("(" in text or "=" in text or "import " in text) and any(hint in text for hint in _HINTS)


def find_python(text: str) -> Found:
    """All Python in a text, linear in its length. Never raises."""
    if not may_hold_code(text):
        return Found()
    lines = _lines(text)
    blocks: list[CodeBlock] = []
    others: list[str] = []
    outside: list[_Line] = []
    number = 0
    last_close = max((n for n, line in enumerate(lines) if "</code" in line.text or "</pre" in line.text), default=-1)
    while number < len(lines):
        line = lines[number]
        opening = _fence().match(line.text) if "```" in line.text or "~~~" in line.text else None
        if opening is not None and not ("`" in opening["info"] and opening["fence"][0] == "`"):
            number = _fenced(lines, number, opening, blocks, others)
        elif "code-block::" in line.text or line.text.lstrip().startswith(".. code::"):
            number = _directive(lines, number, blocks, others)
        elif number <= last_close and ("<pre" in line.text or "<code" in line.text):
            number = _markup(lines, number, blocks, outside)
        else:
            outside.append(line)
            number += 1
    blocks += _prompts(outside)
    if not blocks and not others:
        blocks += _bare(outside)
    return Found(tuple(blocks[:_BLOCKS_MAX]), tuple(dict.fromkeys(others)))


def _lines(text: str) -> list[_Line]:
    found, start = [], 0
    for number, line in enumerate(text.split("\n"), 1):
        found.append(_Line(line.removesuffix("\r"), start, start + len(line), number))
        start += len(line) + 1
    return found


def _fenced(lines: Sequence[_Line], at: int, opening: re.Match[str], blocks: list[CodeBlock], others: list[str]) -> int:
    fence, prefix = opening["fence"], len(opening["prefix"])
    inside: list[_Line] = []
    number = at + 1
    while number < len(lines):
        bare = lines[number].text.strip(" \t>")
        if bare.startswith(fence) and not bare.strip(fence[0]):
            break
        inside.append(_without_prefix(lines[number], prefix))
        number += 1
    language = _language(opening["info"])
    if language in _PYTHON:
        _add(blocks, inside, explicit=True)
    elif not language:
        if any(_statement().match(line.text) or line.text.lstrip().startswith((">>>", "In [")) for line in inside):
            _add(blocks, inside, explicit=False)
    else:
        others.append(language)
    return number + 1


def _language(info: str) -> str:
    """``{.python}``, ``python title="x"``, ``{code-cell} ipython3`` and ``python:app.py`` are all Python."""
    words = [word.lower() for word in _word().findall(info)]
    while words and words[0] in ("code-cell", "code", "code-block", "lang", "language"):
        words.pop(0)
    return words[0] if words else ""


def _without_prefix(line: _Line, length: int) -> _Line:
    cut = 0
    while cut < length and cut < len(line.text) and line.text[cut] in " \t>":
        cut += 1
    return _Line(line.text[cut:], line.start + cut, line.end, line.number)


def _directive(lines: Sequence[_Line], at: int, blocks: list[CodeBlock], others: list[str]) -> int:
    language = _language(lines[at].text.rpartition("::")[2])
    indent = len(lines[at].text) - len(lines[at].text.lstrip())
    inside: list[_Line] = []
    number = at + 1
    while number < len(lines):
        line = lines[number].text
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        inside.append(lines[number])
        number += 1
    while inside and (not inside[0].text.strip() or inside[0].text.lstrip().startswith(":")):
        inside.pop(0)
    if language in _PYTHON or not language:
        _add(blocks, inside, explicit=bool(language))
    else:
        others.append(language)
    return number


def _markup(lines: Sequence[_Line], at: int, blocks: list[CodeBlock], outside: list[_Line]) -> int:
    """``<pre><code class="language-python">``; code on a single line stays part of the text around it."""
    import html

    first = lines[at].text
    begin = max(first.rfind("<code"), first.rfind("<pre"))
    close = first.find(">", begin)
    number = at
    inside: list[_Line] = []
    while number < len(lines):
        line = lines[number]
        cut = close + 1 if number == at and close >= 0 else 0
        ends = min((i for i in (line.text.find("</code", cut), line.text.find("</pre", cut)) if i >= 0), default=-1)
        inside.append(
            _Line(html.unescape(line.text[cut : ends if ends >= 0 else None]), line.start + cut, line.end, line.number)
        )
        if ends >= 0:
            break
        number += 1
    if number == len(lines) or (number == at and "python" not in first[begin:close]):
        outside.append(lines[at])
        return at + 1
    if "python" in first[:close] or any(_statement().match(line.text) for line in inside):
        _add(blocks, inside, explicit="python" in first[:close])
    return number + 1


def _prompts(lines: Sequence[_Line]) -> Iterator[CodeBlock]:
    """What was typed at ``>>>`` and ``...``; what was answered is left out."""
    inside: list[_Line] = []
    for line in lines:
        typed = _typed(line, bool(inside))
        if typed is not None:
            inside.append(typed)
    if inside and any(line.text.strip() for line in inside):
        yield from _block(inside, explicit=True)


def _typed(line: _Line, within: bool) -> _Line | None:
    bare = line.text.lstrip(" \t>") if not line.text.lstrip().startswith(">>>") else line.text.lstrip()
    shift = len(line.text) - len(bare)
    if bare.startswith(">>>") or (within and bare.startswith("...")):
        cut = 4 if bare[3:4] == " " else 3
        return _Line(bare[cut:], line.start + shift + cut, line.end, line.number)
    if bare.startswith("In [") and "]: " in bare[:12]:
        cut = bare.index("]: ") + 3
        return _Line(bare[cut:], line.start + shift + cut, line.end, line.number)
    return None


def _add(blocks: list[CodeBlock], inside: Sequence[_Line], *, explicit: bool) -> None:
    if any(line.text.lstrip().startswith((">>>", "In [")) for line in inside):
        blocks.extend(_prompts(inside))
    elif any(line.text.strip() for line in inside):
        blocks.extend(_block(inside, explicit=explicit))


def _block(inside: Sequence[_Line], *, explicit: bool) -> Iterator[CodeBlock]:
    """The lines as one block: indentation that all share goes, and so do the commands of a notebook."""
    shared = min((len(line.text) - len(line.text.lstrip(" \t")) for line in inside if line.text.strip()), default=0)
    texts = []
    for line in inside:
        text = line.text[shared:]
        bare = text.lstrip()
        if bare.startswith(("!", "%", "?")):
            text = text[: len(text) - len(bare)] + "pass"
        texts.append(text)
    places = tuple((min(line.start + shared, line.end), line.end) for line in inside)
    yield CodeBlock("\n".join(texts) + "\n", places, inside[0].number, explicit)


def _bare(lines: Sequence[_Line]) -> Iterator[CodeBlock]:
    """A text without fences: all of it where it parses, else its paragraphs that do and that hold a statement."""
    if not any(_statement().match(line.text) for line in lines):
        return
    for whole in _block(lines, explicit=False):
        parsed = parse(whole.code)
        if parsed.tree is not None:
            yield replace(whole, parsed=parsed)
            return
    chosen: list[tuple[list[_Line], Parsed]] = []
    for paragraph in _paragraphs(lines):
        if any(_statement().match(line.text) for line in paragraph):
            shared = min(
                (len(line.text) - len(line.text.lstrip()) for line in paragraph if line.text.strip()), default=0
            )
            moved = [
                _Line(line.text[shared:], min(line.start + shared, line.end), line.end, line.number)
                for line in paragraph
            ]
            chosen += _parsing_part(moved)
    for block in _block([line for part, _ in chosen for line in part], explicit=False) if chosen else ():
        yield replace(block, parsed=chosen[0][1]) if len(chosen) == 1 else block


def _parsing_part(part: list[_Line]) -> Iterator[tuple[list[_Line], Parsed]]:
    """The paragraph, or what is left of it below a first line of prose (``Here it is:``) and above a last one, with its tree."""
    for _ in range(3):
        if not any(_statement().match(line.text) for line in part):
            return
        parsed = parse("\n".join(line.text for line in part))
        if parsed.tree is not None:
            yield part, parsed
            return
        if parsed.line <= 1:
            part = part[1:]
        elif parsed.line >= len(part):
            part = part[:-1]
        else:
            return


def _paragraphs(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Lines between empty ones; indented lines belong to what stands above them."""
    paragraph: list[_Line] = []
    gap = False
    for line in lines:
        if not line.text.strip():
            gap = True
        elif gap and paragraph and line.text[:1] not in " \t":
            yield paragraph
            paragraph, gap = [], False
        if paragraph or line.text.strip():
            paragraph.append(line)
        gap = gap and not line.text.strip()
    if paragraph:
        yield paragraph
