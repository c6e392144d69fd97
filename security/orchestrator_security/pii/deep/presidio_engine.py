"""The border to Presidio. It runs in a process of its own (see ``worker``): no user's process should bear what its import costs.

The import of Presidio takes 5 s CPU where torch and transformers are installed, and 0.9 s where they are kept out. That they
stay out is arranged in the worker only, for thinc remembers for good whether there is a torch.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from orchestrator_security.pii.deep.chunks import chunks, masked, placeholders, untouched
from orchestrator_security.pii.deep.entities import ENTITIES, Candidate, DeepEntity, believed
from orchestrator_security.pii.deep.nlp_engine import LANGUAGE, ModelNlpEngine, WordsNlpEngine, load_pipeline
from orchestrator_security.pii.deep.spacy_model import SpacyModel

REGEX_TIMEOUT_S = 1.0
"""What one pattern of Presidio's may take on one piece of text."""
_PHONE_DIGITS_MIN = 7
_CONTEXT_BEFORE, _CONTEXT_BEHIND = 5, 2
_RECOGNIZERS = "presidio_analyzer.predefined_recognizers"


class Found(Struct, frozen=True, array_like=True):
    """A place with personal data. ``entity`` is Presidio's name."""

    start: int
    end: int
    entity: str
    score: float


class Unfinished(Exception):
    """A part of the text was not looked at; the message says why, and holds nothing of the text."""


def settled(found: Iterable[Found]) -> list[Found]:
    """Places that overlap as one that covers them all, under the name that is surest, or longest where two are as sure; in order."""
    result: list[Found] = []
    best: Found | None = None
    for each in sorted(found, key=lambda place: (place.start, -place.end)):
        if best is None or not result or each.start >= result[-1].end:
            result.append(each)
            best = each
            continue
        if (each.score, each.end - each.start) > (best.score, best.end - best.start):
            best = each
        last = result[-1]
        result[-1] = Found(last.start, max(last.end, each.end), best.entity, best.score)
    return result


class _Skipped(logging.Handler):
    """Presidio leaves a pattern out that takes too long, and says so in its log only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.times = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.times += "timed out" in str(record.msg)


class PresidioEngine:
    """Presidio's recognisers over one spaCy model or none. Not safe for threads.

    Raises:
        ImportError: Presidio is absent or broken.
    """

    def __init__(self, model: SpacyModel | None) -> None:
        self.problem = ""
        """Why names are not found although there is a model."""
        self._names = self._engine_for(model)
        self._skipped = _Skipped()
        logger = logging.getLogger("presidio-analyzer")
        logger.propagate = False
        logger.addHandler(self._skipped)
        _keep_off_the_network()
        _bound_patterns()
        recognizers = [made for entity in ENTITIES.values() if entity.recognizer and (made := _recognizer(entity))]
        seen = {name for recognizer in recognizers for name in recognizer.supported_entities}
        self.entities = tuple(name for name in ENTITIES if name in seen or name in self._names.get_supported_entities())
        self._analyzer = _analyzer(recognizers, self._names)

    def find(self, text: str) -> list[Found]:
        """The places that count, in order, none within or over a placeholder of an earlier redaction.

        Raises:
            Unfinished: a pattern ran out of time.
        """
        taken = placeholders(text)
        hidden = masked(text, taken)
        found: dict[tuple[int, int, str], Found] = {}
        self._skipped.times = 0
        for offset, piece in chunks(hidden):
            for result in self._analyzer.analyze(piece, LANGUAGE, score_threshold=0.0, return_decision_process=True):
                explained = getattr(result, "analysis_explanation", None)
                supported = bool(getattr(explained, "supportive_context_word", ""))
                place = Candidate(
                    result.entity_type, offset + result.start, offset + result.end, result.score, supported
                )
                if believed(hidden, place) and untouched((place.start, place.end), taken):
                    key = (place.start, place.end, place.entity)
                    known = found.get(key)
                    if known is None or known.score < place.score:
                        found[key] = Found(place.start, place.end, place.entity, round(place.score, 3))
        if self._skipped.times:
            raise Unfinished(f"{self._skipped.times} of Presidio's patterns took more than {REGEX_TIMEOUT_S:g} s")
        return settled(found.values())

    def _engine_for(self, model: SpacyModel | None) -> WordsNlpEngine:
        if model is None or model.problem or not model.names:
            if model is not None:
                self.problem = model.problem or "it has no component that finds names"
            return WordsNlpEngine()
        try:
            return ModelNlpEngine(load_pipeline(model.place))
        except Exception as error:  # noqa: BLE001 - a broken model must not keep the patterns from running
            self.problem = f"it cannot be loaded ({type(error).__name__})"
            return WordsNlpEngine()


def _recognizer(entity: DeepEntity) -> Any:
    kind = getattr(importlib.import_module(_RECOGNIZERS), entity.recognizer, None)
    if kind is None:
        return None  # another version of Presidio
    if entity.recognizer == "PhoneRecognizer":
        kind = _where_there_are_digits(kind)
    made = kind(supported_language=LANGUAGE)
    made.context = list(entity.context)
    return made


def _where_there_are_digits(kind: Any) -> Any:
    class NumbersOnly(kind):  # type: ignore[misc]
        """The phone recogniser takes nine tenths of the time, and most text has no digits."""

        def analyze(self, text: str, entities: Sequence[str], nlp_artifacts: Any = None) -> Any:
            if sum(character.isdigit() for character in text) < _PHONE_DIGITS_MIN:
                return []
            return super().analyze(text, entities, nlp_artifacts)

    return NumbersOnly


def _analyzer(recognizers: list[Any], names: WordsNlpEngine) -> Any:
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    if labels := names.get_supported_entities():
        recognizers = [*recognizers, SpacyRecognizer(supported_language=LANGUAGE, supported_entities=labels)]
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=[LANGUAGE])
    enhancer = LemmaContextAwareEnhancer(
        context_prefix_count=_CONTEXT_BEFORE, context_suffix_count=_CONTEXT_BEHIND, context_matching_mode="whole_word"
    )
    engine: Any = names  # it has all methods of Presidio's own class, which cannot be named before Presidio is loaded
    return AnalyzerEngine(
        registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE], context_aware_enhancer=enhancer
    )


def _keep_off_the_network() -> None:
    """The e-mail recogniser asks tldextract, which would fetch a list of suffixes and write it into the user's cache."""
    module: Any = importlib.import_module("tldextract.tldextract")
    extractor = module.TLDExtract(suffix_list_urls=(), cache_dir=None)
    module.TLD_EXTRACTOR = extractor
    extractor("example.com")  # reads the list that comes with it


def _bound_patterns() -> None:
    for name in ("presidio_analyzer.pattern_recognizer", f"{_RECOGNIZERS}.generic.iban_recognizer"):
        module = importlib.import_module(name)
        if hasattr(module, "REGEX_TIMEOUT_SECONDS"):
            module.REGEX_TIMEOUT_SECONDS = REGEX_TIMEOUT_S  # type: ignore[attr-defined]
