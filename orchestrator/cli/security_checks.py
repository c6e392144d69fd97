"""What decides about texts and what can be seen in them: the policy, its exceptions, scanners of other packages, patterns."""

from __future__ import annotations

import time
from collections.abc import Sequence

from orchestrator.cli.checks import Check
from orchestrator.cli.screen import counted
from orchestrator_core.errors import SettingsError, UsageError
from orchestrator_core.settings import SecuritySettings, Settings
from orchestrator_security.plugins.installed import Plugin
from orchestrator_security.policy.reading import PolicySource

_GROUP = "Security"


def security_checks(settings: Settings) -> list[Check]:
    """The policy with its exceptions, each scanner of another package, and what patterns redact; never raises for what is wrong."""
    from orchestrator_security.building import chosen_policy
    from orchestrator_security.plugins.installed import installed_scanners

    security = settings.security
    plugins = installed_scanners(security.scanners)
    try:
        source = chosen_policy(security, [category for plugin in plugins for category in plugin.categories])
    except SettingsError as error:
        policy = [_failed("policy", error, "security.policy_file")]
        strict = False
    else:
        policy = [_policy_check(security, source), *_exception_checks(source, time.time())]
        strict = _blocks_the_unscanned(source)
    scanners = _scanner_checks(security, plugins, strict=strict)
    return [*policy, *scanners, _pattern_check(security), *_approval_checks(security)]


def _failed(name: str, error: SettingsError, setting: str) -> Check:
    return Check(
        group=_GROUP, name=name, status="fail", detail=str(error),
        fix=f"orchestrate config show {setting} says where it is set",
    )  # fmt: skip


def _policy_check(security: SecuritySettings, source: PolicySource) -> Check:
    detail = f"preset {security.preset}"
    if source.path:
        detail = f"{source.policy.name!r} of {source.path}, before {detail}; {counted(len(source.allow.entries), 'exception')}"
    if source.allow:
        detail += f", the first of them until {min(entry.expires for entry in source.allow.entries)}"
    return Check(group=_GROUP, name="policy", status="ok", detail=detail)


def _exception_checks(source: PolicySource, now: float) -> list[Check]:
    over = source.allow.expired(now)
    if not over:
        return []
    named = ", ".join(f"{entry.rule} {entry.value_hash} on {entry.expires}" for entry in over)
    return [
        Check(
            group=_GROUP, name="exceptions", status="warn", detail=f"ended: {named}",
            without="everything else; what they let pass counts as a finding again",
            fix=f"look at them again in {source.path}: take them out, or give them a new day",
        )
    ]  # fmt: skip


def _blocks_the_unscanned(source: PolicySource) -> bool:
    from orchestrator_security.contract import ScanContext
    from orchestrator_security.scanner import Hit

    unfinished = Hit("incomplete.any", "incomplete", 0, 0, severity="low")
    return source.policy.action(unfinished, ScanContext()) == "block"


def _scanner_checks(security: SecuritySettings, plugins: Sequence[Plugin], *, strict: bool) -> list[Check]:
    checks = []
    for plugin in plugins:
        name = f"scanner {plugin.name!r}"
        if plugin.problem:
            checks.append(
                Check(
                    group=_GROUP, name=name, status="fail" if strict else "warn", detail=plugin.problem,
                    without="no call: the policy blocks every text that it did not look at" if strict
                    else "every other scanner; each text is flagged as not looked at by it",
                    fix="upgrade or uninstall the package that offers it, or leave it out of security.scanners",
                )
            )  # fmt: skip
        else:
            finds = f"takes part, finds {', '.join(plugin.categories)}" if plugin.categories else "takes part"
            checks.append(Check(group=_GROUP, name=name, status="ok", detail=finds))
    names = {plugin.name for plugin in plugins}
    absent = [name for name in security.scanners if not set(name) & set("*?[") and name not in names]
    if absent:
        checks.append(
            Check(
                group=_GROUP, name="scanners", status="warn", detail=f"no installed package offers {', '.join(map(repr, absent))}",
                without="the other scanners", fix="install its package, or take the name out of security.scanners",
            )
        )  # fmt: skip
    return checks


def _pattern_check(security: SecuritySettings) -> Check:
    from orchestrator_security.building import redacted_entities
    from orchestrator_security.pii.pii_scanner import PiiScanner

    name = "redaction (patterns)"
    try:
        words = PiiScanner(entities=redacted_entities(security)).sees
    except SettingsError as error:
        return _failed(name, error, "security.redact_pii")
    if not security.redact_secrets:
        return Check(
            group=_GROUP, name=name, status="warn", detail="secrets are stored as they are: security.redact_secrets is false",
            without=f"redacts {', '.join(words)}" if words else "",
            fix="orchestrate config show security.redact_secrets says where it is set",
        )  # fmt: skip
    return Check(group=_GROUP, name=name, status="ok", detail=", ".join(["SECRET", *words]))


def _approval_checks(security: SecuritySettings) -> list[Check]:
    """Names that no agent and no capability can have: a person would never be asked."""
    checks = []
    for setting, patterns in (("dangerous", security.dangerous), ("require_approval", security.require_approval)):
        useless = [pattern for pattern in patterns if not _fits_some_name(pattern)]
        if useless:
            checks.append(
                Check(
                    group=_GROUP, name=f"security.{setting}", status="warn",
                    detail=f"no agent and no capability can be named {', '.join(map(repr, useless))}",
                    without="the other names; nobody is asked because of these",
                    fix="write a name as in 'fs.write', or with * and ? as in 'fs.*'",
                )
            )  # fmt: skip
    return checks


def _fits_some_name(pattern: str) -> bool:
    from orchestrator.agents.adapt import check_name

    try:
        check_name("".join("a" if sign in "*?[]!" else sign for sign in pattern))
    except UsageError:
        return False
    return True
