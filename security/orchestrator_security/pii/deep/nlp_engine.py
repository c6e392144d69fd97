"""What Presidio is given for words and names: own words always, names from a spaCy model where there is one.

Presidio looks for telling words beside a find. For that it needs tokens, and no more: spaCy's tokeniser costs more than all recognisers
together and is quadratic on runs of punctuation, so words are taken by a linear pattern, with or without a model. An engine must
be given at all events: ``AnalyzerEngine()`` without one downloads a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator_security.pii.deep.chunks import without_noise
from orchestrator_security.pii.deep.entities import FROM_MODEL

if TYPE_CHECKING:
    from presidio_analyzer.nlp_engine import NlpArtifacts

LANGUAGE = "en"
"""What all recognisers are asked in: their patterns know no language."""
_UNUSED = [
    "parser",
    "lemmatizer",
    "tagger",
    "morphologizer",
    "attribute_ruler",
    "senter",
    "textcat",
    "trainable_lemmatizer",
]
_STOP_WORDS = frozenset((
    "a", "an", "the", "is", "was", "are", "of", "for", "to", "in", "on", "at", "my", "your", "his", "her", "their", "our", "its", "it",
    "this", "that", "with", "and", "or", "be", "by", "as", "no", "nr", "number", "value", "user", "str", "text", "der", "die", "das",
    "ist", "mein", "meine", "el", "la", "de", "es", "mi", "il", "mia",
))  # fmt: skip


class Named(NamedTuple):
    """A name that a model found; the attributes are those of spaCy's spans, which Presidio reads."""

    label_: str
    start_char: int
    end_char: int


@cache
def _words() -> re.Pattern[str]:
    # A capital after a small letter begins a word: ``patientPhone`` has two. Every character is looked at once or twice.
    return re.compile(r"[A-ZÄÖÜ]?[^\W\d_A-ZÄÖÜ]++|[^\W\d_]++|\d++|[^\w\s]|_")


class WordsNlpEngine:
    """Words by a pattern, no names."""

    engine_name = "words"

    def load(self) -> None:
        """Nothing is loaded."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Words in lower case, with where they begin."""
        from presidio_analyzer.nlp_engine import NlpArtifacts

        found = list(_words().finditer(text))
        # One word at least: Presidio raises where a find has no token at or behind it.
        tokens: Any = [match[0] for match in found] + [" "]
        starts = [match.start() for match in found] + [len(text)]
        lemmas = [token.lower() for token in tokens]
        return NlpArtifacts(self.names(text), tokens, starts, lemmas, self, language)

    def process_batch(self, texts: Iterable[str], language: str, **_: Any) -> Iterator[tuple[str, NlpArtifacts]]:
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        return word in _STOP_WORDS

    def is_punct(self, word: str, language: str) -> bool:
        return not any(character.isalnum() for character in word)

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return [LANGUAGE]

    def names(self, text: str) -> list[Any]:
        """No names are known."""
        return []


class ModelNlpEngine(WordsNlpEngine):
    """Words by the same pattern, names from a spaCy pipeline."""

    engine_name = "spacy"

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline

    @property
    def labels(self) -> tuple[str, ...]:
        """What the pipeline's labels are to Presidio, those that name persons and places."""
        known: dict[str, None] = {}
        for _, component in self._pipeline.pipeline:
            labels = getattr(component, "labels", ())
            known.update((FROM_MODEL[label], None) for label in labels if label in FROM_MODEL)
        return tuple(known)

    def get_supported_entities(self) -> list[str]:
        return list(self.labels)

    def names(self, text: str) -> list[Any]:
        document = self._pipeline(without_noise(text))
        return [
            Named(FROM_MODEL[entity.label_], entity.start_char, entity.end_char)
            for entity in document.ents
            if entity.label_ in FROM_MODEL
        ]


def load_pipeline(place: str) -> Any:
    """A spaCy pipeline of a module or folder, without the parts that names do not need. Seconds of CPU for a large one.

    Raises:
        Exception: whatever spaCy says of a model that it cannot load.
    """
    import spacy

    return spacy.load(place, exclude=_UNUSED)
