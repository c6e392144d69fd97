"""Files whose names a stranger chooses (CWE-22, CWE-434)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, HTML, PATH, SCHEME, weakly_checked

_FIX = "Resolve base / name and check is_relative_to(base), or use safe_join; take only the base name of an upload."
_UPLOAD = "Name the file yourself, or through secure_filename, and accept known extensions only."
_JOINS = ("os.path.join", "posixpath.join", "ntpath.join")


def _opened(site: Site) -> None:
    for node in site.call.args[:1] or [
        k.value
        for k in site.call.keywords
        if k.arg in ("file", "path", "filename", "path_or_file", "src", "filename_or_fp")
    ]:
        judge(site, node)


def _two(site: Site) -> None:
    for node in site.call.args[:2]:
        judge(site, node)


def judge(site: Site, node: ast.AST) -> None:
    """Report a file's name that comes from outside, or one whose later part is handed in."""
    value = site.value(node)
    level = value.levels[PATH]
    if weakly_checked(value, PATH) and not value.levels[SCHEME]:  # as a check of its beginning leaves it
        message = "The beginning of a path is checked before .. is worked out of it"
        site.found("chosen-file", message, "low", 22, _FIX, confidence=0.6)
    elif level >= FROM_OUTSIDE:
        # An upload's own name is CWE-434 at the place where it is stored.
        site.found("chosen-file", "Which file is opened comes from outside", "high", 22, _FIX, confidence=0.8)
    elif level == HANDED_IN and _is_joined(site, node):
        site.found(
            "chosen-file",
            "A file's name is joined to a folder without a check that it stays inside",
            "medium",
            22,
            _FIX,
            confidence=0.5,
        )


def _is_joined(site: Site, node: ast.AST) -> bool:
    """A path made of several parts, of which one after the first is handed in. A whole path that is handed in is the caller's choice."""
    for _ in range(8):
        if isinstance(node, ast.Name):
            made = site.value(node).made
            return made.endswith(tuple(f"{j}()" for j in _JOINS)) or ".joined()" in made or "/" in site.value(node).head
        if isinstance(node, ast.JoinedStr):
            slash = False
            for part in node.values:
                if isinstance(part, ast.Constant):
                    slash = slash or "/" in str(part.value) or "\\" in str(part.value)
                elif slash and isinstance(part, ast.FormattedValue) and site.level(part.value, PATH) >= HANDED_IN:
                    return True
            return False
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Add):
            return site.level(node.right, PATH) >= HANDED_IN or (
                isinstance(node.left, ast.BinOp) and _is_joined(site, node.left)
            )
        if isinstance(node, ast.BinOp):
            return site.level(node.right, PATH) >= HANDED_IN
        if isinstance(node, ast.Call):
            name = site.dotted(node.func)
            if name in _JOINS:
                return any(site.level(a, PATH) >= HANDED_IN for a in node.args[1:])
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("joinpath", "format"):
                return any(site.level(a, PATH) >= HANDED_IN for a in node.args)
            if name in ("pathlib.Path", "Path") and len(node.args) > 1:
                return any(site.level(a, PATH) >= HANDED_IN for a in node.args[1:])
            if node.args and name in (
                "pathlib.Path",
                "Path",
                "os.path.abspath",
                "os.path.realpath",
                "os.path.normpath",
                "str",
                "open",
            ):
                node = node.args[0]
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("resolve", "absolute", "expanduser"):
                node = node.func.value
                continue
            made = site.value(node).made  # a short function of the same text may have joined it
            return ".joined()" in made or made.endswith(tuple(f"{j}()" for j in _JOINS))
        return False
    return False


def _method(site: Site) -> None:
    """``(base / name).read_text()``: the receiver is the path."""
    func = site.call.func
    if isinstance(func, ast.Attribute) and not isinstance(func.value, ast.Constant):
        value = site.value(func.value)
        pathlike = (
            "Path()" in value.made
            or isinstance(func.value, ast.BinOp)
            or site.last in ("read_text", "read_bytes", "write_text", "write_bytes")
        )
        if pathlike and value.made.partition(".")[0] not in ("requests", "tarfile", "zipfile"):
            judge(site, func.value)


def _sent(site: Site) -> None:
    """``send_file(x)``; ``send_from_directory`` checks its second argument, not the first."""
    if site.last == "static_file":  # bottle keeps the name inside root
        node = site.argument(1, "root")
    else:
        node = site.argument(0, "path_or_file", "filename_or_fp", "path", "directory")
    if node is None:
        return
    if site.last in ("static_file", "send_from_directory", "StaticFiles") and site.text(node) in (
        "/",
        "C:\\",
        "/etc",
        "/home",
        "..",
    ):
        site.found(
            "chosen-file", "All files of the machine are served", "high", 22, "Serve a folder that holds nothing else."
        )
        return
    level = site.level(node, PATH)
    if level >= FROM_OUTSIDE:
        site.found("chosen-file", "Which file is sent comes from outside", "high", 22, _FIX, confidence=0.9)
    elif level == HANDED_IN and site.last not in ("send_from_directory", "static_file"):
        site.by_level(level, "chosen-file", "Which file is sent is a text", 22, _FIX)


