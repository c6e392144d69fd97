"""A file or a record is looked at, and used a moment later, when it may be another one (CWE-362, 367)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.site import Family, Site

_FIX = "Do it and handle the error: open(path, 'x') for a new file, O_NOFOLLOW for one that others may swap."
_USES = frozenset((
    "open", "remove", "unlink", "rename", "rmdir", "rmtree", "chmod", "chown", "mkdir", "makedirs", "read_text", "read_bytes", "write_text",
    "write_bytes", "copy", "copyfile", "move", "symlink", "replace", "touch",
))  # fmt: skip


def _looked(site: Site) -> None:
    path = (
        site.argument(0, "path")
        if site.call.args or site.name.startswith("os.")
        else getattr(site.call.func, "value", None)
    )
    scope = site.where.node or site.evaluator.module
    if path is None or scope is None or isinstance(scope, ast.Lambda):
        return
    if not site.may_look("looked-then-used"):
        return
    wanted = ast.dump(path)
    after = getattr(site.call, "lineno", 0)
    decides = any(
        isinstance(inner, ast.If | ast.While) and any(part is site.call for part in ast.walk(inner.test))
        for inner in ast.walk(scope)
        if getattr(inner, "lineno", 0) <= after
    )
    if not decides:
        return
    for inner in ast.walk(scope):
        if (
            isinstance(inner, ast.Call)
            and inner.lineno > after
            and (name := getattr(inner.func, "attr", getattr(inner.func, "id", ""))) in _USES
            and (
                any(ast.dump(a) == wanted for a in inner.args[:1])
                or (isinstance(inner.func, ast.Attribute) and ast.dump(inner.func.value) == wanted)
            )
            and not any(k.arg == "exist_ok" for k in inner.keywords)
        ):
            site.found(
                "looked-then-used", "Between the look at this file and its use it may be swapped", "low", 367, _FIX,
                confidence=0.5 if name == "open" or "access" in site.name else 0.3,
            )  # fmt: skip
            return


def _redeemed(site: Site) -> None:
    """``if not coupon.used: coupon.used = True; coupon.save()``: two requests at once both find it unused."""
    node = site.where.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or site.mentions(*_LOCKS):
        return
    if not site.may_look("looked-then-changed", 1):
        return
    for inner in (n for n in ast.walk(node) if isinstance(n, ast.If)):
        tested = {ast.unparse(n) for n in ast.walk(inner.test) if isinstance(n, ast.Attribute)}
        changed = saved = False
        for part in (p for s in (*inner.body, *(inner.orelse if len(inner.orelse) > 1 else ())) for p in ast.walk(s)):
            if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
                changed = changed or ast.unparse(part) in tested
            elif isinstance(part, ast.Attribute):
                saved = saved or part.attr in ("save", "commit")
        if changed and saved:
            message = "Between the look at this record and its change another request may change it"
            site.found("looked-then-changed", message, "low", 362, _LOCK, confidence=0.5, at=inner)
            return


_LOCKS = ("select_for_update", "with_for_update", "atomic", "F", "Lock", "lock", "acquire")
_LOCK = "Change it in one statement that holds the condition, or lock the row: select_for_update()."
FAMILY = Family(
    calls=dict.fromkeys(
        ("os.path.exists", "os.path.isfile", "os.access", "os.path.islink", "os.path.lexists", "os.stat"), _looked
    ),
    methods={
        **dict.fromkeys(("exists", "is_file", "is_symlink"), _looked),
        **dict.fromkeys(("save", "commit"), _redeemed),
    },
)
