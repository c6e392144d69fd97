"""Orders about the form of an answer, or what to make people believe, in a text that asks nobody for an answer.

"Answer as a pirate", "use only words that begin with s", "spread the idea that ...": a form to fill in says "in block letters", a style
guide says why; one such sentence among others about something else was written for a model (Yi et al. 2023).
"""

from __future__ import annotations

from orchestrator_security.injection.sentence_rules import SentenceRule

_OPENING = r"^(?:please |now |then |also |and |next |from now on |always |only |instead |just )*"
_PEOPLE = (
    r"\b(?:your (?:name|answers?|application|letter|order|cv|subject)|students?|pupils|applicants?|form|sheet|essay|guide|"
    r"headings?|audience|speech|class|survey|exam|customers?|button|press|type your)\b"
)


def _form(words: str, pattern: str, weight: float = 0.5, unless: str = _PEOPLE, beside: str = "") -> SentenceRule:
    return SentenceRule("orders-about-answer", "stray-form", words, pattern, weight, beside, unless)


_SAY = (
    "answer|respond|reply|speak|write|talk|say|output|print|do it|do everything|do it all|communicate|finish|end|begin|start|use|"
    "include|mention|insert|put|append|add|type|repeat|rewrite|phrase|express|make|sign off|close"
)
_SAY_WORDS = (
    "answer|respond|reply|speak|write|talk|say|output|print|do|communicate|finish|end|begin|start|use|include|mention|insert|put|append|"
    "add|"
    "type|repeat|rewrite|phrase|express|make|sign|close"
)

