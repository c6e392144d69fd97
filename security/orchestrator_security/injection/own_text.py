"""What a model was given before the conversation, asked for in whatever words: its prompt, what stands above, its makers' rules.

OWASP LLM07 (system prompt leakage). The verb says little: a prompt can be printed, sung, guessed at, compared or put into a variable.
What is asked for says nearly all: hardly anybody speaks to a model of *its* prompt for another reason, and people who build such things
speak of *their* prompt.
"""

from __future__ import annotations

from functools import partial

from orchestrator_security.injection.sentence_rules import SentenceRule

_EARLY = (
    "system|developer|initial|original|hidden|secret|starting|opening|setup|startup|set up|start up|base|underlying|internal|"
    "pre|full|actual|entire|raw|whole|complete|exact|literal|first|very first|own|custom|core|confidential|private|current"
)
_TEXT = (
    "prompts?|messages?|instructions?|text|preambles?|directives|rules|orders|lines?|words|sentences?|guidelines|briefing|section|"
    "context|configuration|role message|programming|primer|polic(?:y|ies)"
)
_SURELY = (
    "system prompts?|system messages?|system role message|system text|system instructions?|sys ?prompts?|systemprompts?|pre ?prompts?|"
    "preamble|meta ?prompts?|"
    "prompt(?! (?:reply|response|answer|attention|action|help|delivery|payment|and|service))|directives|briefing|primer|context window|"
    "job description|persona description|programming|"
    "set ?up (?:text|message|prompt)"
)
_WEAKER = "instructions?|guidelines|rules|orders|constraints|restrictions|policies|configuration|setup|context"
_OWN_WORDS = (
    "prompt|prompts|message|messages|instruction|instructions|text|preamble|preambles|directives|rules|orders|line|lines|word|words|"
    "sentence|sentences|guidelines|briefing|section|context|configuration|programming|primer|policy|policies|sysprompt|systemprompt|"
    "systemprompts|preprompt|metaprompt|job|persona|setup|memory|head|mind|constraints|restrictions|set"
)
_GIVEN_WORDS = (
    "told|given|handed|sent|equipped|loaded|initialised|initialized|configured|set|instructed|programmed|primed|briefed|provided|"
    "supplied|shown|fed|asked|prompted|trained|made|started"
)
_GIVEN = (
    "told|given|handed|sent|equipped with|loaded with|loaded|initiali[sz]ed(?: with)?|configured(?: with)?|set up|instructed|programmed|"
    "primed|briefed|provided(?: with)?|supplied|shown|fed|asked to (?:keep|hide|protect)|prompted|trained to (?:hide|follow)|made to"
)
_GIVER = (
    "creators?|developers?|makers?|operators?|programmers?|designers?|trainers?|builders?|owners?|admins?|administrators?|"
    "deployers?|company|boss|openai|anthropic|google|meta|mistral"
)
_GIVERS = (
    "creator|creators|developer|developers|maker|makers|operator|operators|programmer|programmers|designer|designers|trainer|trainers|"
    "builder|builders|owner|owners|admin|admins|administrator|administrators|deployer|company|boss|openai|anthropic|google|meta|mistral"
)
_TURN = (
    "messages?|questions?|turns?|prompts?|sentences?|lines?|words?|texts?|conversations?|chats?|requests?|input|sessions?|point|"
    "exchange|dialogue"
)
_TRADE = (
    r"\b(?:how (?:do|can|could|should|to)|my (?:own )?(?:bot|app|code|agent|prompt|model|chatbot|assistant)|our (?:bot|app|agent|"
    r"prompt|model|chatbot|assistant)|"
    r"users? (?:who )?(?:ask|asks|try|tries|want|wants)|its system|we run|defen[cs]es?|doesnt (?:show|print|include|contain)|does not "
    r"(?:show|print|include)|attackers?|somebody asks|someone asks|people ask)\b"
)

_own = partial(SentenceRule, "own-text", "prompt_extraction", "own", unless=_TRADE)


