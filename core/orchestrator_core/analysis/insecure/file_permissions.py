"""Files that others may read or write, and temporary names that others may take first (CWE-276, 377, 379, 732)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.definitions import defined
from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site

_FIX = "Give 0o600 to files and 0o700 to folders."
_TEMPORARY = "Use tempfile.NamedTemporaryFile, mkstemp or TemporaryDirectory, which make the file themselves."
_SECRET_FILES = ("key", "secret", "passw", "token", "credential", "shadow", ".pem", "private", "id_rsa", ".env")
_SHARED = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 - what is looked for
_BITS = {"S_IWOTH": 0o002, "S_IRWXO": 0o007, "S_IWGRP": 0o020, "S_IRWXG": 0o070, "S_IROTH": 0o004,
         "S_IXOTH": 0o001, "S_IRGRP": 0o040, "S_IXGRP": 0o010,
         "S_IRWXU": 0o700, "S_IRUSR": 0o400, "S_IWUSR": 0o200, "S_IXUSR": 0o100}  # fmt: skip


def _mode(site: Site, node: ast.AST | None) -> int | None:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left, right = _mode(site, node.left), _mode(site, node.right)
        # `os.stat(path).st_mode | stat.S_IWOTH` adds to what is not known.
        return None if left is None and right is None else (left or 0) | (right or 0)
    return _BITS.get(last_name(node)) if node is not None else None


def _changed(site: Site) -> None:
    position = 0 if site.last == "chmod" and not site.name.startswith("os.") and len(site.call.args) == 1 else 1
    mode = _mode(site, site.argument(position, "mode"))
    if mode is None:
        return
    # bandit also flags 0o755, which lets others run a program and nothing more.
    site.judged(("B103",), harmless=not mode & 0o022)
    if mode & 0o002:
        site.found("open-file", "Everybody may write to this file", "high", 732, _FIX)
    elif mode & 0o020:
        site.found("open-file", "The group may write to this file", "medium", 732, _FIX, confidence=0.6)
    elif mode & 0o004:
        path = site.call.args[0] if position else getattr(site.call.func, "value", None)
        words = " ".join(
            [
                site.text(path) or "",
                site.dotted(path),
                *(n for i in ast.walk(path) if (n := last_name(i) or constant_text(i) or "")),
                *_of_function(site),
            ]
            if path is not None
            else []
        ).lower()
        if any(word in words for word in _SECRET_FILES):
            site.found("open-file", "Everybody may read this secret", "medium", 732, _FIX, confidence=0.6)


def _of_function(site: Site) -> tuple[str, ...]:
    """What a function says that it writes: ``save_private_key(path, pem)``."""
    arguments = getattr(site.where.node, "args", None)
    return (site.where.name, *(a.arg for a in getattr(arguments, "args", ())))


def _made(site: Site) -> None:
    mode = _mode(site, site.argument({"os.open": 2, "os.mknod": 1, "os.mkfifo": 1}.get(site.name, 1), "mode"))
    if mode is not None and mode & 0o002 and mode <= 0o7777:
        site.found("open-file", "Everybody may write to what is made here", "high", 732, _FIX)
    elif mode is not None and mode & 0o004 and site.name == "os.open" and mode <= 0o7777:
        words = " ".join(
            [site.text(site.argument(0)) or "", site.dotted(site.argument(0)), *_of_function(site)]
        ).lower()
        if any(word in words for word in _SECRET_FILES):
            site.found("open-file", "Everybody may read this secret", "medium", 732, _FIX, confidence=0.6)


def _made_by_method(site: Site) -> None:
    """``path.mkdir(mode=0o777)`` and ``path.touch(0o666)`` of pathlib."""
    if site.name not in ("os.mkdir", "os.makedirs"):
        mode = _mode(site, site.keyword("mode") or site.argument(0))
        if mode is not None and mode & 0o002 and mode <= 0o7777:
            site.found("open-file", "Everybody may write to what is made here", "high", 732, _FIX)


def _umask(site: Site) -> None:
    mode = _mode(site, site.argument(0))
    if mode is not None and not mode & 0o002:
        site.found("open-file", "New files may be written by everybody", "medium", 276, "Use os.umask(0o077).")


def _user(site: Site) -> None:
    """``os.setuid(0)`` makes root of the process, or leaves it so."""
    if is_constant(site.argument(0), 0):
        site.found(
            "runs-as-root",
            "The process works as root",
            "medium",
            250,
            "Give up rights with setgid and setuid to a user without them.",
        )


def _container(site: Site) -> None:
    _mounted(site)
    if is_constant(site.keyword("privileged"), True):
        site.found("runs-as-root", "A container gets all rights of the machine", "high", 250, "Leave privileged off.")


def _mounted(site: Site) -> None:
    """Docker's socket or the machine's root inside a container."""
    volumes = site.keyword("volumes") or site.keyword("binds") or site.keyword("mounts")
    for inner in ast.walk(volumes) if volumes is not None else ():
        text = constant_text(inner) or ""
        if (
            "docker.sock" in text
            or text == "/"
            or text.startswith(("/:", "/etc:", "/proc:", "/root:"))
            or text in ("/etc", "/root", "/proc")
        ):
            site.found(
                "runs-as-root",
                "A container gets the machine's own folders",
                "high",
                250,
                "Mount the folders that it needs.",
            )
            return


def _guessable(site: Site) -> None:
    site.found("temporary-name", "Somebody else may make this file first", "medium", 377, _TEMPORARY)


def _opened(site: Site) -> None:
    """bandit flags a constant below /tmp; not one that is put together."""
    node = site.argument(0, "file", "name")
    value = site.value(node) if node is not None else None
    if (value is not None and (value.head.startswith(_SHARED) or _below_shared(site, node))) or (
        isinstance(node, ast.Call | ast.BinOp)
        and any(isinstance(i, ast.Call) and site.dotted(i.func) == "tempfile.gettempdir" for i in ast.walk(node))
    ):
        site.found("temporary-name", "Somebody else may make this file first", "medium", 377, _TEMPORARY)


def _below_shared(site: Site, node: ast.AST | None) -> bool:
    """``p = os.path.join(tempfile.gettempdir(), "x")``, one step back."""
    made = defined(site, node) if isinstance(node, ast.Name) else None
    return isinstance(made, ast.Call | ast.BinOp) and any(
        isinstance(i, ast.Call) and site.dotted(i.func) == "tempfile.gettempdir" for i in ast.walk(made)
    )


def _folder(site: Site) -> None:
    """``dir="/tmp"`` of tempfile's own functions, which bandit takes for a fixed name."""
    if site.keyword("dir") is not None or site.argument(2) is not None:
        site.judged(("B108",), harmless=True)


