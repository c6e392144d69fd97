"""Functions that are handed to another to be called there: ``map(eval, texts)``, ``Thread(target=os.system, args=(text,))``."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import last_name

_AT = {
    "map": 0, "filter": 0, "partial": 0, "submit": 0, "to_thread": 0, "run_sync": 0, "starmap": 0, "imap": 0, "imap_unordered": 0,
    "apply": 0, "apply_async": 0, "map_async": 0, "call_soon": 0, "call_soon_threadsafe": 0, "deferToThread": 0, "run_in_threadpool": 0,
    "sync_to_async": 0, "add_task": 0, "enqueue": 0, "add_job": 0, "run_in_executor": 1, "call_later": 1, "call_at": 1, "Timer": 1,
    "enter": 2, "add_done_callback": 0, "start_new_thread": 0, "reduce": 0,
}  # fmt: skip
_WITH_TARGET = frozenset(("Thread", "Process", "Timer", "Greenlet", "spawn"))


def passed(node: ast.Call) -> ast.Call | None:
    """The call that another will make with a function it is given; None where it is given none by its name."""
    place = _AT.get(last_name(node.func))
    function: ast.expr | None = None
    arguments: list[ast.expr] = []
    if place is not None and place < len(node.args):
        function, arguments = node.args[place], node.args[place + 1 :]
    for keyword in node.keywords:
        if keyword.arg == "target" and last_name(node.func) in _WITH_TARGET:
            function = keyword.value
        elif keyword.arg == "args":
            arguments = [keyword.value]
    if not isinstance(function, ast.Name | ast.Attribute) or last_name(function) in _AT:
        return None  # `map(map, ...)` ends here, or it would go on as long as there are arguments
    if len(arguments) == 1 and isinstance(arguments[0], ast.Tuple | ast.List):
        arguments = arguments[0].elts
    return ast.copy_location(ast.Call(function, arguments, []), node)
