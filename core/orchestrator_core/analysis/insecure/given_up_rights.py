"""Rights that are given up in the wrong order, or half (CWE-271, 273)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import last_name
from orchestrator_core.analysis.insecure.site import Family, Site

_FIX = "First os.setgroups([]), then os.setgid(gid), then os.setuid(uid), and let an error end the program."
_GROUPS = ("setgid", "setregid", "setresgid", "setegid", "setgroups", "initgroups")


def _user(site: Site) -> None:
    """Without the rights of root no group can be given up any more."""
    scope = site.where.node or site.evaluator.module
    if not site.may_look("late-group"):
        return
    line = getattr(site.node, "lineno", 0)
    before = after = False
    for inner in ast.walk(scope) if scope is not None else ():
        if isinstance(inner, ast.Call) and last_name(inner.func) in _GROUPS:
            before = before or inner.lineno < line
            after = after or inner.lineno > line
    if after and not before:
        site.found("late-group", "The group is given up after the user, which fails", "medium", 271, _FIX)
    elif not before:
        site.found(
            "kept-groups", "The user is given up and the groups of root are kept", "low", 271, _FIX, confidence=0.5
        )


FAMILY = Family(calls=dict.fromkeys(("os.setuid", "os.setreuid", "os.setresuid"), _user))
