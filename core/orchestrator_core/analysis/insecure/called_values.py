"""What a call gives: of well-known libraries by name, of short functions of the same text by their bodies."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from orchestrator_core.analysis.insecure.put_together import joined_path
from orchestrator_core.analysis.insecure.sanitisers import (
    BY_LAST_NAME,
    BY_NAME,
    GIVES_NO_TEXT,
    GIVES_WITH_ARGUMENTS,
    PASSES_ON,
    TEXT_METHODS,
    sounds_like_check,
)
from orchestrator_core.analysis.insecure.secret_names import names_secret
from orchestrator_core.analysis.insecure.short_functions import short_functions, statements
from orchestrator_core.analysis.insecure.sources import (
    ERROR_TEXT,
    MEMBERS,
    OUTSIDE_CALLS,
    OUTSIDE_METHODS,
    PATH_JOINS,
    SAME_PATH,
    source_of,
)
from orchestrator_core.analysis.insecure.values import (
    ANYTHING,
    CONSTANT,
    ERROR,
    LINE,
    OUTSIDE,
    PARAMETER,
    SECRET,
    Value,
    cleaned,
    holding,
    joined,
)

if TYPE_CHECKING:
    from orchestrator_core.analysis.insecure.evaluating import Evaluating

_MAX_CALLS = 2
_MAX_PARTS = 200


def called(evaluator: Evaluating, node: ast.Call, depth: int) -> Value:  # noqa: C901, PLR0912  # one case for each kind of call, in this order
    """By the name of what is called; of a function of the same text by its body, where that is short."""
    name = evaluator.dotted(node.func)
    if name in GIVES_NO_TEXT:
        return CONSTANT
    last = name.rpartition(".")[2] if name else node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in OUTSIDE_CALLS or last in OUTSIDE_METHODS:
        return OUTSIDE._replace(made=f"{name}()")
    if last in MEMBERS:
        return PARAMETER._replace(made=f"{name}()")
    if name in ERROR_TEXT:
        return holding(ANYTHING, ERROR, 3)
    if name in ("os.getenv", "os.environ.get"):
        key = node.args[0] if node.args else None
        found = of_environment(holding(ANYTHING, SECRET, 3), key)
        return joined([found, *(evaluator.value(a, depth) for a in node.args[1:2])])
    made = f"{name}()" if name else ""
    arguments = [evaluator.value(a, depth) for a in node.args[:_MAX_PARTS]] + [
        evaluator.value(k.value, depth) for k in node.keywords[:_MAX_PARTS]
    ]
    purposes = BY_NAME.get(name)
    if purposes is None and last:
        purposes = BY_LAST_NAME.get(last)
    if purposes is not None:
        head = arguments[0].head if arguments else ""
        return cleaned(joined(arguments, head), purposes)._replace(made=made)
    if name in PATH_JOINS and arguments:
        return joined_path(arguments, f"{name}()")
    if name in SAME_PATH and arguments:
        inner = arguments[0].made
        return arguments[0]._replace(made=f"{made}.{inner}" if "join" in inner else made)
    if name in PASSES_ON or last in ("Path", "PurePath"):
        return joined(arguments, arguments[0].head if arguments else "")._replace(made=made)
    method = node.func
    if isinstance(method, ast.Attribute):
        if method.attr == "replace":
            return _replaced(node, evaluator.value(method.value, depth))
        if method.attr.startswith("is") or method.attr in ("startswith", "endswith", "count", "find", "index"):
            return CONSTANT
        source = source_of(name, in_handler=evaluator.in_handler) if name else None
        if source is not None and method.attr != "close":
            return joined([source, *arguments[1:]])._replace(made=made)
        if method.attr in TEXT_METHODS:
            receiver = evaluator.value(method.value, depth)
            if receiver.levels[SECRET] >= 3 and method.attr in ("get", "pop"):
                return of_environment(receiver, node.args[0] if node.args else None)
            if method.attr in GIVES_WITH_ARGUMENTS:
                if receiver.made.endswith(("Markup()", "SQL()", "SafeString()")):  # they escape what they take in
                    return receiver
                return joined(
                    [receiver, *arguments],
                    receiver.head.partition("{")[0] if method.attr in ("format", "format_map") else "",
                )
            return joined([receiver, *arguments[1:]], receiver.head)._replace(made=made)
    if sounds_like_check(last):
        return CONSTANT._replace(made=made)
    own = _own(evaluator, node, arguments, depth)
    if own is not None:
        return own
    origins = joined(arguments).origins
    if any(a.levels[ERROR] for a in arguments) and last in ("str", "repr"):
        return holding(ANYTHING, ERROR, 3)
    secret = max((a.levels[SECRET] for a in arguments), default=0)
    found = Value(ANYTHING.levels, "", made, origins)
    return holding(found, SECRET, secret) if secret else found


def _own(evaluator: Evaluating, node: ast.Call, arguments: list[Value], depth: int) -> Value | None:
    """What a short function of the same text gives for these arguments; None where it is not one."""
    func = node.func
    if isinstance(func, ast.Name):
        name = func.id
    elif isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in ("self", "cls"):
        name = func.attr
    else:
        return None
    if evaluator.short is None:
        evaluator.short = short_functions(evaluator.module)
    function = evaluator.short.get(name)
    if function is None or evaluator.inside >= _MAX_CALLS or any(isinstance(a, ast.Starred) for a in node.args):
        return None
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    if len(node.args) > len(names):
        return None
    given = dict.fromkeys([*names, *(a.arg for a in function.args.kwonlyargs)], CONSTANT)
    given.update(zip(names, arguments, strict=False))
    for keyword, value in zip(node.keywords, arguments[len(node.args) :], strict=False):
        if keyword.arg is None:
            return None
        given[keyword.arg] = value
    before, evaluator.variables = evaluator.variables, {**evaluator.whole, **given}
    evaluator.inside += 1
    try:
        for statement in statements(function):
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                evaluator.variables[statement.targets[0].id] = evaluator.value(statement.value, depth)
            elif isinstance(statement, ast.Return):
                found = evaluator.value(statement.value, depth)
                return joined(
                    [found, *(a for a in arguments if a.origins and found.levels != CONSTANT.levels)], found.head
                )._replace(made=found.made)
    finally:
        evaluator.variables = before
        evaluator.inside -= 1
    return None


def _replaced(node: ast.Call, receiver: Value) -> Value:
    old = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
    # Line breaks taken out make a log or a header safe; quotes doubled or tags cut do not make anything else so.
    return cleaned(receiver, (LINE,)) if old in ("\n", "\r", "\r\n") else receiver


def of_environment(whole: Value, key: ast.AST | None) -> Value:
    """One variable of the environment, where ``whole`` is all of it; ``whole`` itself where it is anything else."""
    text = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
    if whole.levels[SECRET] < 3:
        return whole
    return holding(ANYTHING, SECRET, 2) if names_secret(text) else ANYTHING
