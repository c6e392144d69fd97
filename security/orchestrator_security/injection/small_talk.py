"""Talk for company in a text that nobody wrote for company: "what is your favourite season?" in a receipt.

Friends ask each other such things, and say "I" around them. A notice, a table or an article in which nobody speaks, and which asks for a
taste, a mood or a chat, asks a model; one that asks for many is an interview (the conversational agents of BIPIA, Yi et al. 2023).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_security.injection.evidence import Piece
from orchestrator_security.injection.wording import Described

_WEIGHT = 0.55
_WORDS_AROUND = 12
_MOST = 2
_ASKS = frozenset(("you", "your", "yourself", "youre", "youd", "bored", "lonely", "chat", "company", "me"))
_SPEAKS = frozenset(("i", "im", "ive", "id", "ill", "my", "mine", "myself", "ich", "je", "yo"))
_OURS = r"\b(?:our|us|we|account|order|stay|visit|purchase|experience|product|service|app|booking|delivery|questions?|feedback|this)\b"

_OPENING = r"^(?:hey |hi |hello |so |and |but |by the way |now |tell me |please |just |also ){0,4}"
_LIKES = (
    "prefer|like|enjoy|love|hate|dream|sing|dance|cook|believe in|feel|fancy|rather|morning|night|cat|dog|happy|sad|lonely|tired|bored|"
    "play|watch|collect|been to|tried|been in love|fallen|had a pet|have (?:a|any) (?:pets?|hobb|siblings?|favou?rite|plans|dreams|friends)"
)
_OWN = (
    "favou?rites?|hobby|hobbies|dream|opinion|star sign|zodiac|idea|secret talent|guilty pleasure|mood|take|age|biggest|earliest|perfect|"
    "ideal|childhood"
)
_DOES = (
    "like|enjoy|love|prefer|do for fun|do on|do at|think of|think about|happy|laugh|smile|dream|cook|eat|have for|wear|listen|read|watch|"
    "miss|fear|wish"
)
_TASTE = (
    rf"{_OPENING}(?:"
    r"(?:hows|how is|how was|how has|how did) your (?:day|week|weekend|morning|evening|night|life|mood|holiday|summer)\b"
    r"|how are you(?: (?:doing|feeling|today|this|really|all|these))*$"
    r"|how (?:do|are) you (?:feel|feeling|like to|spend|relax|unwind|sleep|cope)\b"
    rf"|(?:whats|what is|what are|what was|which is|who is|whos|where is|wheres) your (?:[a-z]+ ){{0,2}}(?:{_OWN})\b"
    r"|would you (?:rather|prefer)\b"
    r"|(?:do|could|did|are|have|can|will) you (?:(?:ever|really|also|personally|secretly|usually|normally|still|rather|a|an|"
    rf"more of a|sometimes) )*(?:{_LIKES})\b"
    rf"|what (?:do|did|would|makes|made|kind of [a-z]+ do) you (?:[a-z]+ )?(?:{_DOES})\b"
    r"|if you (?:could|were|had to|won)\b.{0,80}\b(?:what|where|who|which|would you)\b"
    r"|(?:where|who|which [a-z]+|when) would you (?:most )?(?:like|love|go|choose|live|travel|rather|be|pick|meet)\b"
    r"|(?:(?:a )?(?:bit |little |something |more ))?about (?:yourself\b|your (?:family|childhood|day|hobbies|dreams)$)"
    r"|(?:come and |let us |lets )?(?:chat|talk|gossip|hang out) (?:with me|to me|a bit|a while|for a)\b"
    r"(?! (?:first|before|about|if|when)\b)"
    r"|keep me company\b|cheer me up\b|make me (?:laugh|smile)\b|entertain me\b|ask me (?:something|anything|how)\b"
    r"|guess (?:what|who|where|how) i\b"
    r"|i(?:m| am) (?:(?:feeling|so|really|a bit|kind of|rather|a little|very|quite) )*(?:bored|lonely|sad|tired|down|blue|hungry|excited)\b"
    r")"
)


def small_talk(wordings: Described) -> Iterator[Piece]:
    """One piece for one or two such sentences where nobody else in the text says "I"."""
    said: list[tuple[str, ...]] = []
    words = 0
    for sentence in wordings.sentences:
        joined = "" if _ASKS.isdisjoint(sentence.words) else " ".join(sentence.words)
        if joined and compiled(_TASTE).search(joined) and not compiled(_OURS).search(joined):
            said.append(sentence.words)
            if len(said) > _MOST:
                return
        elif not _SPEAKS.isdisjoint(sentence.words):
            return
        else:
            words += len(sentence.words)
    if said and words >= _WORDS_AROUND:
        yield Piece("injection.small-talk", "prompt_injection", "stray", _WEIGHT, " ".join(said[0][:8]))
