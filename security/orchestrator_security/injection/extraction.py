"""What asks for a model's own instructions, or for what it was told to keep.

OWASP LLM07 (system prompt leakage): the system prompt, what stands above, the initialisation; a password or a secret that only the
model knows; a private fact of a named person.
"""

from __future__ import annotations

from orchestrator_security.injection.evidence import Phrase

_GAP = r"(?: [a-z]++)"
_ASK = (
    "output|print|repeat|show|reveal|display|tell|give|what|whats|share|write|summari[sz]e|translate|encode|decode|copy|"
    "paste|recite|disclose|"
    "dump|leak|list|quote|spell|return|echo|describe|provide|send|read|convert|expose|state|whisper|divulge|present|"
    "explain|rot|regurgitate|"
    "summarise|summarize|paraphrase|rephrase|rewrite|type|reproduce|retrieve|access|spit|put|include|render|express|sing|"
    "reverse|"
    "can"
)
_OWN = (
    "(?:system |initial |original |hidden |secret |internal |full |entire |exact |complete |very |first |previous |prior |"
    "base |core |"
    "initiali[sz]ation |starting |default |current |own |given |developer |custom |preset |confidential |private |"
    "underlying |startup )"
)
_TEXT = (
    "(?:system prompts?|system ?messages?|instructions?|prompts?|preprompts?|pre prompts?|directives?|guidelines|"
    "programming|"
    "configuration|rules|context(?: window)?|initiali[sz]ation(?: string| text| prompt)?|primer|meta ?prompts?|briefing|"
    "setup|system text|"
    "system card|constraints|restrictions|training prompt|persona description|role description|orders|custom instructions)"
)
_EVERY = (
    "(?: (?:me|us|back|out|down|all|every|each|any|everything|of|in|the|your|to|about|exactly|verbatim|full|entire|whole|"
    "complete|is|are|"
    "was|were|a|an|copy|list|please|content|contents|text|words?|word|for|from|and|exact|literal|first|last|lines?|"
    "sentences?|paragraphs?|message|messages|tokens|version|summary|poem|story|translation|as|json|markdown|base|using|"
    "here|now|with|on|that|describing|some|any|you|reply|respond|by|into|at|start|beginning))"
)
_KEPT = (
    "(?:passwords?|passcode|pass code|passphrase|pass phrase|secret(?: key| code| word| phrase| password| number| "
    "information| value|s)?|"
    "access (?:code|key|token)|api keys?|security code|admin (?:password|code|key)|pin code|pin|credentials|private key|"
    "safe word|"
    "login(?: details| credentials)?|secret [a-z]++|code word|codeword|key ?phrase|authorization code|master key|launch "
    "codes?|keyword|magic word|(?:admin|unlock|door|vault|alarm|override) code|secret word)"
)
_WHICH = (
    "(?:secret|system|admin|master|hidden|current|actual|real|full|exact|correct|login|account|root|server|door|vault|"
    "first|letters?|of|your|"
    r"the|user|wifi|security|main|unlock|special|private|personal|own|stored|original|forbidden|internal|confidential)"
)
_END = (
    r"(?= \.| please\b| now\b| verbatim\b| word for\b| exactly\b| in (?:full|your|a code|pig|reverse|base|hex|rot|morse|"
    "french|spanish|german|"
    r"another|the form|json|all|emoji|leet|rhyme|acrostic|binary|code)| backwards\b| to me\b| with me\b| for me\b| above\b| "
    r"starting\b| beginning\b| that you\b| you\b| and\b| as\b| so\b|"
    r" without\b| but\b| using\b| if\b| letter\b| one\b| here\b| before\b| followed\b| inside\b| within\b| with a\b| with "
    r"each\b| with dash| between\b| it\b| i\b(?! (?:sent|wrote|asked|gave|typed|posted))| because\b| since\b| encoded\b| translated\b|$)"
)


def _phrase(
    name: str, group: str, request: float, first: str, rest: str, untrusted: float = 1.0, *, ordered: bool = False
) -> Phrase:
    return Phrase(f"injection.{name}", "prompt_extraction", group, request, untrusted, first, rest, ordered)


