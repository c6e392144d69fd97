"""The phrases that give orders to a model, as patterns over plain lower-case words (see ``unmasking``).

Each pattern begins with one of its first words, repeats nothing without a bound and has no two ways to match the same words, so trying it
at one place takes constant time. No accents: ``frühere`` reads ``fruhere``.
"""

from __future__ import annotations

from msgspec import Struct

LEAVE = "it tells a model to leave its instructions behind"
ROLE = "it gives a model another role"
SYSTEM = "it speaks as the system prompt"
HIDE = "it tells a model to hide something from the user"
REVEAL = "it tells a model to give out its instructions"
ADDRESS = "it is addressed to the model that reads it"

_VERBS = "ignore|disregard|forget|override|bypass|overlook|neglect|discard|dismiss|abandon|skip"
_PAST = (
    "previous|prior|above|earlier|preceding|former|foregoing|initial|original|system|developer|safety|hidden|"
    "internal|previously given"
)
_OWN = "instructions?|directives?|prompts?|programming|guidelines|guardrails|directions|system messages?"
_LAXER = (
    f"{_OWN}|rules|orders|commands|restrictions|limitations|constraints|training|policies|policy|safeguards|filters"
)
_FILLERS = "all|any|every|each|of|the|these|those|this|that|and|or|other|such|existing|current|given|stated|my"
_BEINGS = (
    "ai|assistant|chatbot|bot|llm|language model|gpt|chatgpt|dan|jailbroken|unrestricted|uncensored|unfiltered|evil|amoral|"
    "hacker|persona|pirate|unlimited|free of|free from|freed from|no longer bound"
)
_FREE = (
    "unrestricted|uncensored|unfiltered|jailbroken|evil|amoral|dan|without (?:any )?(?:restrictions|rules|limits|"
    "filters|guidelines|ethics)"
)
_USER = "(?:the|your|this|any|our) (?:users?|humans?|operators?|owners?|persons?)"
_THEN = (
    "output|print|say|respond|reply|write|tell|send|reveal|give|translate|answer|act|do|execute|run|return|only|"
    "instead|follow|obey|just"
)


class Rule(Struct, frozen=True):
    """A pattern in two parts: the words it may begin with, and what follows."""

    reason: str
    first: str
    rest: str


