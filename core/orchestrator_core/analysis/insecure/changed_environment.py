"""Variables of the environment that decide what is loaded or trusted, set to a text (CWE-426, 427, 454)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, SHELL

_LOADS = frozenset(("LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH", "PYTHONPATH", "PYTHONSTARTUP",
    "PYTHONHOME",
    "PATH", "PERL5LIB", "NODE_OPTIONS", "NODE_PATH", "RUBYLIB", "CLASSPATH", "JAVA_TOOL_OPTIONS", "BASH_ENV", "ENV", "IFS",
        "GIT_SSH_COMMAND",
    "GIT_SSH", "PAGER", "EDITOR", "LESSOPEN", "PYTHONWARNINGS", "PYTHONINSPECT"))  # fmt: skip
_FIX = "Set it to a fixed value, or give the program that needs it an environment of its own."


def _assigned(site: Site) -> None:
    node = site.node
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        target = node.targets[0]
        if site.dotted(target.value) in ("os.environ", "os.environb"):
            _judge(site, target.slice, node.value)


def _put(site: Site) -> None:
    if len(site.call.args) == 2:
        _judge(site, site.call.args[0], site.call.args[1])


def _updated(site: Site) -> None:
    node = site.argument(0)
    if site.dotted(site.call.func) == "os.environ.update" and not isinstance(node, ast.Dict):
        site.by_level(
            site.level(node, SHELL), "changed-environment", "Variables of the environment are a text", 454, _FIX
        )


def _judge(site: Site, key: ast.AST, value: ast.AST) -> None:
    name = constant_text(key)
    if name is None:
        if site.level(key, SHELL) >= HANDED_IN:
            site.by_level(
                site.level(key, SHELL),
                "changed-environment",
                "Which variable is set is a text",
                454,
                _FIX,
                handed_in="low",
            )
        return
    text = site.value(value).head
    if name == "PATH" and (text.startswith((":", ".:", ".", "/tmp")) or text.endswith((":", ":."))):  # noqa: S108 - what is looked for
        site.found(
            "relative-search-path",
            "Programs are looked for where anybody can put one",
            "medium",
            427,
            "Name whole paths.",
        )
    elif name in _LOADS and (site.value(value).made in ("os.getcwd()", "pathlib.Path.cwd()") or text.startswith("./")):
        message = f"{name} leads to wherever the program was started"
        site.found("relative-search-path", message, "medium", 427, "Name whole paths.")
    elif name in _LOADS:
        site.by_level(
            site.level(value, SHELL), "changed-environment", f"{name} decides what is loaded and is a text", 426, _FIX
        )
    elif site.level(value, SHELL) >= FROM_OUTSIDE:
        site.found(
            "changed-environment", "A variable of the environment comes from outside", "low", 454, _FIX, confidence=0.4
        )


FAMILY = Family(
    calls={"os.putenv": _put, "os.environ.setdefault": _put, "os.environ.update": _updated}, assignments=(_assigned,)
)
