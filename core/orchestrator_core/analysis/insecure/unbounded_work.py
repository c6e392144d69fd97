"""Archives and uploads that fill the memory, loops without an end (CWE-400, 409, 434, 770, 835)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, TYPE

_INFLATE = "Read in pieces and stop at a limit: zlib.decompressobj().decompress(data, max_length)."
_LIMIT_WORDS = ("max", "limit", "size", "length", "total", "count", "quota")


def _inflated(site: Site) -> None:
    data = site.argument(0, "data")
    if len(site.call.args) > 1 or site.keyword("max_length") is not None:
        return
    level = site.level(data, TYPE)
    if level >= HANDED_IN:
        site.found(
            "unlimited-unpacking", "A small message may unpack to fill the memory", "medium" if level >= FROM_OUTSIDE else "low", 409,
            _INFLATE, confidence=0.5,
        )  # fmt: skip


def _member(site: Site) -> None:
    """``archive.read(name)`` where nobody looks at sizes."""
    made = site.dotted(site.call.func)
    if not site.call.args and _is_upload(site):
        site.found("unlimited-upload", "An upload of any size is read into memory", "low", 770, "Read a largest size and refuse more.",
            confidence=0.4)  # fmt: skip
        return
    if not made.startswith(
        ("zipfile.ZipFile().", "tarfile.open().", "gzip.open().", "bz2.open().", "lzma.open().", "gzip.GzipFile().")
    ):
        return
    if site.last == "read" and site.call.args and "zipfile" not in made:
        return  # so many bytes and no more
    function = site.where.node or site.evaluator.module
    for inner in ast.walk(function) if function is not None else ():
        if isinstance(inner, ast.Attribute) and inner.attr in ("file_size", "size", "compress_size"):
            return
        if isinstance(inner, ast.Compare) and any(
            word in last_name(i).lower()
            for i in ast.walk(inner)
            if isinstance(i, ast.Name | ast.Attribute)
            for word in _LIMIT_WORDS
        ):
            return
    site.found(
        "unlimited-unpacking",
        "An archive's member may fill the memory",
        "low",
        409,
        "Look at file_size first.",
        confidence=0.4,
    )


def _is_upload(site: Site) -> bool:
    receiver = getattr(site.call.func, "value", None)
    arguments = getattr(site.where.node, "args", None)
    return (
        isinstance(receiver, ast.Name)
        and isinstance(arguments, ast.arguments)
        and any(
            a.arg == receiver.id and a.annotation is not None and last_name(a.annotation) == "UploadFile"
            for a in (*arguments.args, *arguments.kwonlyargs)
        )
    )


def _pixels(site: Site) -> None:
    node = site.node
    if (
        isinstance(node, ast.Assign)
        and last_name(node.targets[0]) == "MAX_IMAGE_PIXELS"
        and is_constant(node.value, None)
    ):
        site.found(
            "unlimited-unpacking", "A small image may fill the memory", "medium", 409, "Leave the limit of Pillow on."
        )
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            name = last_name(target) or (target.slice.value if _is_key(target) else "")  # type: ignore[attr-defined]
            if name in (
                "DATA_UPLOAD_MAX_MEMORY_SIZE",
                "DATA_UPLOAD_MAX_NUMBER_FIELDS",
                "MAX_CONTENT_LENGTH",
            ) and is_constant(node.value, None):
                site.found("unlimited-upload", "Requests may be of any size", "medium", 770, "Leave a limit on.")


def _is_key(target: ast.AST) -> bool:
    return isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant)


def _loop(site: Site) -> None:
    """``while True`` that nothing leaves, with statements behind it that are meant to run; a counter that never moves."""
    node = site.node
    if not isinstance(node, ast.While) or _leaves(node.body, inner=False):
        return
    if isinstance(node.test, ast.Constant) and node.test.value:
        if _something_follows(site, node):
            site.found("endless-loop", "Nothing leaves this loop", "medium", 835, "Give it an end.", confidence=0.6)
        return
    if isinstance(node.test, ast.Compare):
        sides = [node.test.left, *node.test.comparators]
        names = {side.id for side in sides if isinstance(side, ast.Name)}
        if names and all(isinstance(side, ast.Name | ast.Constant) for side in sides) and not _moves(node.body, names):
            site.found(
                "endless-loop",
                "What this loop tests never changes in it",
                "medium",
                835,
                "Change it in the loop.",
                confidence=0.6,
            )


def _leaves(body: list[ast.stmt], *, inner: bool) -> bool:
    for statement in body:
        for part in ast.walk(statement):
            if isinstance(part, ast.Return | ast.Raise | ast.Yield | ast.YieldFrom | ast.Await | ast.Break):
                return True
            if isinstance(part, ast.Call) and last_name(part.func) in ("exit", "_exit", "quit", "abort"):
                return True
    return inner


def _moves(body: list[ast.stmt], names: set[str]) -> bool:
    for statement in body:
        for part in ast.walk(statement):
            if isinstance(part, ast.Name) and part.id in names and isinstance(part.ctx, ast.Store):
                return True
            if isinstance(part, ast.Global | ast.Nonlocal | ast.FunctionDef):
                return True
    return False


def _something_follows(site: Site, loop: ast.While) -> bool:
    function = site.where.node
    body = function.body if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) else []
    return any(statement is loop for statement in body[:-1])


def _file_field(site: Site) -> None:
    """``FileField`` of wtforms and Django without a list of what may be sent: a hint."""
    kinds = site.keyword("validators")
    told = any(
        (isinstance(i, ast.Call) and last_name(i.func) in ("FileAllowed", "FileExtensionValidator", "FileSize", "FileType"))
        or (isinstance(i, ast.Name) and ("valid" in i.id.lower() or "allow" in i.id.lower()))
        for i in (ast.walk(kinds) if kinds is not None else ())
    )  # fmt: skip
    if not told and site.uses("wtforms", "flask_wtf", "django"):
        site.found("upload-type", "Files of any kind are taken in", "medium", 434, "Name the kinds: FileAllowed, FileExtensionValidator.",
            confidence=0.4)  # fmt: skip


FAMILY = Family(
    calls=dict.fromkeys(("gzip.decompress", "zlib.decompress", "bz2.decompress", "lzma.decompress", "brotli.decompress",
        "zstandard.decompress", "snappy.decompress"), _inflated),
    methods={"read": _member, **dict.fromkeys(("FileField", "MultipleFileField"), _file_field)},
    assignments=(_pixels,),
    loops=(_loop,),
)  # fmt: skip
