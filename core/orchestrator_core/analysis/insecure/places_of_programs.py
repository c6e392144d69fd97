"""Programs and libraries that are looked for where somebody else may have put one (CWE-426, 427)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text
from orchestrator_core.analysis.insecure.site import Family, Site

_FIX = "Name the whole path: Path(__file__).resolve().parent / name, or one below a folder that only root may change."
_HERE = ("./", ".\\", "../", "..\\")
_SHARED = ("/tmp/", "/var/tmp/", "/dev/shm/", "C:\\Temp", "C:/Temp")  # noqa: S108 - what is looked for


def _loaded(site: Site) -> None:
    """``CDLL("./libx.so")``: the folder is whichever the program was started in."""
    text = site.text(site.argument(0, "name")) or ""
    if text.startswith((*_HERE, *_SHARED)):
        site.found("relative-library", "A library is loaded from wherever the program was started", "medium", 426, _FIX)
    elif (
        text.endswith((".so", ".dll", ".dylib")) and "/" not in text and "\\" not in text and not text.startswith("lib")
    ):
        site.found(
            "relative-library",
            "A library of machine code is looked for by its name alone",
            "low",
            427,
            _FIX,
            confidence=0.3,
        )


def _run(site: Site) -> None:
    node = site.argument(0, "args", "file", "path", "command")
    first = node.elts[0] if isinstance(node, ast.List | ast.Tuple) and node.elts else node
    text = constant_text(first) or ""
    if text.startswith(_SHARED):
        site.found("relative-program", "A program is run from a folder where anybody can put one", "medium", 426, _FIX)
    elif text.startswith(_HERE):
        site.found(
            "relative-program", "A program is run from wherever this one was started", "low", 426, _FIX, confidence=0.4
        )


def _searched(site: Site) -> None:
    """``sys.path.insert(0, ".")``: modules are taken from where the program was started, before its own."""
    if not site.call.args:
        return
    text = constant_text(site.call.args[-1])
    if text is not None and (text in ("", ".", "..", "./", "../") or f"{text}/".startswith(_SHARED)):
        grave = f"{text}/".startswith(_SHARED) or (site.last == "insert" and text in ("", ".", "./"))
        site.found(
            "relative-search-path", "Modules are looked for where somebody else may have put one", "medium" if grave else "low", 427, _FIX,
            confidence=0.6,
        )  # fmt: skip


FAMILY = Family(
    calls={
        **dict.fromkeys((f"ctypes.{name}" for name in ("CDLL", "PyDLL", "WinDLL", "OleDLL", "cdll.LoadLibrary", "windll.LoadLibrary",
            "oledll.LoadLibrary", "pydll.LoadLibrary")), _loaded),
        "cffi.FFI().dlopen": _loaded,
        **dict.fromkeys(("subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_call", "subprocess.check_output",
            "os.system", "os.popen", "os.execv", "os.execl", "os.execve", "os.startfile", "asyncio.create_subprocess_exec"), _run),
        **dict.fromkeys(("sys.path.insert", "sys.path.append"), _searched),
    }
)  # fmt: skip
