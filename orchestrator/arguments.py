"""What a caller may pass to a call, checked before anything runs."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypedDict

from msgspec import Struct, structs

from orchestrator_core.errors import UsageError
from orchestrator_core.records import SWITCHABLE, Redact, hides
from orchestrator_core.settings import FeatureSettings, Settings

_NAME_CHARS = 200
_NO_FEATURE = FeatureSettings()


class CallOptions(TypedDict, total=False):
    """The options of a call; ``orchestrator.execute_agent`` says what each means."""

    timeout_s: float | None
    deadline_s: float | None
    idempotent: bool | None
    session: str
    namespace: str | None
    caller: str | None
    stages: Mapping[str, bool] | None


class Arguments(Struct, frozen=True):
    """A call's arguments with settings and feature overrides applied."""

    context: Mapping[str, Any]
    feature: str
    session: str
    namespace: str
    caller: str
    timeout_s: float | None
    deadline_s: float
    idempotent: bool | None
    switches: Mapping[str, bool]

    def check_names(self, redact: Redact) -> None:
        """Names are stored as they are and looked up by, so they must not hold what redaction would hide.

        Raises:
            UsageError: one of them does.
        """
        for what, text in (
            ("feature_name", self.feature),
            ("session", self.session),
            ("namespace", self.namespace),
            ("caller", self.caller),
        ):
            if text and hides(redact, text):
                raise UsageError(
                    f"{what} holds a secret or an e-mail address; it is stored as it is, so use an opaque name instead"
                )


def check_arguments(
    settings: Settings, *, request: Any, feature: Any, context: Any, options: Mapping[str, Any]
) -> Arguments:
    """Check types and ranges and apply feature and settings.

    Raises:
        UsageError: an argument does not fit; the message names it and says what would.
    """
    for name in options:
        if name not in CallOptions.__annotations__:
            raise UsageError(f"there is no option {name!r} for a call.{_nearest(name, CallOptions.__annotations__)}")
    if not isinstance(request, str | Mapping):
        hint = (
            " Decode it first: request.decode('utf-8', errors='replace')."
            if isinstance(request, bytes | bytearray)
            else ""
        )
        raise UsageError(f"request must be text or a mapping, not {type(request).__name__}.{hint}")
    if context is not None and not isinstance(context, Mapping):
        raise UsageError(f"context must be a mapping such as {{'path': '.'}}, not {type(context).__name__}")
    feature_name = _name("feature_name", feature)
    override = settings.features.get(feature_name, _NO_FEATURE)
    space = _name("namespace", options.get("namespace")) or override.namespace or settings.memory.namespace
    timeout = _seconds("timeout_s", options.get("timeout_s"))
    deadline = _seconds("deadline_s", options.get("deadline_s"))
    if deadline is None:
        deadline = settings.call.deadline_s if override.deadline_s is None else override.deadline_s
    return Arguments(
        context=context or {},
        feature=feature_name,
        session=_name("session", options.get("session")),
        namespace=space,
        caller=_name("caller", options.get("caller")),
        timeout_s=override.timeout_s if timeout is None else timeout,
        deadline_s=deadline,
        idempotent=_flag("idempotent", options.get("idempotent")),
        switches=_switches(settings, override, options.get("stages")),
    )


def check_hours(hours: object) -> float:
    """A window in hours.

    Raises:
        UsageError: it is no number above 0.
    """
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not math.isfinite(hours) or hours <= 0:
        raise UsageError(f"hours must be a number above 0, got {hours!r}")
    return float(hours)


def _name(what: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UsageError(f"{what} must be text, not {type(value).__name__}")
    if len(value) > _NAME_CHARS or not value.isprintable():
        raise UsageError(f"{what} must be at most {_NAME_CHARS} printable characters")
    return value


def _flag(what: str, value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise UsageError(f"{what} must be True or False, got {value!r}")
    return value


def _nearest(name: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(name), known, n=1)
    return f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(known)}."


def _seconds(what: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise UsageError(f"{what} must be a number of seconds, 0 for none; got {value!r}")
    return float(value)


def _switches(settings: Settings, override: FeatureSettings, stages: Any) -> Mapping[str, bool]:
    base = _settings_switches(settings.stages)
    if not override.stages and not stages:
        return base
    if stages is not None and not isinstance(stages, Mapping):
        raise UsageError("stages must be a mapping such as {'judge': False}")
    merged = dict(base)
    for source in (override.stages, stages or {}):
        for name, value in source.items():
            if name not in SWITCHABLE:
                raise UsageError(f"there is no stage {name!r} to switch.{_nearest(name, SWITCHABLE)}")
            if not isinstance(value, bool):
                raise UsageError(f"stages[{name!r}] must be True or False, got {value!r}")
            merged[name] = value
    return merged


@lru_cache(maxsize=8)
def _settings_switches(stages: Any) -> Mapping[str, bool]:
    switches = structs.asdict(stages)
    switches["attempts"] = True
    return {name: switches[name] for name in (*SWITCHABLE, "attempts")}