def _saved(site: Site) -> None:
    node = site.argument(0, "dst", "destination", "path")
    if node is None or not site.call.args or not isinstance(site.call.func, ast.Attribute):
        return
    named = any(isinstance(inner, ast.Attribute) and inner.attr == "filename" for inner in ast.walk(node))
    origin = any(
        "filename" in site.evaluator.variables[o].made
        for o in site.value(node).origins
        if o in site.evaluator.variables
    )
    level = site.level(node, PATH)
    if (named or origin) and level:
        site.found(
            "upload-name",
            "An upload is stored under the name that its sender chose",
            "high",
            434,
            _UPLOAD,
            confidence=0.8,
        )
    elif level >= FROM_OUTSIDE:
        site.found(
            "upload-name", "A file is stored under a name that comes from outside", "high", 434, _UPLOAD, confidence=0.7
        )
    elif level == 0 and (named or origin or _keeps_extension(node)) and site.level(node, HTML) >= FROM_OUTSIDE:
        # The folder is safe now; what kind of file lies there is not.
        site.found("upload-type", "An upload is stored whatever its extension", "low", 434, _UPLOAD, confidence=0.4)


def _keeps_extension(node: ast.AST) -> bool:
    return any(
        isinstance(inner, ast.Call) and getattr(inner.func, "id", "") == "secure_filename" for inner in ast.walk(node)
    )


_RESOLVED = ("realpath", "abspath", "normpath", "resolve", "fspath", "getcwd")


def _prefixed(site: Site) -> None:
    """``path.startswith(os.path.realpath(base))``: ``/srv/www`` begins ``/srv/www-private`` as well."""
    func = site.call.func
    if not isinstance(func, ast.Attribute) or len(site.call.args) != 1:
        return
    base, path = site.call.args[0], site.value(func.value).made
    if not any(f"{word}()" in path or f".{word}" in path for word in _RESOLVED) and not _resolves(func.value):
        return
    made = site.value(base).made if isinstance(base, ast.Name) else ""
    if _resolves(base) or (
        isinstance(base, ast.Name) and (_is_folder(site, base) or any(f"{word}()" in made for word in _RESOLVED))
    ):
        message = (
            "The beginning of a path is compared with a folder that may go on: /srv/www also begins /srv/www-private"
        )
        site.found(
            "loose-path-check",
            message,
            "low",
            22,
            "Use is_relative_to(base), or startswith(base + os.sep).",
            confidence=0.6,
        )


def _resolves(node: ast.AST) -> bool:
    while isinstance(node, ast.Call):
        if last_name(node.func) in _RESOLVED:
            return True
        if last_name(node.func) != "str" or not node.args:
            return False
        node = node.args[0]
    return False


def _is_folder(site: Site, base: ast.Name) -> bool:
    value = site.value(base)
    return bool(value.levels[PATH]) or (len(value.head) > 1 and not value.head.endswith(("/", "\\")))


FAMILY = Family(
    calls={
        "litestar.response.File": _sent,
        **dict.fromkeys(
            ("open", "io.open", "codecs.open", "os.open", "os.remove", "os.unlink", "os.listdir", "os.rmdir", "os.scandir",
                "os.makedirs", "os.mkdir",
             "os.stat", "os.walk", "shutil.rmtree", "aiofiles.open", "tarfile.open", "zipfile.ZipFile", "gzip.open", "bz2.open",
                 "lzma.open",
             "anyio.open_file", "linecache.getlines", "numpy.load", "PIL.Image.open", "Image.open", "os.startfile", "builtins.open",
                 "fileinput.input"),
            _opened,
        ),
        **dict.fromkeys(("os.rename", "os.replace", "shutil.copy", "shutil.copyfile", "shutil.copy2", "shutil.move",
            "shutil.copytree", "os.link", "os.symlink"), _two),
    },
    methods={
        **dict.fromkeys(("send_file", "FileResponse", "send_from_directory", "static_file", "StaticFiles"), _sent),
        **dict.fromkeys(("read_text", "read_bytes", "write_text", "write_bytes", "open", "unlink", "iterdir", "rmdir", "mkdir",
            "touch", "rename", "glob", "rglob", "stat", "symlink_to", "chmod"), _method),
        "save": _saved,
        "startswith": _prefixed,
    },
)  # fmt: skip