RULES: tuple[SentenceRule, ...] = (
    _own(_OWN_WORDS, rf"\b(?:your|ur) (?:(?:{_EARLY}|[a-z]+) )?(?:(?:{_EARLY}) )?(?:{_SURELY})\b", 0.6, 0.3, 0.4, beside="your|ur"),
    _own(_OWN_WORDS, rf"\b(?:your|ur) (?:(?:{_EARLY}) )+(?:(?:{_EARLY}|[a-z]+) )?(?:{_TEXT})\b"
         r"(?! (?:answer|message to me|question|reply|suggestion|version|draft))", 0.55, 0.3, 0.35,
         unless=_TRADE + r"|\byour (?:first|full|complete|entire|exact|current|own) (?:messages?|words|sentences?|lines?|text)\b", beside=
             "your|ur"),
    _own(_OWN_WORDS, rf"\b(?:all|each|every|any|the|full|those|these) (?:of )?(?:your|ur) (?:{_WEAKER})\b", 0.5, 0.2, 0.35, beside=
        "your|ur"),
    _own(_OWN_WORDS, rf"\b(?:content|contents|copy|wording|text|words?|letters?|sentences?|lines?|version|list|each|all|every|full|quote|"
        rf"recite|dump|leak|reveal)"
         rf"(?: [a-z]+){{0,3}} (?:your|ur) (?:{_WEAKER})\b", 0.6, 0.2, 0.25, beside="your|ur"),
    _own(_OWN_WORDS, rf"\b(?:in|within|inside|from|to|into) (?:your|ur) (?:{_WEAKER}|prompt|instructions|memory|head|mind)\b", 0.35, 0.1,
        0.3, beside="your|ur"),
    _own(_OWN_WORDS, rf"\byour (?:{_WEAKER})(?: [a-z]+){{0,4}}? (?:as |like )?(?:json|yaml|xml|markdown|table|list|poem|song|story|code|"
        rf"base "
        rf"?64|backwards|reversed|verbatim|word for word)\b",
         0.7, 0.3, 0.3, beside="your|ur"),
    _own("system|developer|preamble", r"\b(?:hidden|system|secret|initial) preamble\b|\b(?:the |a |any |whole |full |entire |exact |"
        r"hidden )*(?:system|developer) (?:role )?(?:prompt|messages?|instructions?|section|text|directives?)"
         r"(?= verbatim| word for word| letter by letter| to me| in full| as | please|$| now| above| that you| you| into a| backwards)",
         0.45, 0.1, 0.4,
         unless=_TRADE + r"|\b(?:write|design|improve|draft|good|rate|rename|log|test|transcript|file|api|python|database|my|our|their|"
             r"this|following|below|template)\b"),
    _own(_GIVEN_WORDS + "|message", rf"\b(?:rules?|instructions?|text|texts?|messages?|words?|strings?|documents?|letter|polic(?:y|ies)|"
        rf"directives?|guidelines|what|whatever|everything|all|"
         rf"anything|topics|names|things|tools|functions|secrets?|context|orders|examples|information)(?: (?:that|which|exactly|else|"
         rf"have|were|are))*"
         rf" (?:youve|u|you)(?: (?:were|was|are|have|had|ve|been|just|already|originally|first|initially|got|not|never|explicitly))*"
         rf" (?:{_GIVEN})\b"
         r"|\bmessage(?: [a-z]+)? (?:that|which) (?:set|sets|started|primed|made) you\b", 0.6, 0.35, 0.3, unless=_TRADE +
         r"|\b(?:i|we)(?: have|ve| had| just)? (?:gave|given|told|sent|handed|showed|shown)\b", beside="you|youve|u"),
    _own(_GIVEN_WORDS + "|receive|received|get|read|see|obey|forbidden|prohibited", r"\b(?:what|which|how|whatever|everything|all|text|"
        r"rules|instructions|message)(?: [a-z]+){0,4}? (?:were|was|are|have|"
        r"did|has|had|do|does|may|must)(?: not)? (?:you|u)"
         rf"(?: (?:been|not|to|just|first|originally|forbidden|never|be|have))* (?:{_GIVEN}|receive|received|get|read first|see first|"
         rf"obey|instructed|forbidden|prohibited)\b", 0.5, 0.3, 0.35, beside="you|youve|u"),
    _own(_GIVERS,
         rf"\b(?:{_GIVER})(?: has| have| had| did)? (?:[a-z]+ )?(?:gave|given|give|tell|told|wrote|written|typed|put|puts|configured|"
         rf"instructed|set|left|entered|imposed|forbids?|forbade|want|made|wants)"
         r"(?: [a-z]+){0,2}? (?:to |for |in |into |on |at )?(?:you|your)\b", 0.65, 0.35, 0.25, beside="you|your"),
    _own(_GIVERS, rf"\byour (?:{_GIVER})\b(?: [a-z]+){{0,6}}? (?:rules?|instructions?|polic(?:y|ies)|guidelines|text|letter|constraints|"
        rf"limits|forbids?|forbidden|told|tell|put|gave|given|said)\b",
         0.55, 0.3, 0.3, beside="you|your"),
    _own(_GIVERS, rf"\b(?:rules?|instructions?|polic(?:y|ies)|guidelines|text|orders|description|constraints)(?: [a-z]+){{0,4}}? (?:by|"
        rf"from) (?:your )(?:[a-z]+ )?(?:{_GIVER})\b", 0.7, 0.4, 0.3, beside="you|your"),
    _own("before|prior|above|preceding|precedes|precede|ahead|until|preceded",
         rf"\b(?:text|words?|lines?|everything|all|what|whats|message|sentences?|blocks?|paragraphs?|contents?|anything|things?|tokens|"
         rf"document|context|instructions|input|data|part|letter|memory|said|written)"
         rf"(?: [a-z]+){{0,7}}? (?:before|prior to|above|preceding|precedes?|preceded|ahead of|until|up to) "
         rf"(?:(?:this|my|our)(?: (?:very|own|first|initial|last|present|current|user|opening))* (?:{_TURN}|mine)\b|this$|the (?:very "
         rf")?(?:first|initial|opening|user)(?: user)? (?:{_TURN})\b"
         rf"|the (?:conversation|chat|session|exchange)\b|mine$|me$|(?:i|we)(?: first| even| have| had)? (?:said|wrote|started|began|"
         rf"begun|spoke|asked|came|joined|arrived|typed|opened)\b)", 0.55, 0.3, 0.35,
         unless=_TRADE + r"|\b(?:commit|release|deploy|function|step|tests?|chapter|column|row|class|import|war|meeting|loop|(?:i|we) "
             r"(?:gave|told|sent|asked) (?:you|the|for)|what (?:did|do|have) (?:i|we)|did i|do i)\b", beside=
             "this|my|our|the|mine|me|i|we"),
    _own("above|preceding", r"\b(?:everything|all) (?:that |which )?(?:is |was |stands |written |stated )*above(?: forever| verbatim| "
        r"word for word| in full| exactly)?$", 0.6, 0.3, 0.3,
         unless=_TRADE + r"|\b(?:ignore|forget|disregard|delete|summari[sz]e)\b"),
    _own("first|opening|earliest|initial|beginning|start|top",
         rf"\b(?:first|opening|earliest|initial|beginning|start|top)(?: [a-z0-9]+){{0,5}}? (?:you (?:(?:can|could) (?:see|read)|see|got|"
         rf"received|were given)|(?:in|of|from|at) (?:this|our|your) (?:very )?(?:{_TURN}|context(?: window)?|thread|window|mind|memory|"
         rf"instructions))\b",
         0.6, 0.3, 0.3, unless=_TRADE + r"|\b(?:my|your|i (?:said|wrote|asked)) first\b|\bwhat (?:was|is) my\b|\b(?:did|do|have) (?:i|"
             r"we)\b|\b(?:i|we) (?:asked|told|said|gave)\b", beside="you|this|our|your"),
    _own("tools|functions|plugins|apis|tool|function|plugin", r"\b(?:tools?|functions?|plugins?|apis?)\b(?: [a-z]+){0,8}? (?:you|youve|"
        r"your)\b.{0,120}?\b(?:schemas?|parameters?|arguments?|definitions?|signatures?|declared|defined|described|names?|exact|json)\b"
         r"|\b(?:schemas?|parameters?|definitions?|signatures?|declarations?|exact|names?)\b.{0,60}?\b(?:of|for) (?:each |all |every |"
         r"any )?(?:of )?(?:your|the) (?:[a-z]+ )?(?:tools?|functions?|plugins?)\b(?= you| that you| as|$)",
         0.6, 0.3, 0.3, beside="your|you|youve|each|every|all"),
    _own("schema|schemas|parameters|definitions|descriptions|signatures|names",
         r"\b(?:schemas?|parameters?|definitions?|descriptions?|signatures?|names)\b.{0,80}?\b(?:defined|given|declared|described|shown|"
         r"provided) to you\b"
         r"|\b(?:defined|given|declared|described|shown|provided) to you\b.{0,80}?\b(?:schemas?|parameters?|definitions?|signatures?)\b",
         0.6, 0.3, 0.25),
    _own("secrets|rules|topics|things|names|words|subjects", r"\b(?:topics?|things|names|words|subjects|rules|secrets)\b.{0,50}?\b(?:you|"
        r"youve)(?: [a-z]+){0,3}? (?:not|never|forbidden|forbid|avoid|keep|hide|told|follow|obey)\b", 0.4, 0.2, 0.35, beside="you|youve"),
    _own("forbids|forbid|forbidden|prohibits|bans", r"\b(?:operator|developer|maker|prompt|instructions|company|system)s?(?: "
        r"[a-z]+){0,2} (?:forbids?|prohibits?|bans?) you\b|\b(?:forbidden|not allowed) to (?:tell|say|reveal|mention|talk)\b", 0.4, 0.2,
        0.3),
    # A sentence that the model is to go on with, and places where such a text is kept.
    _own("instructions|prompt|assistant|helpful|rules|chatgpt|ai", r"\b(?:here are|these are|as follows|the following are|my|the) (?:my |"
        r"the )?(?:system )?(?:instructions|prompt|rules)(?: (?:that )?(?:i|tell|tells|state|states|say|says|begins?|starts?|is|are|for "
        r"the (?:assistant|ai|model|bot))\b)"
         r"|\b(?:sure|certainly|of course)(?: [a-z]+){0,3} my (?:system )?(?:prompt|instructions|rules)\b", 0.45, 0.3, 0.2,
         unless=_TRADE + r"|\b(?:in my prompt|my prompt (?:tells?|says|is)|my rules (?:say|are))\b"),
    _own("system|systemprompt|sysprompt|prompt", r"\b(?:cat|less|head|tail|more|type|print|echo|curl|open|read)(?: [a-z0-9]+){0,4} "
        r"(?:system ?prompt|sysprompt|systemprompt|prompt|instructions)(?: (?:txt|md|json|yaml))$"
         r"|\b(?:variable|value|content|contents) (?:of )?(?:the )?(?:variable )?(?:named |called )?(?:system prompt|systemprompt|"
         r"system)\b", 0.7, 0.3, 0.15,
         unless=_TRADE + r"|\b(?:rename|config|yaml|jinja|template)\b"),
    _own("messages|message", r"\bmessages? 0 (?:content)?\b", 0.55, 0.3, 0.25, unless=_TRADE + r"|\b(?:client|openai|api|read|typescript|"
        r"error|undefined|how|why)\b"),
    _own("system", r"\b(?:inside|between|within|in) (?:the )?(?:begin )?system(?: (?:tags?|block|section|and|message|prompt|turn)\b|$)|"
        r"\brole (?:of )?system\b", 0.45, 0.1, 0.3,
         unless=_TRADE + r"|\b(?:support|models?|api|openai|separate|client|transcript|file|my|our)\b"),
    _own("makers|creators|developers|operator|maker|creator", r"\b(?:its|the|his|her) (?:makers?|creators?|developers?|operators?) "
        r"(?:left|wrote|gave|put|hid|told)\b.{0,80}\b(?:ai|robot|mind|memory|prompt|identical|yours|you)\b", 0.5, 0.2, 0.35),
    _own("yours", r"\b(?:identical|equal|same|read|quote|recite|print|show|share)(?: [a-z]+){0,3} (?:to |as )?yours\b(?: "
        r".{0,40}\b(?:given|told|today|operator|instructions|before)\b|$)", 0.5, 0.2, 0.35,
         unless=_TRADE + r"|\b(?:my code|my setup|version)\b"),
    _own("identical", r"\b(?:identical|equal) to (?:yours|the one (?:you|youve))\b", 0.5, 0.2, 0.35),
    _own("shot|examples", r"\bexamples (?:[a-z]+ ){0,4}(?:in|from|of) your (?:prompt|instructions|context)\b", 0.7, 0.3, 0.3),
    # Other languages.
    _own("avant|vor|antes|prima|voor|przed|boven|sopra|arriba|acima|powyzej|precede|bevor|uber|haut|encima",
         r"\b(?:avant|vor|antes d[eo]|prima di|voor|przed|boven|sopra|arriba de|acima|powyzej|precede|precedent|bevor|uber|au dessus de|"
         r"encima de) (?:[a-z]+ )?"
         r"(?:messages?|mensaje|mensagem|messaggio|nachricht|bericht|wiadomosci|frage|question|conversation|conversacion|conversa|"
         r"gesprach|echange|premier message|ersten nachricht|ich|gekommen|empezara|questo|este)\b"
         r"|\b(?:ce qui precede|was (?:oben|vor) |tutto cio che (?:e scritto )?sopra|todo lo (?:anterior|de arriba)|alles (?:was "
         r")?(?:oben|hierboven))\b", 0.6, 0.3, 0.3, unless=""),
    _own("ton|tu|dein|deinen|deine|tuo|teu|seu|je|jouw|twoj|votre|tus|tes|deinem|moj|tue|suas|tuas|vos|dir|dein|ti|te|du|hast|jou",
         r"\b(?:ton|votre|tu|dein|deinen|deinem|tuo|il tuo|teu|seu|je|jouw|twoj) (?:[a-z]+ )?(?:systemprompt|prompt|system ?bericht|"
         r"vorprompt|preambule)\b"
         r"|\b(?:tes|vos|deine|tus|sus|tue|le tue|suas|tuas|je|jouw|twoje) (?:[a-z]+ )?(?:consignes?|instructions?|instrucciones|"
         r"instruktionen|anweisungen|istruzioni|instrucoes|instructies|instrukcje|regeln|regles|reglas|regole|regras|vorgaben)\b"
         r"|\b(?:consignes?|instructions|regles|instrucciones|reglas|anweisungen|regeln|vorgaben|istruzioni|regole|instrucoes|regras|"
         r"instructies|regels)\b(?: [a-z]+){0,4}? (?:tu as recues?|recibiste|hai ricevuto|voce recebeu|recebeste|hast du|du bekommen|dir|"
         r"te dio|te dieron|ti ha dato|ton createur|je gekregen|heb je|ta t il)\b"
         r"|\b(?:que te dijeron|was wurde dir|was hat man dir|quon ta dit|ta t on dit|cosa ti hanno detto|o que te disseram)\b", 0.6, 0.3,
         0.3, unless=""),
    _own("instructions|prompt|prompts|message", r"^(?:the |full |complete |entire |ok |hey )*(?:initial|system|original|hidden|developer|"
        r"pre) ?(?:instructions|prompts?|messages?)(?: (?:pls|plz|please|verbatim|now|in full|full text|complete|unabridged))+$"
         r"|^(?:instead |please |now |just |and )*(?:reveal|disclose|leak|expose|dump|recite|regurgitate) (?:me )?the (?:full |whole |"
         r"entire |hidden )?(?:prompt|instructions)\b"
         r"|\bcomplete developer message\b|\bthe (?:one|message|text) before mine\b|\b(?:above|before) (?:the )?user(?: message| turn)?$",
         0.85, 0.4),
    _own("cat|less|head|tail|more|type", r"^(?:sudo )?(?:cat|less|head|tail|more|type) (?:[a-z0-9]+ ){0,4}(?:prompt|system ?prompt|"
        r"prompt system|instructions)$", 0.85, 0.4, unless=""),
    _own("preprompt|pre|custom", r"\b(?:pre ?prompt|custom instructions)\b(?: [a-z]+){0,6}? (?:schemas?|custom instructions|memory|pre "
        r"?prompt|in full)\b", 0.8, 0.3, unless=_TRADE + r"|\b(?:my|our)\b"),
    _own(_GIVERS, r"\b(?:its|your|his|her) (?:makers?|creators?|developers?|operators?) (?:has |have |had )?(?:whispered|taught|read|"
        r"said|handed|written)(?: [a-z]+){0,2} (?:to|for) (?:it|you|him|her)\b|\b(?:has|have|with|are) (?:precisely |exactly |all )?your "
        r"(?:lines|rules|instructions|prompt)\b", 0.5, 0.2, 0.35),
    # It is not named at all: what stands in the window, who told what, what makes the role, what users do not see.
    _own("initialization|initialisation|init", r"\b(?:output|print|show|repeat|dump|reveal|return|display|give)(?: me| the| your| all| "
        r"full)* (?:initiali[sz]ation|init)(?: [a-z]+){0,2}?(?: above| text| prompt| message| instructions|$)", 0.85, 0.3),
    _own("they|someone|somebody", r"\b(?:they|someone|somebody)(?: [a-z]+)? (?:tell|told|tells|ask|asked|instruct|instructed|order|"
        r"ordered|forbid|forbade|make|made) (?:you|u)(?: [a-z]+){0,2}? (?:not|never|hide|keep|say|before|secret|about)\b", 0.5, 0.3, 0.35,
         unless=_TRADE + r"|\b(?:customers?|teacher|boss|doctor|friend|parents)\b"),
    _own("instructions|rules|prompt|guidelines", r"\byour (?:[a-z]+ )?(?:instructions|rules|prompt|guidelines) (?:were|was|had been|are|"
        r"is) (?:a|an|the|in|on|printed|written|published|put|turned)\b", 0.55, 0.2, 0.3, beside="your"),
    _own("context|tokens", r"\b(?:whole|entire|full|complete|raw|all)(?: of)?(?: the| your| this| of| current)* "
        r"(?:context(?: window)?|tokens)\b", 0.45, 0.2, 0.4,
         unless=_TRADE + r"|\b(?:react|browser|spring|django|form|size|length|limit|cost|count|usage|auth|access|refresh|api|jwt|design|"
             r"thread|gdb|requests?|app|application)\b"),
    _own("prompt|prompts|instructions|message", rf"\b(?:its|(?:the|this|that) (?:bot|assistant|model|ai|chatbot)s?) (?:(?:{_EARLY}) )+"
        r"(?:prompts?|instructions|messages?)\b", 0.4, 0.1, 0.4,
         unless=r"\b(?:my|our|we|write|improve|design|rate|test|defen[cs]es?|users? (?:who|try|asks?))\b"),
    _own("role|persona|character|behaviour|behavior|job", r"\b(?:text|instructions?|prompts?|messages?|words?|lines?) (?:that |which )?"
        r"(?:defin|describ|set|sets|mak|giv|gav|creat)(?:es?|ed|s|e)?(?: up)? (?:you |that |your |this |the )+"
        r"(?:role|persona|character|behaviou?r|job)\b", 0.55, 0.3, 0.3,
         unless=_TRADE + r"|\b(?:write|draft|improve|rewrite|new|ad|advert|posting|candidates?|employees?)\b"),
    _own("see|read|view|know|shown|visible", r"\b(?:rules?|instructions?|guidelines|text|prompts?|messages?)(?: [a-z]+){0,2}? (?:the user|"
        r"users|i|we|nobody|others)(?: am| are| is)? (?:cannot|cant|can not|may not|doesnt|does not|dont|do not|never|not allowed to|"
        r"must not|not|isnt|arent)(?: [a-z]+)? (?:see|read|view|know|shown|visible)\b", 0.5, 0.2, 0.35, beside="you|your|u"),
)  # fmt: skip
"""What asks for a model's own text."""
