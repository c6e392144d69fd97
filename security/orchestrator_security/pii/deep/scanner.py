"""The deep engine as a scanner of the gate, for policies that wait for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from orchestrator_security.contract import ScanContext
from orchestrator_security.pii.deep.deep_engine import DeepEngine, DeepScanUnavailable, DeepScanUnfinished, Place
from orchestrator_security.pii.deep.entities import ENTITIES
from orchestrator_security.pii.pii_match import ENTITIES as PATTERNS
from orchestrator_security.scanner import Hit

_RULES = {
    "EMAIL": "email", "CARD": "credit-card", "IBAN": "iban-code", "SSN": "us-ssn", "ITIN": "us-itin", "IP": "ip-address",
    "MAC": "mac-address", "PHONE": "phone-number", "NATIONALID": "national-id", "TAXID": "tax-id", "HEALTHID": "health-id",
    "LICENSE": "driver-license", "ACCOUNT": "bank-account", "ROUTING": "aba-routing-number",
}  # fmt: skip
"""The rules of the inline patterns, so that a policy or an allow list speaks of both engines; other words name their own."""

_GO_ON = (
    "See orchestrate doctor. The policy waits for it before text is stored; wait_for_deep_scan = false in security.policy_file, or "
    'security.deep_scan = "off", lets calls go on without it'
)


class DeepPiiScanner:
    """Finds what Presidio finds. Where that fails it raises, and the gate says that the text was not scanned.

    ``words`` are the placeholders' words of what is reported, all where it is None.
    """

    name = "presidio"

    def __init__(self, engine: DeepEngine, words: Collection[str] | None = None) -> None:
        self._engine = engine
        self._words = words
        self.problem = ""
        """Why the last text was not scanned, and what to do about it."""

    @property
    def sees(self) -> tuple[str, ...]:
        """The words of the kinds that are looked for; empty until the engine has started."""
        words = (ENTITIES[name].word for name in self._engine.entities() if name in ENTITIES)
        return tuple(word for word in words if self._words is None or word in self._words)

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return len(text) > 3

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        """The hits.

        Raises:
            DeepScanUnfinished: the text was not wholly looked at.
        """
        try:
            hits = hits_of(self._engine.find(text))
        except DeepScanUnavailable as error:
            self.problem = f"{str(error).rstrip('.')}. {_GO_ON}"
            raise
        except DeepScanUnfinished as error:
            self.problem = str(error).rstrip(".")
            raise
        self.problem = ""
        return hits if self._words is None else [hit for hit in hits if hit.kind in self._words]


def replaced_words(patterns: Collection[str], *, everything: bool) -> frozenset[str]:
    """The placeholders' words of what is replaced, where the settings name these kinds of the inline patterns.

    What no pattern knows, such as names, is replaced where the settings ask for everything.
    """
    inline = {name: entity.word for name, entity in PATTERNS.items()}
    words = {inline[name] for name in patterns}
    if everything:
        words.update(entity.word for entity in ENTITIES.values() if entity.word not in inline.values())
    return frozenset(words)


def hits_of(places: Sequence[Place]) -> list[Hit]:
    """Places as what the policy decides about, under the rules of the inline patterns."""
    hits = []
    for place in places:
        entity = ENTITIES.get(place.entity)
        if entity is not None:
            hits.append(
                Hit(
                    f"pii.{_RULES.get(entity.word, entity.word.lower())}", "pii", place.start, place.end, severity=entity.severity,
                    confidence=min(1.0, max(0.5, place.score)), kind=entity.word, message=entity.what, cwe="CWE-359", owasp_llm="LLM02",
                )
            )  # fmt: skip
    return hits
