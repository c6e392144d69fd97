"""How a Python function becomes an agent: what its second parameter wants, and whether it is async."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, get_args

from orchestrator.agents.contract import AgentSpec, Sees, Takes
from orchestrator_core.errors import UsageError

_NAME_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/")
MAX_NAME = 100


def check_name(name: object) -> str:
    """A registrable agent name: 1 to 100 letters, digits and ``-_.:/``.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(name, str):
        raise UsageError(f"an agent's name must be text, not {type(name).__name__}")
    if not name or len(name) > MAX_NAME or not _NAME_ALLOWED.issuperset(name):
        raise UsageError(
            f"{name[:120]!r} cannot be an agent's name: use 1 to {MAX_NAME} letters, digits and the signs - _ . : /"
        )
    return name


def spec_of(
    name: str,
    function: Callable[..., Any],
    *,
    description: str | None = None,
    capabilities: tuple[str, ...] | list[str] = (),
    version: str = "",
    timeout_s: float | None = None,
    idempotent: bool = True,
    requires_approval: bool = False,
    sees: Sees = "values",
    source: str = "",
    metadata: dict[str, Any] | None = None,
) -> AgentSpec:
    """The agent that a function is.

    Raises:
        UsageError: the name does not fit, or the function cannot take a request.
    """
    check_name(name)
    if not callable(function):
        raise UsageError(f"agent {name!r} must be a function or callable object, not {type(function).__name__}")
    if timeout_s is not None and (
        not isinstance(timeout_s, int | float)
        or isinstance(timeout_s, bool)
        or not math.isfinite(timeout_s)
        or timeout_s < 0
    ):
        raise UsageError(f"agent {name!r}: timeout_s must be a number of seconds, 0 for none; got {timeout_s!r}")
    if isinstance(capabilities, str):
        raise UsageError(f"agent {name!r}: capabilities must be a list of texts; write [{capabilities!r}]")
    if not isinstance(requires_approval, bool):
        raise UsageError(f"agent {name!r}: requires_approval must be True or False, got {requires_approval!r}")
    if sees not in get_args(Sees):
        raise UsageError(f"agent {name!r}: sees must be one of {', '.join(get_args(Sees))}, got {sees!r}")
    return AgentSpec(
        name=name,
        run=function,
        takes=_second_parameter(name, function),
        is_async=_is_async(function),
        description=first_line(function) if description is None else description,
        capabilities=tuple(capabilities),
        version=version,
        timeout_s=timeout_s,
        idempotent=idempotent,
        requires_approval=requires_approval,
        sees=sees,
        source=source or getattr(function, "__module__", ""),
        metadata=dict(metadata or {}),
    )


def first_line(function: object) -> str:
    """The first line of a function's own docstring."""
    doc = inspect.getdoc(function) if not isinstance(function, type) else None
    return doc.strip().splitlines()[0] if doc and doc.strip() else ""


def _is_async(function: Callable[..., Any]) -> bool:
    called = getattr(function, "__call__", None)  # noqa: B004 - the bound method itself is inspected
    forms = (inspect.unwrap(function), called)
    return any(inspect.iscoroutinefunction(form) or inspect.isasyncgenfunction(form) for form in forms)


def _second_parameter(name: str, function: Callable[..., Any]) -> Takes:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return "request"  # a C callable without a signature: give it the request alone
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]
    if not positional:
        raise UsageError(
            f"agent {name!r}: its function takes no request; define it as f(request), f(request, context) or f(request, call)"
        )
    needed = [p for p in positional if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    keyword_only = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if len(needed) > 2 or keyword_only:
        extra = [p.name for p in needed[2:]] + keyword_only
        raise UsageError(
            f"agent {name!r}: its function needs further arguments ({', '.join(extra)}); an agent gets a request and a context or call"
        )
    if len(positional) < 2 or positional[1].kind is inspect.Parameter.VAR_POSITIONAL:
        return "request"
    second = positional[1]
    annotation = second.annotation if isinstance(second.annotation, str) else getattr(second.annotation, "__name__", "")
    # An annotation in quotes keeps them where annotations are not evaluated.
    if second.name == "call" or annotation.strip("'\"").rpartition(".")[2] == "Call":
        return "call"
    if second.default is not second.empty and second.name not in ("context", "ctx"):
        return "request"
    return "context"
