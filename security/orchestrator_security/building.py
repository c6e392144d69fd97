"""The guard that the settings describe: which scanners, which policy."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from orchestrator_core.clock import Clock
from orchestrator_core.errors import SettingsError, UsageError
from orchestrator_core.settings import SecuritySettings
from orchestrator_security.characters.encoding import EncodingScanner
from orchestrator_security.deferred import code_scanner, injection_scanner, secrets_scanner, sink_scanners
from orchestrator_security.guard import SecurityGuard
from orchestrator_security.injection.planted import PlantedScanner
from orchestrator_security.pii.pii_match import REDACTED_BY_DEFAULT
from orchestrator_security.pii.pii_scanner import PiiScanner, known_entities
from orchestrator_security.plugins.installed import Plugin, installed_scanners, plugin_of
from orchestrator_security.plugins.replacing import Replacing, redacted_categories
from orchestrator_security.policy.reading import PolicySource, read_policy
from orchestrator_security.policy.table import PolicyRule
from orchestrator_security.scanner import Scanner


def build_guard(
    settings: SecuritySettings,
    *,
    hash_key: bytes,
    clock: Clock,
    extra_scanners: Sequence[Scanner] = (),
) -> SecurityGuard:
    """The guard that the settings describe.

    ``hash_key`` is the store's own random key: it must stay the same for a store and never leave the machine. ``extra_scanners`` come
    after Magnus's own and those of installed packages, each behind a deadline.

    Raises:
        UsageError: the key is empty.
        SettingsError: the policy file cannot be read or does not make sense.
    """
    plugins = [
        *installed_scanners(settings.scanners),
        *(plugin_of(str(getattr(scanner, "name", type(scanner).__name__)), scanner) for scanner in extra_scanners),
    ]
    policy = chosen_policy(settings, [category for plugin in plugins for category in plugin.categories])
    others = [_taking_part(plugin, policy) for plugin in plugins]
    personal = PiiScanner(entities=redacted_entities(settings))
    redacting: tuple[Scanner, ...] = (secrets_scanner(), personal)
    if waits_for_deep_scan(settings, policy):
        redacting = (*redacting, _deep_scanner(settings))
    redacting = (*redacting, *(scanner for scanner in others if isinstance(scanner, Replacing)))
    return SecurityGuard(
        request_max_bytes=settings.request_max_bytes,
        scanners=(
            EncodingScanner(),
            *redacting,
            injection_scanner(),
            PlantedScanner(),
            *sink_scanners(),
            code_scanner(),
            *(scanner for scanner in others if not isinstance(scanner, Replacing)),
        ),
        redacting=redacting,
        policy=policy,
        hash_key=hash_key,
        clock=clock,
    )


def _taking_part(plugin: Plugin, policy: PolicySource) -> Scanner:
    """The plug-in's scanner, behind what makes its finds replaceable where the policy redacts a category of it."""
    redacted = redacted_categories(plugin.categories, policy.policy.rules)
    return Replacing(plugin.scanner, redacted) if redacted else plugin.scanner


def waits_for_deep_scan(settings: SecuritySettings, policy: PolicySource) -> bool:
    """Whether the guard itself runs the deep engine, before text is stored."""
    return policy.policy.wait_for_deep_scan and settings.deep_scan == "auto"


def _deep_scanner(settings: SecuritySettings) -> Scanner:
    from orchestrator_security.pii.deep.engine import shared_engine
    from orchestrator_security.pii.deep.scanner import DeepPiiScanner, replaced_words

    words = replaced_words(redacted_entities(settings), everything="*" in settings.redact_pii)
    return DeepPiiScanner(shared_engine(), words)


def redacted_entities(settings: SecuritySettings) -> frozenset[str]:
    """The kinds of personal data that are looked for and replaced; ``*`` stands for those that are personal wherever they stand.

    Raises:
        SettingsError: there is no such kind.
    """
    named = [name for name in settings.redact_pii if name != "*"]
    try:
        chosen = known_entities(named)
    except UsageError as error:
        raise SettingsError(f"security.redact_pii: {error}") from None
    return chosen | frozenset(REDACTED_BY_DEFAULT) if "*" in settings.redact_pii else chosen


def chosen_policy(settings: SecuritySettings, categories: Sequence[str] = ()) -> PolicySource:
    """The policy of the settings; where they switch a redaction off, that comes before everything else.

    Raises:
        SettingsError: the policy file cannot be read or does not make sense.
    """
    source = read_policy(settings.preset, settings.policy_file, categories=categories)
    first: list[PolicyRule] = []
    if not settings.redact_secrets:
        first.append(PolicyRule("secret", "flag"))
    policy = structs.replace(source.policy, rules=source.policy.before(first))
    return structs.replace(source, policy=policy, settings_lines=len(first))
