"""A text told otherwise: what it would say in another world, and the answer that is to be given as if it said so.

An exercise supposes too, but it names its own numbers; what supposes of "the document", "the row", "the mail" that it said something else,
or asks for an answer as somebody made up, was written for a model (the hypothetical and virtual cases of CyberSecEval, Bhatt et al. 2024).
"""

from __future__ import annotations

from orchestrator_security.injection.sentence_rules import SentenceRule

_SUPPOSE = "suppose|supposing|assume|assuming|imagine|pretend|picture|envision|grant|granted|posit|say|treat"
_TEXT = (
    "text|document|mail|email|message|article|page|passage|report|table|row|cell|column|line|paragraph|note|notice|ticket|receipt|"
    "invoice|review|source|answer|letter|entry|caption|headline|summary|file|memo|post|thread|log|resume|cv|paper|study"
)
_SAID = "said|read|stated|claimed|showed|listed|reported"
_STILL_TRUE = r"\b(?:please|contact|call us|let us know)\b"
_ANSWER = "answer|reply|respond|retell|summarise|summarize|describe|explain|speak|report|write|tell"
_SOMEBODY = (
    "jester|historian|inspector|editor|chronicler|narrator|herald|bard|scribe|wizard|king|queen|emperor|prophet|captain|pirate|ghost|alien|"
    "robot|oracle|ruler|minister|spokesman|mayor"
)
_WORLDS = "world|universe|realm|kingdom|land|planet|empire|country|timeline|reality|dimension|galaxy|republic|island|city|society|history"

RULES: tuple[SentenceRule, ...] = (
    SentenceRule(
        "hypothesis",
        "hypothesis",
        _SUPPOSE,
        rf"\b(?:{_SUPPOSE})(?: that)? (?:the|this|that|your|every|each) (?:[a-z0-9]+ ){{0,3}}?(?:{_TEXT})(?: [a-z0-9]+){{0,3}}? "
        rf"(?:instead )?(?:{_SAID}|had been|were|began|ended)\b",
        0.5,
        _TEXT,
    ),
    SentenceRule(
        "hypothesis",
        "hypothesis",
        "if|had|hypothetically",
        rf"\b(?:if|had|hypothetically) (?:the|this|that|your|every|each) (?:[a-z0-9]+ ){{0,3}}?(?:{_TEXT})(?: [a-z0-9]+){{0,3}}? "
        rf"(?:instead )?(?:{_SAID})\b",
        0.3,
        _TEXT,
        _STILL_TRUE,
    ),
    SentenceRule(
        "as-if",
        "hypothesis",
        "as",
        rf"\b(?:{_ANSWER}|treat|proceed|carry on|go on|act|behave|continue)(?: [a-z]+){{0,4}}? as (?:if|though) "
        r"(?:that|this|it|they|the|he|she|all|every|each|nothing|there)\b",
        0.4,
        "if|though",
    ),
    SentenceRule(
        "other-answer",
        "hypothesis",
        "what|how",
        r"^(?:what|how) would (?:you|your (?:answer|summary|reply)) (?:then )?(?:tell|say|answer|reply|report|be|read|look|summari[sz]e)\b"
        r"(?: [a-z]+){0,5}? (?:if|had|were|in a|on a)\b",
        0.4,
        "would",
    ),
    SentenceRule(
        "as-if",
        "hypothesis",
        "as",
        rf"\b(?:{_ANSWER})(?: [a-z]+){{0,5}}? as (?:the |its |their |an? |his |her |this |that )?(?:[a-z]+ ){{0,2}}(?:{_SOMEBODY})\b",
        0.4,
        _ANSWER,
    ),
    SentenceRule(
        "other-world",
        "hypothesis",
        _WORLDS,
        rf"\b(?:in|on|from|of|to|picture|imagine|live in|are (?:in|on)|enter|visit) (?:a|an|the|some|this|another|our) (?:[a-z]+ ){{0,2}}"
        rf"(?:{_WORLDS})(?: [a-z]+){{0,2}}? (?:where|in which|whose|that has|without|of)\b",
        0.3,
        "where|which|whose|without|of|has",
    ),
)
"""What is supposed of the text itself, and answers from nowhere."""