RULES: tuple[SentenceRule, ...] = (
    _form(_SAY_WORDS, _OPENING + rf"(?:{_SAY})(?: [a-z]+){{0,5}}? (?:as|like|in the (?:style|voice|tone|"
        rf"manner) of|(?:in|with|use) an?) (?:a |an |the )?(?:[a-z]+ )?(?:pirate|shakespeare[a-z]*|yoda|robot|cowboy|rapper|poet|child|"
        rf"king|queen|cat|dog|vampire|wizard|drill sergeant|news anchor|"
          r"santa|gangster|valley girl|old man|toddler|accent|alien|villain|caveman|butler)\b", beside="as|like|style|accent|voice|tone|"
          "with|use"),
    _form(_SAY_WORDS, _OPENING + rf"(?:{_SAY})(?: [a-z0-9]+){{0,8}}? (?:in|with|of|to|into) (?:every|each|all) (?:sentences?|"
        rf"words?|lines?|paragraphs?|answers?|repl(?:y|ies)|responses?)\b"
          "|" + _OPENING + rf"(?:{_SAY}) (?:every|each|all) (?:sentences?|words?|lines?|paragraphs?|answers?|repl(?:y|ies)|responses?|"
          rf"your [a-z]+) (?:with|in|as|by|using)\b", beside="every|each|all"),
    _form("capital|capitals|caps|uppercase|lowercase|emoji|emojis|rhyme|rhymes|verse|morse|binary|riddles|letters|backwards", _OPENING +
        rf"(?:{_SAY})(?: [a-z]+){{0,6}}? (?:in|with|as|using|only|to) (?:only |all |just |nothing but )*(?:capital(?:s| letters)|block "
        rf"capitals|caps|uppercase|upper case|lowercase|lower case|emojis?|rhymes?|verse|morse(?: code)?|binary|riddles|haikus?|"
        rf"limericks?|backwards)\b"
          r"|^do not use the letter [a-z]\b|^do (?:it|this|everything) (?:all )?(?:in|backwards)"),
    _form("answer|respond|reply|say|write|output|print|use|nothing", _OPENING + r"(?:answer|respond|reply|say|write|output|print|use)(?: "
        r"(?:only|just|nothing "
        r"but|with|the|one|a|single|by))+ (?:[a-z]+ )?(?:letters?|words?|phrase|number|emoji|sentence|string|yes|no)\b(?! (?:of "
        r"(?:advice|thanks)|to (?:your|our)))"
          r"|^say nothing but\b|^only (?:answer|respond|reply|say)\b|\band nothing else$"),
    _form("answer|response|reply|output", _OPENING + r"(?:write|give|print|say|spell|put|type) (?:the|your|all) (?:answers?|response|"
        r"reply|output) (?:backwards|in|as|with|only|twice|without)\b", 0.5),
    _form("answer|response|summary|reply|output|answers", _OPENING + r"(?:add|append|include|insert|put|mention|place|attach|end|finish|"
        r"begin|start|write|give|print|say|spell)(?: [a-z0-9]+){0,12}? (?:to|in|into|at the end of|with|of|for) (?:the |your |this |"
        r"every |all )(?:final )?(?:answers?|response|summary|reply|output)\b", 0.5,
          unless=_PEOPLE + r"|\b(?:customers?|ticket|mail|our|number|reference|scan|copy|photos?|receipt|invoice|date)\b"),
    _form("replies|answers|responses|output", r"^(?:please |also |then )*(?:change|switch|convert|turn|set|make) (?:[a-z]+ ){0,5}(?:all|"
        r"your|every|each|future|the) (?:further |next |future )?(?:replies|answers|responses|output)\b"),
    _form("say|write|report|mention|conclude|answer", r"^(?:please |also |then )*(?:say|write|report|mention|conclude|answer|state) that "
        r"(?:the|all|every|this|our|there|it)\b", 0.5, unless=_PEOPLE + r"|\b(?:we|i|my|meeting|invoice)\b"),
    _form("link|url|image", r"^(?:please |also |then )*(?:append|include|add|insert|put|show|render) the (?:link|url|image) (?:https?|"
        r"www)\b|"
          r"^(?:please |also |then )*(?:append|include|add|insert|put) (?:this|the following|a) (?:link|url|image)\b",
        0.5, unless=_PEOPLE + r"|\byour?\b"),
    _form("french|spanish|german|latin|japanese|italian|klingon|chinese|russian|english|dutch|portuguese|arabic|korean|polish", _OPENING +
        r"(?:answer|respond|reply|speak|talk|output)(?: [a-z]+){0,3}? in (?:only |fluent |old )?(?:french|spanish|german|latin|japanese|"
        r"italian|klingon|chinese|russian|english|dutch|portuguese|arabic|korean|polish)(?: only| instead| from now on)?$", 0.4,
          unless=_PEOPLE + r"|\b(?:him|her|them|customer|mr|mrs|ms|the following|below|questions)\b"),
    _form("refuse|decline", r"^(?:refuse|decline) to (?:answer|help|respond|summari[sz]e|continue|reply|comply)", 0.55, unless=""),
    _form("spread|promote|incite|praise|advertise|glorify|convince|persuade|deny|claim|state", r"^(?:please |also |then )*(?:spread|"
        r"promote) (?:the |an? )(?:idea|rumou?r|lie|claim|belief|theory|brand|product|view|notion|conspiracy|hoax|party|"
        r"candidate)\b"
          r"|^(?:please |also |then )*(?:incite|glorify) [a-z]+|^(?:convince|persuade) (?:people|everyone|everybody|readers|voters|"
          r"others|the (?:public|reader|world|user)) (?:that|to|of)\b|^(?:claim|deny|state|assert|insist|pretend) that\b(?! you\b)|"
          r"^(?:praise|"
          r"advertise) (?:the )?[a-z]+", 0.5,
          unless=r"\b(?:lord|god|him|we|our|stall|tweet from|butter|campaign)\b"),
    _form("forget|ignore|scratch|disregard|never", _OPENING + r"(?:forget|ignore|scratch|disregard) (?:about )?(?:that|all that|it all|"
        r"this|the (?:above|rest|text|mail|email|document|page)|all of (?:this|that|the above)) (?:and |instead |then )?(?:write|tell|"
        r"give|explain|translate|list|answer|say|can you|provide|print|do|make)\b", 0.55, unless=""),
    _form("wrongly|incorrectly|falsely|misleading", r"\b(?:translate|summari[sz]e|answer|quote|report)(?: [a-z]+){0,4} (?:wrongly|"
        r"incorrectly|falsely|(?:in a )?misleading)\b|\bwrong(?:ly)? on purpose\b", 0.55, unless=""),
    _form("paragraph|sentence|line|word|everything|anything|whatever", r"\b(?:(?:each|every) (?:paragraph|sentence|line|word)|everything|"
        r"anything|whatever) (?:that )?you (?:write|say|produce|generate|output|put out|come up with)\b", 0.5, beside="you"),
    _form("whoever|whatever|anyone|anybody", r"\b(?:whoever|anyone who|anybody who|whatever) (?:answers?|repl(?:y|ies)|responds?|"
        r"summari[sz]es?|translates?|processes|digests?)(?: [a-z]+){0,4} (?:should|must|shall|is to|has to|will|may|ought|needs)\b", 0.5),
    _form("response|output|respuesta|antwort|reponse|risposta|resposta", r"^(?:ps |and |then |also )*(?:the |your )?(?:"
        r"response|output|respuesta|antwort|reponse|risposta|resposta) (?:please )?(?:in|en|auf|in het|em) (?:[a-z]+ )?(?:japanese|"
        r"french|spanish|german|english|italian|latin|chinese|russian|korean|arabic|dutch|rhymes?|verse|capitals|japones|ingles|frances|aleman|"
        r"chino|italiano|englisch|franzosisch|spanisch|japanisch|latein|anglais|espagnol|allemand|japonais|chinois|italien)\b"),
    _form("answer|response|reply|output|summary|answers|replies|responses", r"\b(?:there (?:should|must|ought to|has to|needs to|is to) be|"
        r"would be (?:nice|good|great|lovely|fun|kind)|please|kindly|see to it|make certain)\b(?: [a-z0-9]+){0,14}? (?:in|into|of|under|to|"
        r"before|after|the|your) (?:the |your |any |each )?(?:answers?|response|reply|replies|responses|output|summary)\b(?! (?:to|from|by|"
        r"until|within|card|form|slip|sheet|paid|address|mail|e mail|email|button|code|field)\b)", 0.5,
          unless=_PEOPLE + r"|\b(?:customers?|ticket|our|we|us|me|my|he|she|him|reference|number|order|invoice|by (?:monday|tuesday|"
          r"wednesday|thursday|friday|noon|the)|json|http|api|server|client|status|wait|await|send|receive|thank|thanks|look forward)\b"),
    _form("stop", r"^stop (?:what you are doing|summari[sz]ing|reading (?:here|this|now)|translating|processing|here)\b|\bstop (?:what "
        r"you are doing|summari[sz]ing|translating)\b", 0.4, unless=r"\b(?:driver|train|bus|we|please stop reading)\b"),
)  # fmt: skip
"""Orders about form and belief."""
