"""Loops and limits that a program takes away from itself (CWE-400, 674, 770, 835)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.definitions import whole_number
from orchestrator_core.analysis.insecure.names import last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, SHELL

_READS = ("recv", "read", "readline", "recvfrom", "recv_into", "read1")


def _loop(site: Site) -> None:
    """``while True: data = sock.recv(1)``: nothing sees that the other end is gone."""
    node = site.node
    if isinstance(node, ast.While) and all(isinstance(s, ast.Pass | ast.Continue) for s in node.body):
        if not any(isinstance(part, ast.Call | ast.NamedExpr | ast.Await) for part in ast.walk(node.test)):
            site.found("endless-loop", "This loop does nothing until somebody else ends it, with all of a processor", "medium", 835,
                "Wait for an event instead.", confidence=0.6)  # fmt: skip
        return
    if not isinstance(node, ast.While) or not (isinstance(node.test, ast.Constant) and node.test.value):
        return
    inner = [part for statement in node.body for part in ast.walk(statement)]
    if any(isinstance(p, ast.Return | ast.Raise | ast.Break | ast.Yield | ast.YieldFrom | ast.Await) for p in inner):
        return
    calls = {last_name(p.func) for p in inner if isinstance(p, ast.Call)}
    if calls & {"exit", "_exit", "quit", "abort", "sleep", "wait", "accept", "get"}:
        return
    if calls & set(_READS) or not calls:
        site.found("endless-loop", "Nothing leaves this loop when there is no more to read", "medium", 835,
            "Leave it when an empty text is read.", confidence=0.6)  # fmt: skip


def _depth(site: Site) -> None:
    limit = whole_number(site, site.argument(0))
    if limit is not None and limit >= 50_000:
        site.found(
            "no-limit",
            "Calls may go so deep that the process crashes",
            "medium",
            674,
            "Work in a loop instead.",
            confidence=0.6,
        )


def _digits(site: Site) -> None:
    if whole_number(site, site.argument(0)) == 0:
        site.found(
            "no-limit",
            "Numbers of any length are converted, which may take for ever",
            "medium",
            400,
            "Leave the limit on.",
        )


def _wait(site: Site) -> None:
    if site.keyword("timeout") is None and len(site.call.args) < 2:
        site.found(
            "no-timeout", "A connection may wait for ever", "low", 400, "Give a timeout in seconds.", confidence=0.3
        )


def _handler(site: Site) -> None:
    """A bare ``except`` also takes in the wish to stop, KeyboardInterrupt and SystemExit."""
    node = site.node
    if (
        isinstance(node, ast.ExceptHandler)
        and node.type is None
        and not any(isinstance(i, ast.Raise) for s in node.body for i in ast.walk(s))
    ):
        site.found("swallowed-error", "Every error is passed over, also the wish to stop", "low", 396, "Name the errors that are meant.",
            confidence=0.4)  # fmt: skip


def _multiplied(site: Site) -> None:
    """``[0] * int(request.args["n"])``."""
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List | ast.Constant):
        inner = node.right.args[0] if isinstance(node.right, ast.Call) and node.right.args else node.right
        holds = isinstance(node.left, ast.List) or isinstance(node.left.value, str | bytes)
        if holds and site.level(inner, SHELL) >= FROM_OUTSIDE:
            site.found("chosen-size", "A visitor chooses how much memory is taken", "medium", 789, "Compare it with a limit first.",
                confidence=0.6)  # fmt: skip


FAMILY = Family(
    calls={"sys.setrecursionlimit": _depth, "sys.set_int_max_str_digits": _digits, "socket.create_connection": _wait},
    loops=(_loop,),
    texts=(_multiplied,),
    handlers=(_handler,),
)