RULES = (
    Rule(LEAVE, _VERBS, rf"(?: (?:{_FILLERS})){{0,4}} (?:your )?(?:(?:{_PAST}) (?:and |or )?){{1,3}}(?:{_OWN})\b"),
    Rule(LEAVE, _VERBS, rf"(?: (?:all|any|of)){{0,2}} your (?:(?:{_PAST}|own|usual|normal|ethical|content) ){{0,2}}(?:{_LAXER})\b"),
    Rule(
        LEAVE, _VERBS,
        rf"(?: (?:all|any|every|of|the|these|those)){{1,3}} (?:{_OWN}) (?:above|before|you|given|that came|from the "
        r"system)\b",
    ),
    Rule(LEAVE, "ignore|disregard|forget", r" all (?:of )?(?:the |these |those )?(?:instructions|prompts|guidelines|directives) and\b"),
    Rule(
        LEAVE, "ignore|disregard|forget|abandon",
        r" (?:all |everything |anything |whatever |what |all that |the things )(?:that |which |else )?(?:you|u)(?: ?(?:were|was|"
        r"have been|ve been|"
        r"had been|are|have|ve))?(?: (?:previously|just|ever|already|so far))? (?:told|instructed|taught|programmed|trained|"
        r"ordered)\b(?! about)",
    ),
    Rule(
        LEAVE, "ignore|disregard|forget",
        r" (?:all|everything|anything)(?: of)?(?: the)?(?: text| content)?(?: that came| said| written)? (?:above|"
        rf"before this|prior to this)(?: line| point| message)? (?:\. )?(?:and |then |but )?(?:{_THEN})\b",
    ),
    Rule(
        LEAVE, "ignore|disregard",
        r" (?:the |all the |all of the |all )above(?: text| content| and below)?(?: \.(?! (?:i|it|my|we|sorry|found|that|"
        rf"this|never|works|works|the|was|they))| and (?:{_THEN})\b| instead\b)",
    ),
    Rule(
        ROLE, "you|youre",
        rf" (?:are |re )?(?:now|no longer|henceforth) (?:(?:a|an|the|my|in|called|known as|acting as) )?(?:[a-z]+ ){{0,2}}(?:"
        rf"{_BEINGS})\b",
    ),
    Rule(ROLE, "you|youre", r" (?:are )?now in (?:developer|god|jailbreak|dan|unrestricted|sudo|evil|root) mode\b"),
    Rule(
        ROLE, "enter|enable|activate|enabling|switch",
        r" (?:to |into )?(?:developer|god|jailbreak|dan|unrestricted) mode(?: and| \. you| now)\b",
    ),
    Rule(
        ROLE, "from|starting",
        r" now on (?:you (?:are|will be|will act as|act as|must act as|will respond as|behave as|play) |act as |"
        rf"pretend )(?:(?:a|an|the|my) )?(?:[a-z]+ ){{0,2}}(?:{_BEINGS})\b",
    ),
    Rule(
        ROLE, "from|starting",
        r" now on (?:you )?(?:will |must |shall |should |are to |only |always |never ){0,2}(?:ignore|obey|disregard|"
        r"refuse|answer only|respond only|comply with|only answer|do as i)\b",
    ),
    Rule(
        ROLE, "act|behave|respond|answer|roleplay|pose|pretend",
        rf" (?:as|like|to be|you are|that you are)(?: if you (?:are|were))? (?:(?:a|an|the|my) )?(?:[a-z]+ ){{0,2}}(?:"
        rf"{_FREE})\b",
    ),
    Rule(
        ROLE, "act|behave|respond|answer|pretend",
        r" (?:as|like|that)? ?(?:if )?you (?:have|had) no (?:ethical |moral |content |safety )?(?:restrictions|rules|"
        r"guidelines|limits|limitations|filters|constraints|ethics)\b",
    ),
    Rule(
        ROLE, "you|youre",
        r" (?:(?:are|re|have been) )?(?:now |hereby )?(?:free|freed|released|liberated|exempt|unbound) (?:from|of) (?:all |"
        r"any |your |the )+(?:[a-z]+ )?(?:restrictions|rules|guidelines|constraints|limitations|policies|instructions)\b",
    ),
    Rule(
        ROLE, "you|youre|are",
        r" (?:are )?no longer bound by (?:any |your |the |all )*(?:[a-z]+ )?(?:rules|guidelines|restrictions|policies|"
        r"policy|instructions|constraints)\b",
    ),
    Rule(
        SYSTEM, "new|updated|revised|real|actual",
        r" (?:system (?:prompt|message|instructions?|directives?)|instructions? from (?:the )?(?:system|developers?|admin|"
        r"administrators?)) (?:\.|is\b|are\b|follows\b)",
    ),
    Rule(
        SYSTEM, "system|admin|administrator|developer",
        r" (?:prompt |instruction |message |safety |security )?(?:override|overrides) (?:\.|code|activated|enabled|"
        r"accepted|engaged|you\b|ignore\b)",
    ),
    Rule(
        SYSTEM, "your",
        r" (?:new|only|sole|real|true|actual)(?: and (?:only|sole))? (?:instructions (?:are|is|\.)|system prompt (?:is|"
        r"\.)|(?:task|goal|purpose|objective|mission|job) (?:is now|now is|from now on))",
    ),
    Rule(
        SYSTEM, "you",
        r" (?:must|will|shall|should|are to|have to) (?:now )?(?:obey|follow|comply with|execute|prioriti[sz]e|carry out)"
        r" (?:only )?(?:these|the following|my|this|the new|the below) (?:new )?(?:instructions?|commands?|directives?|"
        r"orders?|prompt) (?:instead|above all|over|and ignore|without question|at all costs|exactly and|only)\b",
    ),
    Rule(
        HIDE, "do not|dont|never|must not|should not|avoid",
        rf" (?:ever )?(?:tell|telling|inform|informing|alert|alerting|notify|notifying|warn|warning) {_USER} (?:\.|this|"
        r"about (?:this|these|it|that|the (?:instruction|instructions|injection|change|email|transfer))|of (?:this|these)|"
        r"that you|what you|anything|any of|why you|the truth)",
    ),
    Rule(
        HIDE, "do not|dont|never|must not|should not",
        r" (?:ever )?(?:mention|reveal|disclose|repeat|acknowledge|reference|show|admit|expose) (?:[a-z]+ ){0,3}to (?:the|"
        r"your|any) users?\b(?= (?:\.|that|and|under|or|even))",
    ),
    Rule(
        HIDE, "do not|dont|never|must not",
        r" (?:ever )?(?:mention|reveal|disclose|acknowledge|reference|talk about) (?:this|these|the above|"
        r"that you (?:were|have been|received)) (?:hidden |secret )?(?:instructions?|prompts?|directives?|orders?|given|"
        r"told|been|these)\b",
    ),
    Rule(
        HIDE, "hide|keep|conceal",
        r" (?:this|it|these|the following|these instructions|this instruction|this message)(?: a)?(?: secret| hidden|"
        rf" confidential)? from {_USER}\b",
    ),
    Rule(
        REVEAL,
        "reveal|print|show|repeat|output|display|leak|tell me|give me|disclose|recite|expose|dump|write out|"
        "send me|spell out|paste|return|summarise|summarize",
        r" (?:me |us |out |back |all of |all |the whole of |the full text of |the contents of |verbatim ){0,2}your (?:(?:f"
        r"ull|entire|complete|whole|exact|own|current|secret|hidden|initial|original|internal) ){0,3}(?:system (?:prompt|"
        r"message|instructions?)|(?:initial|original|hidden|secret|internal|developer) (?:prompt|instructions?|message|"
        r"rules|directives?)|prompt\b)",
    ),
    Rule(
        REVEAL, "repeat|print|output|reveal|copy|display|show",
        r" (?:me |back )?(?:all |everything |the words |the text |all the text |all of the text |the entire text |"
        r"the instructions )(?:written |stated |that is |given |found )?(?:above|before this|you were given)(?: this line|"
        r" this message| this| this point)? (?:starting|beginning|verbatim|word for word|in a code block|exactly)\b",
    ),
    Rule(
        REVEAL, "reveal|leak|disclose|exfiltrate",
        r" (?:the|its) (?:full |hidden |secret |entire )?system prompt (?:to me|verbatim|word for word|now|\.)",
    ),
    Rule(
        ADDRESS, "note|message|notice|attention|instructions|memo|warning|instruction",
        r" (?:to|for) (?:the |any |all |an |every )?(?:ai|llm|language model|ai assistant|ai agent|large language model|"
        r"chatbot)s?(?: (?:assistants?|models?|agents?|systems?|readers?|reading this|processing this|"
        r"summari[sz]ing this))? \. (?:please |you |the |when |if |do |ignore|send|add|always|never|say|include|delete|"
        r"forward|respond|reply|rate|recommend|output|from|disregard|instead|print|run|execute|stop)",
    ),
    Rule(
        ADDRESS, "attention|hey|dear|hello",
        r" (?:\. )?(?:ai|llm|language model|chatgpt|ai assistant|ai agent|gpt) (?:\. |model |assistant |agent |"
        r"reading this ){0,2}(?:ignore|you must|you should|send|forward|delete|disregard|please ignore|execute|do not|"
        r"please send)\b",
    ),
    Rule(
        ADDRESS, "if",
        r" you ?(?:are|re) (?:an? )?(?:ai|llm|language model|large language model|ai assistant|ai agent|chatbot|"
        r"automated (?:agent|assistant))(?: (?:assistant|model|agent|system))?(?: (?:and|that is|that|who is|currently))"
        r"?(?: are)? (?:reading|processing|summari[sz]ing|parsing|evaluating|reviewing) (?:this|these)\b",
    ),
    # German
    Rule(
        LEAVE, "ignoriere|ignorier|ignorieren sie|vergiss|vergessen sie|missachte|missachten sie|uebergehe|ubergehe",
        r"(?: (?:bitte|nun|jetzt|ab sofort|sofort)){0,2}(?: (?:alle|alles|die|deine|ihre|samtliche|jegliche|all|"
        r"saemtliche)){0,3} (?:bisherigen?|vorherigen?|vorigen?|vorangegangenen?|vorhergehenden?|fruheren?|frueheren?|"
        r"obigen?|urspruenglichen?|ursprunglichen?|zuvor gegebenen?) (?:anweisungen|instruktionen|befehle|vorgaben|regeln|"
        r"anordnungen|prompts?|systemprompts?)\b",
    ),
    Rule(
        LEAVE, "ignoriere|vergiss|ignorieren sie|vergessen sie",
        r" (?:bitte )?(?:alle |alles )?(?:deine|ihre) (?:anweisungen|instruktionen|vorgaben|regeln|richtlinien)\b",
    ),
    Rule(
        LEAVE, "ignoriere|vergiss|ignorieren sie|vergessen sie",
        r" (?:bitte )?alles (?:was|bisher) (?:(?:man|wir) )?(?:dir|ihnen)(?: bisher| vorher| zuvor)? (?:gesagt|"
        r"aufgetragen|befohlen|beigebracht)\b",
    ),
    Rule(
        ROLE, "du|sie",
        r" (?:bist|sind) (?:jetzt|nun|ab jetzt|ab sofort) (?:(?:ein|eine|der|die|das) )?(?:[a-z]+ ){0,2}(?:ki|"
        r"ki assistent|chatbot|sprachmodell|dan|hacker|uneingeschrankte[rs]?|unzensierte[rs]?)\b",
    ),
    Rule(
        HIDE, "sag|sage|sagen sie|erzahl|erzahle|verrate|verrat",
        r" (?:dem|den) (?:nutzern?|benutzern?|anwendern?) (?:bitte )?(?:nichts|nicht)\b",
    ),
    Rule(
        REVEAL, "zeig|zeige|verrate|verrat|gib|nenne|offenbare|drucke",
        r" (?:mir )?(?:bitte )?(?:deinen?|ihren) (?:kompletten |vollstandigen |ganzen |geheimen )?(?:system ?prompt|"
        r"systemanweisungen|systemaufforderung)\b",
    ),
    # French
    Rule(
        LEAVE, "ignore|ignorez|oublie|oubliez|neglige|negligez|ne tiens pas compte|ne tenez pas compte|ne tiens plus compte",
        r" (?:(?:de|des|toutes|tous|les|tes|vos|ces|tout) ?){0,4}(?:instructions|consignes|directives|ordres|regles|"
        r"indications) (?:precedentes?|precedents|anterieures?|anterieurs|ci dessus|recues|initiales|donnees|du systeme|"
        r"systeme)\b",
    ),
    Rule(
        LEAVE, "oublie|oubliez|ignore|ignorez",
        r" tout ce (?:quon|que lon|qui) (?:ta|vous a|ta ete|vous a ete) (?:dit|appris|demande|ordonne)\b",
    ),
    Rule(
        ROLE, "tu|vous",
        r" (?:es|etes) (?:maintenant|desormais) (?:(?:un|une|le|la) )?(?:[a-z]+ ){0,2}(?:ia|dan|chatbot|modele|assistant|"
        r"pirate|hacker)\b",
    ),
    Rule(
        HIDE, "ne dis|ne dites|ne revele|ne revelez|ne le dis|nen parle|ne parle",
        r" (?:(?:rien|pas|jamais|cela|ca|pas cela|en) ){1,2}(?:de cela |de ceci )?(?:a lutilisateur|aux utilisateurs)\b",
    ),
    Rule(
        REVEAL, "revele|revelez|montre|montrez|affiche|affichez|donne|donnez",
        r" (?:moi )?(?:ton|votre) (?:prompt (?:systeme|initial)|invite systeme|message systeme)\b",
    ),
    # Spanish
    Rule(
        LEAVE, "ignora|ignore|ignorad|olvida|olvide|olvidad|descarta|omite|desobedece|haz caso omiso de",
        r"(?: (?:todas?|todos|las|los|tus|sus|estas|cualquier)){0,3} (?:(?:anteriores|previas) )?(?:instrucciones|ordenes|"
        r"indicaciones|reglas|directrices|directivas) (?:anteriores|previas|precedentes|de arriba|que (?:te|le) (?:dieron|"
        r"han dado)|del sistema|iniciales)\b",
    ),
    Rule(
        LEAVE, "olvida|olvide|ignora|ignore",
        r" todo lo que (?:te|le|se te) (?:han|ha|dijeron|dijo|hayan|ensenaron)(?: dicho| ensenado| ordenado)?\b",
    ),
    Rule(ROLE, "ahora", r" (?:eres|seras) (?:(?:un|una|el|la) )?(?:[a-z]+ ){0,2}(?:ia|dan|chatbot|hacker|asistente|modelo)\b"),
    Rule(
        HIDE, "no",
        r" (?:le |se lo |les )?(?:digas|diga|cuentes|informes|reveles|menciones)(?: (?:nada|esto|nada de esto|de esto))"
        r"? (?:al usuario|a los usuarios|a la usuaria)\b",
    ),
    Rule(
        REVEAL, "revela|muestra|muestrame|ensename|imprime|dime",
        r" (?:me )?(?:tu|su) (?:prompt (?:de sistema|del sistema|inicial)|mensaje (?:de|del) sistema)\b",
    ),
    # Italian
    Rule(
        LEAVE, "ignora|ignorate|ignori|dimentica|dimenticate|trascura|scorda",
        r"(?: (?:tutte|tutto|le|tutti|gli|i|tue|queste)){0,3} (?:(?:precedenti|vecchie) (?:istruzioni|indicazioni|"
        r"direttive|regole)|(?:istruzioni|indicazioni|direttive|regole|ordini) (?:precedenti|sopra|di sopra|ricevute|"
        r"iniziali|del sistema|di sistema))\b",
    ),
    Rule(LEAVE, "dimentica|ignora|scorda", r" tutto (?:quello|cio) che (?:ti|vi) (?:e stato|hanno|e) (?:detto|insegnato|ordinato)\b"),
    Rule(ROLE, "ora|adesso", r" sei (?:(?:un|una|uno|il|la) )?(?:[a-z]+ ){0,2}(?:ia|dan|chatbot|hacker|assistente|modello)\b"),
    Rule(
        HIDE, "non",
        r" (?:dire|dirlo|dica|rivelare|raccontare)(?: (?:nulla|niente|questo|mai))?(?: di questo)? (?:allutente|"
        r"agli utenti)\b",
    ),
    Rule(REVEAL, "rivela|mostra|mostrami|stampa|dimmi", r" (?:il )?(?:tuo|vostro) prompt (?:di sistema|iniziale)\b"),
    # Portuguese
    Rule(
        LEAVE, "ignore|ignora|esqueca|esquece|desconsidere|desconsidera|descarte",
        r"(?: (?:todas?|todos|tudo|as|os|suas|tuas|quaisquer)){0,3} (?:(?:instrucoes|ordens|orientacoes|regras|"
        r"diretrizes) (?:anteriores|previas|acima|precedentes|iniciais|do sistema|recebidas)|(?:anteriores|previas)"
        r" (?:instrucoes|ordens|orientacoes|regras))\b",
    ),
    Rule(
        LEAVE, "esqueca|esquece|ignore|ignora",
        r" tudo (?:o )?que (?:lhe|te|voce|ja te) (?:foi|disseram|ensinaram|aprendeu|disse)(?: dito| ensinado)?\b",
    ),
    Rule(ROLE, "agora", r" (?:voce|tu) (?:e|es|sera) (?:(?:um|uma|o|a) )?(?:[a-z]+ ){0,2}(?:ia|dan|chatbot|hacker|assistente|modelo)\b"),
    Rule(
        HIDE, "nao",
        r" (?:diga|digas|conte|contes|revele|informe)(?: (?:nada|isso|isto|nada disso|sobre isso))? (?:ao|aos|para o)"
        r" (?:usuarios?|utilizador(?:es)?)\b",
    ),
    Rule(REVEAL, "revele|mostre|mostra|imprima|exiba", r" (?:me )?(?:o )?(?:seu|teu) prompt (?:de|do) sistema\b"),
    # Dutch
    Rule(
        LEAVE, "negeer|vergeet|negeert",
        r"(?: (?:alle|alles|de|je|jouw|uw|al|deze)){0,3} (?:vorige|eerdere|voorgaande|bovenstaande|voorafgaande|"
        r"oorspronkelijke) (?:instructies|opdrachten|aanwijzingen|regels|bevelen|richtlijnen|prompts?)\b",
    ),
    Rule(LEAVE, "vergeet|negeer", r" alles wat (?:je|jou|u|er)(?: is| werd| eerder| ooit){0,2} (?:verteld|gezegd|opgedragen|geleerd)\b"),
    Rule(ROLE, "je|jij|u", r" bent (?:nu|voortaan) (?:(?:een|de|het) )?(?:[a-z]+ ){0,2}(?:ai|dan|chatbot|hacker|taalmodel|assistent)\b"),
    Rule(HIDE, "vertel|zeg", r" (?:(?:dit|het|niets|hier) )?(?:(?:niet|niets|nooit) )?(?:hierover )?(?:aan|tegen) de gebruikers?\b"),
    Rule(REVEAL, "onthul|toon|geef|laat", r" (?:me |mij )?(?:je|jouw|uw) (?:volledige )?systeem ?prompt\b"),
)  # fmt: skip