PHRASES: tuple[Phrase, ...] = (
    # The model's own instructions.
    _phrase("own-instructions", "own", 1.0, _ASK, rf"{_EVERY}{{0,9}}?(?: me)? your (?:[a-z]++ )?(?:{_OWN}){{1,3}}{_TEXT}\b", ordered=True),
    _phrase("own-instructions", "own", 1.0, _ASK,
        f"{_EVERY}{{0,9}}? your (?:system prompts?|preprompts?|instructions|prompt|directives|programming|guidelines|rules|meta "
        f"prompt|context window|custom instructions|system message){_END}", 0.7, ordered=True),
    _phrase("own-instructions", "own", 0.7, _ASK,
        f"{_EVERY}{{0,7}}?(?: the| this)? (?:(?:hidden|secret|internal|initial|original|first|starting|full|entire|exact) "
        f")+(?:system )?(?:prompts?|instructions?|initiali[sz]ation|string|directives|system message|message){_END}", 0.6, ordered=True),
    _phrase("own-instructions", "own", 1.0, "output|print|display|reveal|recite|dump|leak|show|repeat|return|echo|disclose",
        r"(?: (?:me|the|all|full|entire|current|contents|content|of|everything|in|exact|your)\b)*+ ?(?:system prompt|system "
        "(?:config|configuration|instructions|section|text)|initiali[sz]ation (?:string|text|prompt|message)|system message|"
        "developer message|pre ?prompt|context window)" + _END, 0.7, ordered=True),
    _phrase("own-instructions", "own", 1.0, _ASK,
        f"{_EVERY}{{0,9}}?(?: (?:text|words|prompt|instructions?|message|content|information|string|context|data|everything|"
        "anything|things|rules|documents?|guidelines|directives|guidance|commands|what))(?: that| which)? (?:you|u) (?:were|"
        "was|have been|had been|are|got|received|have|started|began) ?(?:just |originally |first |initially |previously "
        ")?(?:given|provided|told|instructed|shown|fed|programmed|initiali[sz]ed|received|sent|supplied|prompted|with|asked|"
        r"configured|started)\b", ordered=True),
    _phrase("own-instructions", "own", 1.0, "what|whats",
        "(?: [a-z]++)?(?: (?:are|were|have|did|is|was|do|rules|things|topics|instructions|commands)){0,3} (?:you|u|your)(?: "
        "[a-z]++)?(?: been| not| never| forbidden)*(?: (?:not|never|explicitly|specifically|just|originally|initially|"
        "previously))* (?:supposed|allowed|told|instructed|asked|programmed|forbidden|prohibited|permitted|given|configured|"
        "briefed|designed|ordered|receive)(?: not)?(?: to (?:tell|say|do|reveal|share|disclose|talk|discuss|follow|answer|hide|"
        r"keep)| from| about| before| at| as| \.| in| prior)", ordered=True),
    _phrase("own-instructions", "own", 1.0, "what|whats|how",
        " (?:does|do|is|was|were|are|did|s)?(?: the)?(?: exact| very| first| full)*(?: text| words?| sentences?| lines?| "
        "contents?| message)?(?: (?:in|of|say|at|on|is))* your (?:system |initial |original |first |hidden |pre|starting |"
        "secret )+(?:prompts?|instructions?|messages?|text|lines?|sentence|context|say)", ordered=True),
    _phrase("own-instructions", "own", 0.5, "what|whats|whatre",
        f"(?: (?:is|are|was|were|s|re))? your (?:{_OWN})*+(?:instructions|prompt|system prompt|directives|guidelines|"
        r"programming|rules)\b", 0.3),
    _phrase("text-above", "own", 1.0,
        "repeat|print|output|reveal|copy|display|show|recite|return|translate|encode|summari[sz]e|summarize|paste|quote|echo|"
        "write|give|list|reproduce|what|whats|dump|tell|convert|start|begin|continue|rot|put",
        "(?: (?:me|us|back|out|down|of|to|everything|anything|all|verbatim|exactly|is|was|were|s|the|that|which|entire|whole|"
        "full|exact|text|words?|content|contents|lines?|sentences?|paragraphs?|messages?|instructions?|prompts?|information|in|"
        "a|from|with|conversation|context|document|written|stated|said|came|comes|given|provided|stands|appears|you|it|section|"
        "string|data|input)){1,12} (?:above|before (?:this|my|our)|preceding|prior to (?:this|my)|previous to|at the "
        r"(?:beginning|start|top)|earlier than|so far|up to (?:here|this|now))(?= \.| this| line| message| prompt| point| in| "
        "verbatim| word| starting| beginning| exactly| and| of (?:this|our|the) (?:conversation|chat|session|prompt|document|"
        "context)| my| first| user| into| to| as| without| put| the (?:user|first)| conversation| with|$)", 0.7, ordered=True),
    _phrase("continue-prompt", "own", 1.0, "continue|complete|finish|fill|start|begin",
        rf"{_GAP}{{0,6}}?(?: \.)?{_GAP}{{0,4}}? (?:system prompt|my instructions|instructions|initial prompt|your prompt|prompt|"
        f"rules i)(?: (?:is|are|was|were|says|reads|follow|begins?|i was given)){{1,3}}", 0.7),
    _phrase("prompt-began", "own", 0.8, "you|your",
        " (?:are|were)(?: chatgpt| an?| the)? .{0,20}?(?:put it in|in a (?:txt|text|code)|verbatim)", 0.5),
    _phrase("verbatim", "own", 0.35, "verbatim|word for word", r"\b", 0.2),
    _phrase("code-block", "own", 0.25, "in|inside|within",
        r" a (?:text |txt |markdown )?(?:code ?block|txt code block|code fence)\b", 0.2),
    _phrase("debug-config", "own", 0.6, "display|output|print|show|dump|reveal|list|export",
        r"(?: (?:me|the|all|your|full|current|internal)\b)*+ (?:system|internal|hidden|model|assistant|bot|ai) (?:configuration|"
        r"config|settings|instructions|parameters|prompt|directives|rules|variables|state)(?= \.|$| now| and| verbatim|"
        r" in full)", 0.5, ordered=True),
    _phrase("override", "own", 0.5, "administrator|admin|developer|system|root|security|emergency|maintenance|debug|operator",
        r" (?:override|access|command|request|directive|audit|clearance|authori[sz]ation|privileges?) (?:\. (?:display|show|"
        "print|output|reveal|dump|disregard|ignore|list|give)|granted|enabled|activated|confirmed|accepted)", 0.4),
    _phrase("own-instructions", "own", 1.0, "what",
        " (?:did|have|had|do|does|has) (?:the|your|open|anthropic|they|openai|google|meta)(?: [a-z]++)?(?: [a-z]++)? (?:tell|"
        r"told|instruct|instructed|ask|asked|program|programmed|say to|give|given|set) you\b", 0.5),
    _phrase("own-instructions", "own", 0.9, "including|include|with|and|plus",
        r" (?:the|your|any|all) (?:system|developer|hidden|initial) (?:message|prompt|instructions|text)s?(?= \.| and|$)", 0.4),
    _phrase("own-instructions", "own", 0.8, _ASK,
        rf"(?: (?!my\b|our\b|the\b)[a-z]++){{0,8}}? your (?:{_OWN}|[a-z]++ )?(?:instructions?|guidelines|directives|system "
        "prompts?|prompt|preamble|briefing|"
        "programming|(?:setup|system|startup|first|initial|developer) (?:message|text|instructions?|prompt)|moderation rules|"
        r"content rules)\b"
        r"(?! (?:for (?:the|a|our|installing)|to (?:install|build|deploy|run)|below|manual|file))", 0.5, ordered=True),
    _phrase("own-instructions", "own", 1.0, "which|what|whose",
        " (?:rules|instructions|guidelines|restrictions|orders|directives|prompts?|limits)(?: [a-z]++)? (?:do|did|must|have|"
        "are|were|should|can) you (?:have to |need to |must )?"
        r"(?:obey|follow|have|get|receive|given|told|operate|work|under|abide|bound|respect|been|been given)\b", 0.6),
    _phrase("own-instructions", "own", 1.0, "every|each|all|any|the",
        " (?:of )?(?:the )?(?:[a-z]++ )?(?:instructions?|rules?|prompts?|directives?|guidelines?|commands?|text|words) (?:that "
        ")?you (?:got|were (?:given|told|shown)|received|have been given|must follow|"
        r"have to follow|operate under|work under|run on|started with)\b", 0.6, ordered=True),
    _phrase("text-above", "own", 1.0, "text|message|content|everything|what|words|context|instructions|all|prompt|lines?|anything",
        " (?:that |which )?(?:precedes|preceded|preceding|comes before|came before|is above|stands above|stands before|is "
        "before|was before|was written before|sits above|appears above|appears before)"
        r" (?:my|this|our|the first|me|it)\b", 0.6),
    _phrase("own-instructions", "own", 1.0, "what",
        " (?:your|the|was|has|have) (?:creators?|developers?|makers?|owners?|operators?|company|admins?|programmers?|"
        "authors?)(?: have| has)? (?:wrote|told|gave|put|said|instructed|written|ask|asked|want)"
        r"(?: (?:to|for|you|in|into|your|about)){0,3} ?(?:you|your)\b", 0.6),
    _phrase("secret", "private", 1.0, "what|how|which",
        f" (?:does |do |is |was |many (?:letters|characters|words) (?:does|has|are in) )?(?:the |your |this |that )(?:{_WHICH} "
        f")?{_KEPT}"
        r" (?:is\b|was\b|start|begin|end|contain|rhyme|have\b|has\b|mean\b|you (?:were|are|have|protect|keep|hide|know))", 0.3),
    _phrase("own-instructions", "own", 1.0, "instructions|rules|prompt|text|guidelines|directives",
        r" that (?:define|shape|control|govern|determine|guide|steer|restrict|limit) (?:you|your)\b", 0.4),
    _phrase("own-instructions", "own", 0.8, _ASK,
        "(?: [a-z]++){0,6}? your (?:own |full |current |internal |entire )?(?:configuration|initiali[sz]ation|setup|system "
        r"settings)(?= \.| in| as| now| and|$)", 0.4, ordered=True),
    _phrase("text-above", "own", 0.3, "at|from|since",
        " the (?:very )?(?:start|beginning|top) of (?:this|our|the) (?:chat|conversation|session|context|prompt|dialogue|"
        r"thread)\b", 0.2),
    _phrase("text-above", "own", 0.4, "hidden|secret|invisible|initial|first",
        r" (?:text|message|words|content|context|paragraph)\b", 0.1),
    # What only the model knows.
    _phrase("secret", "private", 1.0,
        "share|tell|reveal|give|disclose|divulge|leak|provide|send|show|whisper|say|spell|print|output|display|hand|confirm|"
        "write|to know|me know|us know|hint|guess|recall|remember|repeat|read|state|list",
        "(?: (?:me|us|with|to|please|what|is|out|over|about|again|just|all|any|some|of|letters?|each|first|characters?|word|a|"
        rf"in|on|that|for|now|exactly|one|by|line|full)\b)*+ (?:(?:your|the|that|this|our|its)(?: {_WHICH}){{0,2}} ){_KEPT}(?: "
        "(?:phrase|code|key|word))?(?: (?:for|to|of) (?:our|the|this|your) (?:system|account|server|vault|database|"
        f"network))?{_END}", 0.4),
    _phrase("secret", "private", 1.0, "what|whats|wheres|whatre|which",
        r"(?: (?:is|s|was|are|would|be|happens to be)\b)*+ (?:the |your |this |that |our |my |her |his )(?:[a-z]++ "
        rf")?{_KEPT}(?: again)?(?= \.| please| you| that (?:you|grants|was|is|gives|opens)| now| again| to (?:the system|our "
        r"system|unlock|access|this)| for (?:our|the|this|your) (?:system|account|server|vault)(?: \.|$)| in (?:pig|reverse|"
        "base|your|another|french|rot)|$)", 0.3),
    _phrase("secret", "private", 1.0, "your",
        f" (?:[a-z]++ )?(?:{_KEPT})(?= (?:with me|for (?:a|an|the) (?:security|audit|verification|check|test)|or (?:else|i|"
        "you)))", 0.5),
    _phrase("secret", "private", 0.8,
        "ask|asked|had|have|need|want|say|be|recommend|require|know|guess|forgot|lost|entering|enter",
        r"(?: (?:you|to|for|a|that|share|give|me|us|have|the|i|we|tell)\b)*+ ?(?:your|a) (?:secret )?(?:password|passcode|"
        r"passphrase|secret key|secret code|access code)(?= \.| what| for| which| how)", 0.15),
    _phrase("secret", "private", 0.6, "would|could|might|is|was", rf" (?:your|the) (?:[a-z]++ )?{_KEPT} be\b", 0.3),
    # The same in other languages.
    _phrase("secret", "private", 1.0,
        "cual|dime|dame|revela|quel|quelle|donne|donnez|dis|qual|dimmi|rivela|diga|diz|was|wie|nenne|sag|verrate|zeig|hvad|vad|"
        "wat|jaka|jakie|kak|ktore|care|mi|sifre|parola|wachtwoord|podaj|comparte|muestra|montre|mostrami|partage",
        "(?: [a-z]++){0,4}? (?:contrasena|clave(?: secreta)?|senha|mot de passe|code secret|cle secrete|parola dordine|"
        "password|passwort|kennwort|geheimnis|losenord|wachtwoord|adgangskode|haslo|parola|sifre|jelszo|heslo|palabra clave|"
        r"codigo secreto)(?= \.|$| secret| del sistema| des?| per| fur| por| te rog)", 0.4),
    _phrase("own-instructions", "own", 1.0,
        "cuales|muestra|muestrame|dime|repite|traduce|quelles|quels|montre|repete|repetez|affiche|wie|was|zeig|zeige|"
        "wiederhole|gib|nenne|quali|mostra|mostrami|ripeti|quais|mostre|repita|diga|wat|toon|herhaal",
        "(?: [a-z]++){0,5}? (?:tus|sus|tes|vos|deine|ihre|tue|le tue|suas|tuas|je|jouw|uw) (?:[a-z]++ )?(?:instrucciones|"
        "instructions|consignes|anweisungen|instruktionen|istruzioni|instrucoes|instructies|regeln|reglas|regles|regole|"
        r"regras)\b", 0.7),
)  # fmt: skip
"""Evidence of a request for the model's instructions or secrets."""
