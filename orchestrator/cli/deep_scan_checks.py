"""Whether stored text is looked at by Presidio, and what it can see."""

from __future__ import annotations

from orchestrator.cli.checks import Check
from orchestrator_core.settings import Settings

_GROUP = "Security"
_NAME = "deep scan (Presidio)"
_WITHOUT = "personal data is redacted by patterns on every call; stored text stays at the scan level 'pattern'"


def deep_scan_check(settings: Settings) -> Check:
    """Whether the deep engine is there and on, and which kinds it finds. Nothing of it is imported."""
    from orchestrator_security.pii.deep.engine import PRESIDIO, presidio_installed
    from orchestrator_security.pii.deep.entities import visible_words
    from orchestrator_security.pii.deep.spacy_model import chosen_model

    if settings.security.deep_scan == "off":
        return Check(group=_GROUP, name=_NAME, status="ok", detail="off by security.deep_scan")
    if not presidio_installed():
        return Check(
            group=_GROUP, name=_NAME, status="warn", detail="Presidio is not installed", without=_WITHOUT,
            fix=f"pip install {PRESIDIO}",
        )  # fmt: skip
    model = chosen_model()
    names = model is not None and model.names and not model.problem
    seen = ", ".join(visible_words(with_names=names))
    without = "" if names else "; PERSON and PLACE need a spaCy model"
    return Check(group=_GROUP, name=_NAME, status="ok", detail=f"sees {seen}{without}")
