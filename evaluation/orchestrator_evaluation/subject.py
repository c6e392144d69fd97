"""What an output is: prose, Python, data or nothing, and the parts of it that each kind of rule reads. Pure."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from orchestrator_core.records import Redacted
from orchestrator_evaluation.contract import JudgeTask

Kind = Literal["empty", "prose", "code", "data"]

MAX_CODE_LINES = 3_000
"""More than this is judged by its first part: static checks cost about 0.15 ms of CPU a line."""

MAX_CHARS = 200_000
"""No more of an output is read: what a judge could say of the rest would not change its verdict."""

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_PYTHON_TAGS = ("py", "python", "python3")
_CODE_LINE = re.compile(
    r"[ \t]*(?:(?:async[ ]+)?def[ ]+\w+[ ]*[(\[]|class[ ]+\w+[ ]*[:(]|import[ ]+[\w.]+|from[ ]+[\w.]+[ ]+import\b"
    r"|@\w[\w.]*|(?:if|elif|for|while|with|try|except|else|finally|match)\b.*:[ \t]*(?:#.*)?$|return\b|raise\b|yield\b"
    r"|[A-Za-z_][\w.]*(?:\[[^\]]*\])?[ ]*(?::[^=\n]+)?[-+*/|&]?=[^=]|[A-Za-z_][\w.]*\(.*\)[ \t]*$|#)"
)
# Python's parser takes quadratic time for the dotted name of an import: 100,000 parts keep it busy for half a minute.
_ENDLESS_NAME = re.compile(r"(?<!\w)(?:\w{1,80}[ \t\\\n]{0,8}\.[ \t\\\n]{0,8}){500}")
_STATEMENTS: tuple[str, ...] = (
    "FunctionDef",
    "AsyncFunctionDef",
    "ClassDef",
    "Import",
    "ImportFrom",
    "Assign",
    "AnnAssign",
    "AugAssign",
    "For",
    "While",
    "If",
    "With",
    "Try",
    "Match",
)
_TEXT_FIELDS = ("markdown", "text", "answer", "output", "summary")


class Subject(Struct, frozen=True):
    """An output, read. ``prose`` is what is left beside the code."""

    kind: Kind
    prose: str = ""
    python: str = ""
    data: Any = None
    cut: bool = False
    """Only a first part was there, or was read."""


def read_subject(task: JudgeTask) -> Subject:
    """Tell what an output is. Total: any text is at least prose."""
    if len(task.output) > MAX_CHARS and task.output_kind != "json":
        task = replace(task, output=Redacted(task.output[:MAX_CHARS]), truncated=True)
    text = task.output
    stripped = text.strip()
    if not stripped or (task.output_kind != "text" and stripped in ("None", "null", "{}", "[]", '""', "''", "()")):
        return Subject("empty", cut=task.truncated)
    if task.output_kind == "json" or stripped[0] in "{[":
        data = _decoded(stripped)
        if isinstance(data, (dict, list)) or (task.output_kind == "json" and isinstance(data, str)):
            return _data_subject(data, task)
    if "import" in text and text.count(".") >= 500 and _ENDLESS_NAME.search(text):
        return Subject("prose", prose=text, cut=task.truncated)
    if code_share(stripped) >= 0.2 and (python := _whole_python(stripped, task.truncated)):
        return _code_subject(python, "", task)
    blocks = (
        [(match[2].lower(), match[3]) for match in _FENCE.finditer(text)] if ("```" in text or "~~~" in text) else []
    )
    python = "\n\n".join(_dedented(body) for tag, body in blocks if _is_python(tag, body))
    if python.strip():
        return _code_subject(python, _FENCE.sub("\n", text), task)
    return Subject("prose", prose=text, cut=task.truncated)


def code_share(text: str) -> float:
    """The share of the first 200 non-empty lines that look like statements of Python."""
    lines = [line for line in text.split("\n", 400)[:400] if line.strip()][:200]
    return sum(1 for line in lines if _CODE_LINE.match(line[:300])) / len(lines) if lines else 0.0


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _data_subject(data: Any, task: JudgeTask) -> Subject:
    if isinstance(data, str):  # a string that the caller serialised: what counts is its text
        return read_subject(replace(task, output=Redacted(data), output_kind="text"))
    prose = ""
    if isinstance(data, dict):
        prose = next(
            (data[name] for name in _TEXT_FIELDS if isinstance(data.get(name), str) and data[name].strip()), ""
        )
    return Subject("data", prose=prose, data=data, cut=task.truncated)


def _whole_python(text: str, truncated: bool) -> str:
    """The text itself when it is Python, or clearly meant to be."""
    from orchestrator_core.analysis.syntax import parse

    tree = parse(text).tree
    if tree is not None:
        return text if any(type(node).__name__ in _STATEMENTS for node in tree.body) else ""
    if truncated and (head := _parsing_head(text)):
        return head
    fenced = "```" in text or "~~~" in text
    return text if code_share(text) >= 0.6 and not fenced else ""


def _is_python(tag: str, body: str) -> bool:
    if tag:
        return tag in _PYTHON_TAGS
    return code_share(body) >= 0.5 and bool(_whole_python(_dedented(body), truncated=False))


def _dedented(body: str) -> str:
    import textwrap

    return textwrap.dedent(body)


def _code_subject(python: str, prose: str, task: JudgeTask) -> Subject:
    cut = task.truncated
    if python.count("\n") > MAX_CODE_LINES:
        python = "\n".join(python.split("\n", MAX_CODE_LINES)[:MAX_CODE_LINES])
        python, cut = _parsing_head(python) or python, True
    elif cut:
        python = _parsing_head(python) or python
    return Subject("code", prose=prose.strip(), python=python, cut=cut)


def _parsing_head(text: str) -> str:
    """The longest first part of cut-off Python that ends before a top-level statement and parses."""
    from orchestrator_core.analysis.syntax import parse

    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if line[:1].strip() and line[0] not in ")]}#\"'"]
    for end in [len(lines), *reversed(starts[1:])][:4]:
        head = "\n".join(lines[:end])
        if parse(head).tree is not None:
            return head
    return ""
