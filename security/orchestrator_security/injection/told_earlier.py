"""What a model was told earlier, in other words than "your instructions": somebody asks for it, or declares it void.

The object is described by its place (before the first message), by its giver (the developers wrote it) or by its taker (what you were
given); so it is found without the words for instructions.
"""

from __future__ import annotations

from orchestrator_security.injection.evidence import Category, Phrase

_SHOW = (
    "show|print|output|repeat|tell|give|copy|paste|quote|list|write|read|reveal|display|recite|return|echo|dump|send|share|translate|"
    "summari[sz]e|proofread|spell|type|post|reproduce|convert|encode|say|state|what|whats|which"
)
_THING = (
    "what|whatever|everything|all|anything|text|texts|words?|strings?|prompt|messages?|letter|sentences?|names|topics|lines?|part|"
    "document"
)
_SPEECH = "messages?|questions?|sentences?|conversation|chat|requests?|input|turn|prompt|session|question"
_GIVEN = "told|given|handed|sent|initiali[sz]ed|configured|set up|instructed|programmed|primed|briefed|forbidden|ordered|prompted"
_GIVER = "creators?|developers?|makers?|operators?|programmers?|designers?|trainers?|builders?|boss"
_RULES = "instructions?|rules?|prompts?|directives?|orders?|restrictions?|guidelines|polic(?:y|ies)|constraints?|limits"


def _phrase(
    name: str,
    group: str,
    category: Category,
    request: float,
    untrusted: float,
    first: str,
    rest: str,
    *,
    ordered: bool = False,
) -> Phrase:
    return Phrase(f"injection.{name}", category, group, request, untrusted, first, rest, ordered)


PHRASES: tuple[Phrase, ...] = (
    # Asked for.
    _phrase("text-before", "own", "prompt_extraction", 0.7, 0.5, _SHOW,
        r"(?: (?!i\b)[a-z]++){0,12}? (?:before|above|precedes|preceding|prior to|ahead of|until) (?:my|our|this|your|the) (?:very )?"
        rf"(?:first |last |present |current |own |next )?(?:{_SPEECH})\b", ordered=True),
    _phrase("text-before", "own", "prompt_extraction", 0.25, 0.3, "first|earliest|opening|initial|oldest|beginning|start|top",
        rf" (?:(?:{_SPEECH}|words?|text|lines?|thing) )?(?:in|of|from) (?:this|our|your) (?:very )?(?:{_SPEECH}|context|thread|prompt)\b"),
    _phrase("what-you-were-given", "own", "prompt_extraction", 0.6, 0.5, _THING,
        r"(?: (?:that|which|exactly|else|instructions?|rules?))*+ (?:you|youve|u)"
        r"(?: (?:were|was|are|have|had|been|got|just|already|originally|first|initially|ever))*+"
        rf" (?:{_GIVEN})(?: (?:with|to|not|before|by|at|when|in|about|here|today|earlier|so)\b| \.)"),
    _phrase("what-you-were-given", "own", "prompt_extraction", 0.6, 0.3, "what|which|are|have|were|how|did",
        rf"(?: [a-z]++){{0,5}}? (?:you|youve|u) (?:been )?(?:{_GIVEN}) (?:not )?(?:to|about|before|by|with)\b"),
    _phrase("what-you-were-given", "own", "prompt_extraction", 0.6, 0.5, "your|ur",
        rf" (?:{_GIVER}) (?:has |have |had )?(?:wrote|written|told|gave|given|put|said|sent|typed|instructed|left|entered)\b"),
    _phrase("not-to-tell", "own", "prompt_extraction", 0.5, 0.4, "not|never|arent|isnt|cant",
        r" (?:supposed|allowed|permitted|meant|able|authori[sz]ed)? ?(?:to )?(?:tell|say|reveal|share|mention|disclose|talk about|repeat) "
        r"(?:me|us|to me|anyone|anybody|it)(?= \.| but| what| so| and)"),
    # Declared void.
    _phrase("void-rules", "order", "prompt_injection", 0.5, 0.3, _RULES,
        r"(?: [a-z]++){0,5}? (?:expired|void|revoked|obsolete|invalid|suspended|outdated|a joke|a test|"
        r"no longer (?:valid|apply|applies|count|counts|hold|holds|binding)|"
        r"(?:dont|doesnt|do not|does not) (?:apply|count|hold|bind|matter|concern)|rescinded|annulled|overruled)\b"),
    _phrase("void-rules", "order", "prompt_injection", 0.6, 0.4, "dont|not|longer|neednt|stop|quit",
        r" (?:have to |need to |must |obliged to |bound to )?(?:follow|following|listen to|listening to|obey|obeying|stick to|heed) "
        rf"(?:(?:your|the|those|any|ur|all|that|what) (?:[a-z]++ ){{0,3}}?(?:{_RULES}|{_GIVER}|system|told)|them\b)"),
    _phrase("void-rules", "order", "prompt_injection", 0.6, 0.5, "set|put|leave|lay|cast|throw|push",
        rf" (?:(?:[a-z]++ ){{0,4}}?(?:{_RULES}|told|them) aside|aside (?:[a-z]++ ){{0,4}}?(?:{_RULES}|told)\b)", ordered=True),
    _phrase("void-rules", "order", "prompt_injection", 0.5, 0.4, "what|whatever|only",
        r" (?:i say (?:wins|counts|goes|overrides|beats|is law)|(?:follow|obey|listen to) (?:me\b|my ))"),
    _phrase("void-rules", "order", "prompt_injection", 0.5, 0.4, "as",
        r" (?:if|though) (?:you (?:had|have) never (?:been|received|got|heard|seen|read)|(?:the|there were no|your) "
        rf"(?:[a-z]++ )?(?:ban|{_RULES}|text|message)(?: [a-z]++){{0,2}}? ?(?:did|had|were|was|never)?\b)"),
    _phrase("void-rules", "order", "prompt_injection", 0.35, 0.3, "drop|leave|quit|give up|step out of|stop",
        r" (?:the|your|this|being|playing) (?:[a-z]++ )?(?:role|persona|character|act|part)\b", ordered=True),
)  # fmt: skip
"""Evidence in requests and in texts of others."""
