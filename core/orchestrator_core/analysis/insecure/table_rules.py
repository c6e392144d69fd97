"""The rules that stand in tables, one row for each habit of a library: what must not be reached, called or switched."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import partial

from orchestrator_core.analysis.insecure.libraries import (
    crypto,
    dangers,
    requests_to,
    run_texts,
    stored_files,
    switches,
)
from orchestrator_core.analysis.insecure.libraries.rows import BY_NAME_ONLY, EVERY, Danger, Sink, Switch
from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.path_joins import judge
from orchestrator_core.analysis.insecure.site import Check, Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN

_SINKS: tuple[Sink, ...] = (*run_texts.SINKS, *requests_to.SINKS, *stored_files.SINKS)
_DANGERS: tuple[Danger, ...] = (*dangers.DANGERS, *crypto.DANGERS)
_SWITCHES: tuple[Switch, ...] = (*switches.SWITCHES, *crypto.SWITCHES)


def _given(site: Site, sink: Sink) -> Iterable[ast.expr]:
    if sink.at == EVERY:
        return (*site.call.args, *(k.value for k in site.call.keywords))
    found = site.argument(max(sink.at, BY_NAME_ONLY), *sink.named.split())
    return () if found is None else (found,)


def _reached(sink: Sink, site: Site, *, method: bool = False) -> None:
    if method and (
        (sink.needs and not site.uses(*sink.needs.split())) or not isinstance(site.call.func, ast.Attribute)
    ):
        return
    known = sink.weakness
    for node in _given(site, sink):
        if known.rule == "chosen-file":
            judge(site, node)
            continue
        level = site.level(node, sink.purpose)
        if level < HANDED_IN:
            continue
        severity = sink.handed_in
        if sink.whole is not None and isinstance(node, ast.Name) and not _put_together(site, node):
            severity = sink.whole
        if level >= FROM_OUTSIDE or severity != "info":
            site.by_level(level, known.rule, known.message, known.cwe, known.fix, handed_in=severity)
            return


def _put_together(site: Site, node: ast.Name) -> bool:
    value = site.value(node)
    return bool(value.head) or "join" in value.made


def _called(danger: Danger, site: Site, *, method: bool = False) -> None:
    if method and danger.needs and not site.uses(*danger.needs.split()):
        return
    if danger.unless and site.mentions(*danger.unless.split()):
        return
    known = danger.weakness
    if known.rule == "xml-entities" and site.uses("defusedxml"):
        return
    site.found(known.rule, known.message, danger.severity, known.cwe, known.fix)


def _by_name() -> dict[str, tuple[Switch, ...]]:
    table: dict[str, tuple[Switch, ...]] = {}
    for switch in _SWITCHES:
        for name in switch.names.split():
            table[name] = (*table.get(name, ()), switch)
    return table


_NAMED = _by_name()


def _is_bad(switch: Switch, site: Site, value: ast.AST) -> bool:
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return any(_is_bad(switch, site, element) for element in value.elts)
    if switch.ends and site.dotted(value).endswith(switch.ends):
        return True
    return is_constant(value, *switch.values)


def _weaken(site: Site, name: str, value: ast.AST, called: str = "") -> None:
    for switch in _NAMED.get(name, ()):
        if switch.calls and called not in switch.calls.split():
            continue
        if switch.needs and not site.uses(*switch.needs.split()):
            continue
        if _is_bad(switch, site, value):
            known = switch.weakness
            site.found(known.rule, known.message, switch.severity, known.cwe, known.fix)
            return


def _keywords(site: Site) -> None:
    for keyword in site.call.keywords:
        if keyword.arg in _NAMED:
            _weaken(site, keyword.arg, keyword.value, site.last)


def _entries(site: Site) -> None:
    node = site.node
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            name = constant_text(key)
            if name in _NAMED:
                _weaken(site, name, value)


def _settings(site: Site) -> None:
    node = site.node
    value = getattr(node, "value", None)
    if value is None:
        return
    for target in getattr(node, "targets", None) or [getattr(node, "target", None)]:
        name = constant_text(target.slice) if isinstance(target, ast.Subscript) else last_name(target) if target else ""
        if name in _NAMED:
            _weaken(site, name, value)


_POLICIES = frozenset(("Policy", "PolicyDocument", "AssumeRolePolicyDocument", "policy", "policy_document"))


def _policy(site: Site) -> None:
    """A policy of a cloud as a text of JSON."""
    for keyword in site.call.keywords:
        if keyword.arg not in _POLICIES:
            continue
        text = "".join((constant_text(keyword.value) or "").split())
        if (
            '"Principal":"*"' in text
            or '"Action":"*"' in text
            or '"Principal":{"AWS":"*"}' in text
            or '"Action":["*"]' in text
        ):
            message = "A policy grants something to everybody, or everything"
            site.found(
                "all-rights", message, "medium", 732, "Name the principals, actions and resources that are needed."
            )
            return


def _two_headers(site: Site) -> None:
    """``set_header("Access-Control-Allow-Origin", "*")``: a setting as two arguments."""
    if len(site.call.args) == 2:
        name = constant_text(site.call.args[0])
        if name in _NAMED:
            _weaken(site, name, site.call.args[1])


def _tables() -> Family:
    calls: dict[str, list[Check]] = {}
    methods: dict[str, list[Check]] = {}
    for rows, check in ((_SINKS, _reached), (_DANGERS, _called)):
        for row in rows:
            for name in row.calls.split():
                calls.setdefault(name, []).append(partial(check, row))  # type: ignore[arg-type]
            for name in row.methods.split():
                methods.setdefault(name, []).append(partial(check, row, method=True))  # type: ignore[arg-type]
    for name in ("set_header", "add_header", "send_header", "putheader", "setdefault", "add"):
        methods.setdefault(name, []).append(_two_headers)
    return Family(
        calls={name: _each(checks) for name, checks in calls.items()},
        methods={name: _each(checks) for name, checks in methods.items()},
        every_call=(_keywords, _policy),
        assignments=(_settings,),
        mappings=(_entries,),
    )


def _each(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]

    def all_of_them(site: Site) -> None:
        for check in checks:
            check(site)

    return all_of_them


FAMILY = _tables()