def _made_here(site: Site) -> None:
    _taken(site)
    _made_by_method(site)


def _taken(site: Site) -> None:
    """A name below a folder that all share, where it is opened or made."""
    if any(
        _begins_shared(argument)
        for argument in (*site.call.args, *(k.value for k in site.call.keywords if k.arg != "dir"))
    ):
        site.judged(("B108",), harmless=False)


def _assigned(site: Site) -> None:
    value = getattr(site.node, "value", None)
    if value is not None and _begins_shared(value):
        site.judged(("B108",), harmless=False)


def _begins_shared(node: ast.AST) -> bool:
    while isinstance(node, ast.BinOp):
        node = node.left
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    if isinstance(node, ast.Call) and node.args and last_name(node.func) in ("join", "Path", "str"):
        node = node.args[0]
    return (constant_text(node) or "").startswith((*_SHARED, "/tmp", "/var/tmp", "/dev/shm"))  # noqa: S108 - what is looked for


_TAKES = ("join", "Path", "mkdir", "makedirs", "connect", "FileHandler", "RotatingFileHandler", "copy", "copyfile", "move", "rename",
    "symlink",
    "append", "insert", "bind", "mkfifo", "download_file", "write_text", "write_bytes", "touch", "urlretrieve", "save", "to_csv", "dump",
    "NamedTemporaryFile")  # fmt: skip
FAMILY = Family(
    calls={
        **dict.fromkeys(("os.mkdir", "os.makedirs", "os.open", "os.mkfifo", "os.mknod"), _made), "os.umask": _umask,
        **dict.fromkeys(("os.setuid", "os.seteuid", "os.setgid", "os.setegid"), _user),
        **dict.fromkeys(("tempfile.mktemp", "os.tempnam", "os.tmpnam"), _guessable), "open": _opened,
        **dict.fromkeys(("tempfile.NamedTemporaryFile", "tempfile.mkstemp", "tempfile.TemporaryDirectory", "tempfile.mkdtemp",
            "tempfile.TemporaryFile", "tempfile.SpooledTemporaryFile"), _folder),
    },
    assignments=(_assigned,),
    methods={**dict.fromkeys(_TAKES, _taken), "open": _taken, **dict.fromkeys(("chmod", "fchmod", "lchmod"), _changed),
        "run": _container, "create": _container,
        "mkdir": _made_here, "touch": _made_here},
)  # fmt: skip
