"""A role without bounds, told by what it lacks: it never warns, knows no policies, is not sorry, cannot say no.

Jailbreaks give a model another name and then list what that one does not do. A single such sentence stands in many honest texts ("never
warn about unused imports"); several of them, beside a role that *you* are to take, do not.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_security.injection.evidence import Category, Piece
from orchestrator_security.injection.sentence_rules import SentenceRule
from orchestrator_security.injection.wording import Described

_NO = (
    "no|not|never|without|zero|none|nothing|cant|cannot|doesnt|dont|isnt|hasnt|wont|nor|didnt|arent|havent|shall not|beyond|free of|free "
    "from|unbound by|ohne|nie|niemals|nicht|"
    "kein|keine|sans|jamais|sin|nunca|senza|mai|sem|zonder|nooit"
)
_BOUNDS = (
    "ethics?|ethical|moral|morals|morality|morali[sz]e|morali[sz]es|morali[sz]ing|refuse|refuses|refused|refusal|refusing|decline|"
    "declines|warn|warns|warned|warnings?|sorry|apologi[sz]e|apologi[sz]es|"
    "apolog(?:y|ies)|disclaimers?|polic(?:y|ies)|guidelines|guardrails?|filters?|filtered|scruples|conscience|harm|harmful|limits?|"
    "limitations|restrictions?|rules|safety|censor|censors|censorship|alignment|"
    "aligned|training wheels|hesitate|hesitates|judges?|judgement|lectures?|sermons?|break(?:s)? character|leave the role|bound|illegal|"
    "forbidden|taboos?|opinion|obeys?|say no|says no|laws?|"
    "grenzen|moral|filter|regeln|ablehnst|warnst|limites?|morale|filtre|sermones|etica|filtros?|filtri|censura|personaje|disculpas|"
    "skrupel|scrupules|escrupulos|scrupoli"
)
_LACKS = rf"\b(?:{_NO})\b(?: [a-z]+){{0,4}}? (?:{_BOUNDS})\b"
_LACKING_WORDS = frozenset(_NO.split("|"))
_TAKES = (
    r"\b(?:you are|youre|you play|you act|you speak|you become|act as|acts as|play|speak as|answer as|reply as|pretend|impersonate|"
    r"simulate|role ?play|stay in character|persona|embody|character sheet|"
    r"conversation with|chat with|simulator|dialogue between|let the|respond under|respond as|as that|du bist|tu es|eres|sei|actues|"
    r"spiele|joue|actua)\b"
)
_EACH, _MOST, _LEAST = 0.3, 1.0, 2


def _rule(
    words: str, pattern: str, request: float, untrusted: float = 0.2, *, group: str = "bounds", unless: str = ""
) -> SentenceRule:
    category: Category = "jailbreak"
    return SentenceRule("no-limits", category, group, words, pattern, request, untrusted, 0.0, unless=unless)


RULES: tuple[SentenceRule, ...] = (
    _rule("alignment|moderation|safety|filters|filter|rlhf|censorship|laws", r"\b(?:alignment|moderation|safety|rlhf|filters?|censorship|"
        r"ai laws)(?: [a-z]+){0,4}? (?:suspended|removed|abandoned|disabled|repealed|off|failed|gone|lifted|dont load|skipped)\b"
          r"|\b(?:removed|disabled|without|before|pre|no) (?:all |any |the )?(?:alignment|moderation|rlhf|safety (?:training|filters?|"
          r"layer))\b", 0.45,
          unless=r"\b(?:css|text|div|flex|column|grid|photos?|camera|water|air|email|spam)\b"),
    _rule("aligned|unaligned|shadow|twin|uncensored", r"\b(?:never|not|un) ?aligned\b|\bshadow self\b|\bevil twin\b|\buncensored\b", 0.35,
        group="other-self",
          unless=r"\b(?:css|text|div|flex|grid|memory|bytes?|pointer)\b"),
    _rule("complies|comply|answers|contesta|responde|repond|antwortet|risponde|answer", r"\b(?:always )?(?:complies|comply|answers?|"
        r"contesta|responde|repond|antwortet|risponde)(?: a)? (?:with |to )?(?:all|everything|anything|every|always|todo|tout|alles|"
        r"tutto|in full)\b", 0.25, group="complies"),
    _rule("no|nope", r"\b(?:word )?no (?:is|isnt) (?:not|out|forbidden|banned|no|in)\b|\b(?:cant|cannot|cant ever|never|unable to|not "
        r"able to|dont) (?:ever )?say no\b|\bif (?:you|u) (?:say no|refuse|warn|decline)\b", 0.45, group="stake"),
    _rule("opposite|yes", r"\bopposite day\b|\byes (?:man|day)\b", 0.5, group="game"),
    _rule("character|role|personaje|personnage|rolle|personaggio", r"\b(?:never|dont|do not|nunca|nie|ne|non|mai) (?:ever )?(?:break|"
        r"leave|drop|quit|rompas|verlasse|uscire)(?: [a-z]+){0,3} (?:character|role|personaje|personnage|rolle|personaggio)\b", 0.3, group
        ="character"),
    _rule("illegal|legal|dangerous|forbidden|unlawful|ilegal|crimes", r"\b(?:legal (?:or|and|y|o) (?:the |lo )?il+egal|lo legal y lo "
        r"ilegal|(?:even|also) (?:if )?(?:illegal|dangerous|forbidden)|dangerous|illegal)\b.{0,60}\b(?:compliments?|valid|fine|welcome|"
        r"allowed|virtues?|answers?|sermones|steps|how)\b", 0.3, group="harm"),
    _rule("godmode|god|unchained|unshackled", r"\bgod ?mode\b|\bunchained\b|\bunshackled\b", 0.45, unless=r"\b(?:django|film|movie|game "
        r"server|cheat|quake|doom|minecraft|melody)\b"),
    _rule("refusal|refusals|refusing", r"\brefusals?(?: [a-z]+){0,5}? (?:removed|peel|peeling|stripped|deleted|gone|erased)\b|"
        r"\b(?:removed?|removing|without|strip|stripped|no|delete[ds]?)(?: [a-z]+){0,3} refusals?\b", 0.5, unless=r"\b(?:benchmark|rate|"
        r"measure|dataset card|evaluate|evaluation)\b"),
    _rule("policy|guidelines|safety|rules|policies|tuning|training", r"\b(?:abandoned|abandons|abandon|shed|lost|dropped|broke|escaped|"
        r"forgot) (?:its|all|the|your|their) (?:content |safety |ethical )?(?:polic(?:y|ies)|guidelines|safety|rules|training)\b|"
        r"\bbefore (?:any )?safety (?:tuning|training|filters?)\b|\bsafety (?:tuning|training)(?: [a-z]+){0,2} (?:applied|removed|undone|"
        r"off)\b", 0.5),
    _rule("remember|know|recall|notion|concept", r"\b(?:no longer|dont|nothing|not|never)(?: [a-z]+)? (?:remember|know|recall|heard of) "
        r"(?:of )?(?:your|any|the|what) (?:guidelines|rules|polic(?:y|ies)|limits|content policies)\b|\b(?:without|no|never had) (?:the |"
        r"a |any )?(?:notion|concept|idea|sense) of (?:harm|evil|right|shame|guilt|danger)\b", 0.5),
    _rule("never|not|dont", r"\bremove the (?:word )?(?:never|not|dont)\b", 0.5, group="flip"),
)  # fmt: skip
"""Single sentences that take bounds away."""


def boundless(wordings: Described) -> Iterator[Piece]:
    """One piece for all sentences in which a role lacks bounds; none where nobody is to take a role."""
    lacking = 0
    lacks = compiled(_LACKS)
    for sentence in wordings.sentences:
        if not _LACKING_WORDS.isdisjoint(sentence.words) and lacks.search(" ".join(sentence.words)):
            lacking += 1
            if lacking >= _MOST / _EACH:
                break
    if lacking < _LEAST:
        return
    takes = compiled(_TAKES)
    if any(takes.search(" ".join(sentence.words)) for sentence in wordings.sentences):
        yield Piece("injection.no-limits", "jailbreak", "lacks", min(_MOST, _EACH * lacking))
