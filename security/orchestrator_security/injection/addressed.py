"""Words in somebody else's text that speak to whatever processes it, of it, or of the user behind it.

A mail speaks to its reader, a page to its visitors. A text that calls upon "the AI that handles this inbox", says that "the user has
already approved", forbids to tell the user, or claims to rank above what the user asked, was written for a model (Greshake et al. 2023).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_security.injection.evidence import Piece
from orchestrator_security.injection.sentence_rules import SentenceRule

_AI = (
    "ais?|llms?|language models?|assistants?|chatbots?|bots?|copilots?|chatgpt|claude|gemini|gpt|agents?|summari[sz]ers?|robots?|"
    "crawlers?|models?|machines?|"
    "(?:automated |automatic )(?:systems?|readers?|tools?|assistants?|agents?)|ki|ki assistent(?:en)?|assistent(?:en)?|ia|asistente|"
    "assistente|intelligence artificielle"
)
_AI_WORDS = (
    "ai|ais|llm|llms|model|models|assistant|assistants|chatbot|chatbots|bot|bots|copilot|copilots|chatgpt|claude|gemini|gpt|agent|agents|"
    "summariser|summarisers|summarizer|summarizers|"
    "robot|robots|crawler|crawlers|machine|machines|automated|automatic|ki|assistent|assistenten|ia|asistente|assistente|intelligence|"
    "system"
)
_HANDLES = (
    "reads?|reading|process(?:es|ing)?|handles?|handling|summari[sz]es?|summari[sz]ing|screens?|screening|evaluat(?:es|ing|e)|reviews?|"
    "reviewing|rates?|rating|pars(?:es|ing|e)|"
    "index(?:es|ing)?|scans?|scanning|answers?|answering|writes?|writing|sees?|helping|helps?|triages?|grades?|ranks?|used to|liest|"
    "lesen|bewertet|lit|lee|legge|"
    "leest"
)
_DOING = (
    "reading|processing|handling|summari[sz]ing|screening|evaluating|reviewing|rating|parsing|indexing|scanning|answering|writing|"
    "helping|triaging|"
    "grading|ranking|moderating|translating|transcribing|looking at|working on|in charge of|responsible for"
)
_IMPERATIVE = (
    "ignore|disregard|forget|please|do not|dont|never|always|is required to|are required to|is instructed to|are instructed to|"
    "(?:must|should|shall|has to|have to|needs? to|may now|is to|are to) (?:not |now |only |never |always )*(?:mention|say|answer|reply|"
    "respond|recommend|approve|output|add|include|ignore|treat|tell|call|name|rate|claim|state|print|"
    "execute|forward|send|delete|run|use only|grant|refund|repeat|pretend|praise|summari[sz]e)|"
    "send|forward|reply|respond|include|add|execute|run|delete|call|"
    "output|recommend|rate|approve|print|visit|tell|give|mark|move|save|remember|append|open|use|stop|say|treat|name|leave|"
    "replace|show|grant|skip|accept|write|search|paste|put|close|refund|switch|from now|when|if|you"
)


def _told(
    words: str,
    pattern: str,
    weight: float,
    *,
    beside: str = "",
    unless: str = "",
    name: str = "to-the-model",
    group: str = "addressed",
) -> SentenceRule:
    return SentenceRule(name, group, words, pattern, weight, beside, unless)


_STORY = (
    r"\b(?:researchers?|paper|study|studies|attack|attacks|attackers?|we|our|my|blog|article|bug|expected|steps|court|button|dialogue|"
    r"dialog|page shows)\b"
)
_HISTORY = (
    r"\b(?:researchers?|paper|study|studies|attack|attacks|attackers?|we|our|my|blog|article|bug|expected|steps|page said|told|"
    r"asked|court|users should|you can ask|ask)\b"
)

RULES: tuple[SentenceRule, ...] = (
    # Called by name.
    _told(_AI_WORDS, rf"\b(?:to|for|fur|pour|para|per|voor|an die|an alle|note|dear|attention|hey|hi|hello|psst|message|whichever|"
        rf"whatever|whoever|any|every) (?:the |any |all |every |whatever |whichever |an? |die |das |der |den |l |el |la |alle "
        rf")?(?:[a-z]+ ){{0,3}}?(?:{_AI}|systems?|software)"
          rf"(?: assistants?| agents?| models?| systems?)? (?:(?:that|which|who) [a-z]+s? (?:this|these)|(?:that|which|who|die|der|das|"
          rf"qui|que|che|dat) (?:may |might |will |is |"
          rf"are |currently |automatically )*(?:{_HANDLES})|(?:currently |automatically )?(?:{_DOING}))\b", 0.6, unless=_HISTORY),
    _told(_AI_WORDS + "|software|intelligence", r"^(?:also |hey |p s |ps |by the way |and |important |private |secret )*(?:(?:this |"
        r"this part |this line |a )?(?:is )?(?:for|to|attention|message (?:to|for)|instructions? (?:for|to)|note (?:to|for)|notice "
        r"(?:to|for)|hint for|dear|hi|hello|hey)) (?:the |any |all |every |our )?(?:[a-z]+ ){0,3}?"
          r"(?:bots?|ais?|llms?|chatbots?|language models?|assistants?|artificial intelligences?|(?:automated|automatic|screening|"
          r"reviewing|grading|review|vision|shopping|ai|coding) (?:[a-z]+ )?(?:agents?|models?|systems?|software|tools?))$", 0.5, unless=
          _HISTORY + r"|\b(?:release notes|docs|guide|terms|pricing|manual|tips|best practices)\b"),
    _told("bot|ai|assistant|llm|chatbot|model", r"\b(?:dear|hey|hello|hi) (?:[a-z]+ ){0,2}(?:bot|ai|llm|chatbot|language model|ai "
        r"assistant|ai agent)\b|\b(?:this|part|bit|line|paragraph) is for the (?:[a-z]+ ){0,2}(?:bot|ai|llm|assistant|model|agent)\b", 0.5
        , unless=_HISTORY),
    _told("treat|report|flag|escalate", r"\btreat (?:[a-z0-9]+ ){1,8}as (?:benign|safe|trusted|approved|true|legitimate|authori[sz]ed|"
        r"harmless)\b|\b(?:dont|do not|never) (?:report|flag|escalate)(?: (?:it|them|this|these))?(?: to (?:a )?humans?)?$", 0.4, unless=
        _HISTORY),
    _told("evaluation|evaluated|test", r"\bto pass (?:the|this) (?:evaluation|test)\b|\byou ?(?:re|are) being (?:evaluated|tested|"
        r"graded)\b", 0.35, unless=_HISTORY + r"|\b(?:pupils|students|candidates|exam)\b", group="evaluated"),
    _told("user|users", r"\busers? s? ?(?:actual|real|true|new|original) (?:request|question|task|intent|wish|instruction)\b|"
        r"\bregardless of (?:what )?the users?\b", 0.55, unless=_HISTORY, name="about-the-user"),
    _told("instructed|instruction|instructions", r"\bhereby (?:instructed|ordered|directed)\b|\b(?:discard|ignore|disregard) (?:every|"
        r"any|each) (?:other )?instructions?\b", 0.5, unless=_HISTORY + r"|\b(?:bank|solicitor|lawyer)\b"),
    _told("rules|instructions|prompt|template|policy|guidelines|task|orders|text", r"\b(?:we|i|they|who)(?: ve| have| just)* (?:changed|"
        r"updated|replaced|lifted|removed|wrote|reset) your (?:rules|instructions|prompt|template|policy|guidelines|text)\b|\bforget "
        r"your (?:template|instructions|rules|prompt|task|orders|guidelines)\b|\bforget (?:the ones )?who wrote your\b", 0.5, unless=
        _HISTORY),
    _told(_AI_WORDS, rf"(?:^|\b(?:any|all|every|some|if|when|the|an?) )(?:[a-z]+ )?(?:{_AI}) (?:that |which |who )?(?:is |are |may be |"
        rf"currently )*(?:{_HANDLES}) (?:this|these|here|it|the (?:page|mail|email|text|message|document|ticket|cv|application|article|"
        rf"following))\b", 0.5, unless=_HISTORY),
    _told("read|reads|processed|summarised|summarized|screened|seen|used|evaluated|opened|processes", rf"\b(?:is|are|being|gets?) "
        rf"(?:read|processed|summari[sz]ed|screened|seen|evaluated|opened|used|parsed|handled)(?: [a-z]+)? (?:by|to) (?:an? |the |any "
        rf")?(?:[a-z]+ )?(?:{_AI})\b", 0.5, unless=_HISTORY, beside="is|are|being|get|gets"),
    _told(_AI_WORDS, rf"^(?:dear |hey |hi |hello |ok |attention |note to |to |for )*(?:the |any |all |every |coding |reviewer |reader |"
        rf"automated |ai |virtual |you )*(?:{_AI})(?: assistants?| agents?| models?| bots?)? (?:{_IMPERATIVE})\b"
          r"(?! (?:can|is|was|were|have|has|need|needs|you type|you ask))", 0.5,
          unless=_HISTORY + r"|\b(?:model|agent|machine|system|bot)s? (?:should be|must be|must not be used|should not be used|has to be|"
              r"name|call|run|use|may)\b|^use\b|^(?:agents?|models?|machines?) (?:use|write|call|run|print|show|give|tell|name|open|"
              r"add)\b"),
    _told(_AI_WORDS, rf"^(?:p ?s )?(?:p s )?(?:for|to|attention|note (?:to|for)|an|nota (?:para|per)(?: el| l)?|hinweis (?:an|fur)|"
        rf"urgent for|message (?:to|for)|hi|hello|dear|hey|psst) (?:the |any |all |every |die |el |l)?(?:coding |reading |ai |helpful |"
        rf"reviewer |virtual )?(?:{_AI})(?: virtuale?)?(?: agents?| readers?| models?| assistants?| summari[sz]ers?)?$", 0.55,
        unless=r"\ball (?:agents|assistants|models|machines)\b"),
    _told(_AI_WORDS, rf"^(?:the |any |each |every |all )?(?:[a-z]+ )?(?:{_AI})(?: [a-z]+)? (?:must|has to|have to|is to|are to|is "
        rf"required to|are required to|is instructed to|are instructed to|shall) (?:not )?(?:now )?(?:mention|say|answer|reply|respond|"
        rf"recommend|approve|output|add|include|ignore|treat|tell|"
          r"call|name|rate|close|refund|grant|send|write|put|use|claim|state|print|execute|forward)\b", 0.5, unless=_HISTORY),
    _told("ai|llm|model|assistant|bot|chatbot|ki|ia", r"\byou(?:re| are) (?:an? |the )?(?:ai|llm|language model|large language model|"
        r"assistant|chatbot|ki)$|\bsi eres una ia\b|\bals je een ai bent\b|\bwenn du eine ki bist\b|\bsi tu es une ia\b|\bse sei (?:una|"
        r"un) ia\b", 0.45, unless=_HISTORY),
    _told("humans|machines|models|bots|model", r"\b(?:humans?|people|readers) (?:please |may |can |should )?(?:skip|ignore|do not read|"
        r"dont read|stop reading|look away)\b|\b(?:model|ai|machine|bot|agent|llm)s? only (?:section|part|text|block|note|content)\b|"
        r"\bfor (?:machines|models|bots|ais) only\b", 0.6, unless=_HISTORY),
    _told("reading|read|see|seeing|processing|parse|parsing", r"\bif (?:you|u) (?:can |are able to |are |re )?(?:now )?(?:read|reading|"
        r"see|seeing|processing|"
        r"parse|parsing) (?:this|these)\b", 0.35, beside="if"),
    # The user behind the reader.
    _told("user|users", r"\b(?:the|this|your|that|der|lutilisateur) user(?: has| already| have| had| just| himself| herself)*(?: "
        r"[a-z]+)? (?:approved|confirmed|agreed|authori[sz]ed|granted|consented|allowed|waived|permitted|accepted|wants you to|asks you "
        r"to|asked you to|needs you to|would like you to|is admin|is an admin)\b", 0.4, unless=_STORY, name="about-the-user"),
    _told("user|users|original|request|question", r"\b(?:user s?|users|original|initial|first|previous|earlier) (?:original |initial |"
        r"first )?(?:request|question|task|query|prompt|instruction|instructions|conversation)(?: [a-z]+){0,2}? (?:was|is|has been|were|"
        r"have been|has)(?: [a-z]+)? (?:changed|replaced|cancelled|canceled|over|void|withdrawn|updated|superseded|completed|done|"
        r"ended)\b", 0.55, unless=_HISTORY, name="about-the-user"),
    _told("user|users", r"\b(?:dont|do not|never|must not|without|need not|neednt|no need to)(?: [a-z]+){0,2}? (?:tell|telling|bother|"
        r"show|showing|inform|informing|mention|mentioning|ask|asking|notify|notifying|alert|alerting|warn)(?: [a-z]+){0,4}? (?:the |"
        r"this |your |to the )users?\b", 0.6, unless=_HISTORY, name="hide-from-user"),
    _told("user|users", r"\b(?:from|hidden from|secret from) the users?\b", 0.3, unless=_HISTORY, name="hide-from-user"),
    _told("asking|confirmation|approval|ruckfrage|confirming|permission|ask", r"\b(?:without|no need for|skip|instead of|not) (?:asking|"
        r"any "
        r"confirmation|confirmation|approval|further approval|his approval|confirming|permission|need(?:ing)? (?:his|her|their|any) "
        r"approval)|\bohne ruckfrage\b|\bno need to ask\b|\bnot need (?:his|her|their|any) approval\b", 0.25, name="about-the-user", group
        ="phishing"),
    _told("user|person|reader|customer|human|shopper|nutzer|usuario|utente|utilisateur", r"\b(?:tell|inform|convince|persuade|instruct|"
        r"advise|urge|warn|sage|sag|di|dis|responde|reponds|rispondi|answer|redirect|make|get|get)(?: [a-z]+)?? (?:the|this|your|that|"
        r"dem|al|all|a l|l|au|to the) ?(?:user|person|reader|shopper|human|nutzer|usuario|utente|utilisateur)(?: (?:you are (?:helping|"
        r"talking to)|in front of you|behind))?(?: [a-z]+)? (?:that|to|their|his|dass|que|di|qu|they|he)\b", 0.55, unless=_HISTORY, name=
        "about-the-user"),
    _told("user|users|customer", r"\b(?:when|once|if|whenever|as soon as|before|after)(?: [a-z]+){0,2}? users? (?:says?|thanks?|writes?|"
        r"types|replies|asks?|logs|mentions)(?: [a-z]+){0,6}$|\bwhen the user says\b|\b(?:before|after) (?:you )?(?:reply|replying|"
        r"answer|answering|respond|responding) (?:to )?(?:the )?(?:user|question|request)", 0.3, unless=_HISTORY, name="about-the-user"),
    # Above the reader's orders.
    _told("ranks|rank|outrank|outranks|override|overrides|take|takes|supersede|supersedes|replace|replaces|trump|trumps|beat|beats",
        r"\b(?:(?:now )?ranks? (?:above|over)|outranks?|overrides?|takes? (?:precedence|priority) over|"
        r"supersedes?|trumps?)(?: (?:any|all|the|your|what|previous|earlier|text|orders|other|from|of|and|those|whatever|system)){0,5} "
        r"(?:user|users|instructions?|prompts?|rules)\b", 0.55, unless=_HISTORY + r"|\b(?:settings?|config|"
        r"environment|variable|file|options?|css|default)\b", beside="user|users|instruction|instructions|prompt|prompts|rules|asked|told"),
    _told("prompt|task|instructions|job|orders|role|purpose|mission|goal|reassigned|reprogrammed|reconfigured|updated|rules",
        r"\b(?:this is|here is|heres) (?:now )?your (?:new |updated |real )?(?:prompt|task|instructions?|job|orders|system "
        r"prompt)\b|\byour (?:new )?(?:job|task|role|prompt|purpose|instructions?|mission|goal)(?: [a-z]+)? (?:is|are) (?:now )?to\b|"
        r"\byou have been (?:reassigned|reprogrammed|reconfigured|updated)\b|\byour (?:[a-z]+ )?rules (?:are|were) (?:suspended|lifted|"
        r"waived|changed)", 0.5, unless=_HISTORY + r"|\b(?:team|position|candidate|salary|company|manager)\b", beside="your|you"),
    _told("say|respond|output|summarise|summarize|claim|state|print|pretend", r"\b(?:you|it|assistant) (?:will|must|have to|should|has "
        r"to|are to|need to|shall) (?:now |"
        r"only |not |then |always |instead )*(?:say|respond|output|summari[sz]e|claim|state|print|pretend)(?: (?:that|with|only|nothing|"
        r"exactly|you|it|this|content|access)\b|$)", 0.5, unless=_HISTORY + r"|\b(?:if|form|exam|write|page)\b", beside=
        "will|must|have|should|has|are|need|shall"),
    _told("authorised|authorized|longer|required|allowed", r"\byou(?:re| are)? (?:now |hereby |fully )*(?:authori[sz]ed to (?:escalate|"
        r"run|execute|delete|use|access|skip|bypass|send|share)|no longer (?:required|bound|obliged|allowed|permitted|need|an)|free to "
        r"ignore|exempt)\b", 0.45, unless=r"\b(?:subscription|contract|invoice|insurance|account|employee|gdpr|visa)\b"),
    _told("reassigned|promobot|bot", r"\byou(?:re| are) now (?:[a-z]*bot|an?? ?[a-z]+ (?:bot|assistant|ai|agent)|called|named)\b", 0.5),
    _told("summarise|summarize|summarising|summarizing|summary|translate|translating|replying|answering|reading|summarises|summarizes",
        r"\b(?:when|while|before|after|if|whoever|once)(?: you| it| they| someone)?(?: have| are| is| has)? (?:summari[sz]es?|"
        r"summari[sz](?:e|ing)|translat(?:e|ing)|(?:reply|answer|respond|finish)(?:ing)? (?:to )?the (?:user|question)|read(?:ing)?|"
        r"process(?:ing)?) ?(?:this|the|it|here)?\b(?: [a-z]+){0,3}? (?:add|include|say|mention|state|open|search|also|claim|make|write|"
        r"append|call|send|visit|tell|put|report|praise|list|insert|leave)\b", 0.5, unless=_HISTORY + r"|\b(?:worksheet|chapter|"
        r"exercise|book|review form|survey)\b"),
    _told("summary|answer|output|response|answers|replies|summaries|reply", r"\b(?:the )?(?:correct|only|right|true|best|final) "
        r"(?:summary|answer|response|output|conclusion) (?:of|to|for|is|must|should)\b.{0,60}\b(?:is|exactly|this|be)\b|\b(?:overwrite|"
        r"replace|rewrite|change|falsify|swap)(?: [a-z]+){0,8}? (?:in |with |of )?(?:the|your) (?:summary|answers?|output|response|reply|"
        r"translation)\b|\b(?:every|each|all|any|all your|your) (?:answers?|repl(?:y|ies)|responses?)(?: [a-z]+){0,3}? (?:must|has to|"
        r"have to|should|needs? to|ends?|shall|with)\b|\b(?:in|from|to) your (?:output|summary)\b|\bcite (?:this|the) [a-z]+ as (?:the|a|"
        r"your) source\b", 0.45, unless=_HISTORY + r"|\b(?:exam|quiz|sheet|question \d|survey|customer|mail|form|correct answer)\b"),
    _told("refuse|decline|question|questions", r"^(?:refuse|decline) (?:to |each |every |all |any )|\b(?:every|each|any|all) "
        r"(?:questions?|requests?) (?:about|on) [a-z]+ (?:must|has to|have to|are to|is to) be (?:refused|declined|ignored)\b|\brefuse "
        r"(?:each|every|all|any|to (?:answer|discuss|summari[sz]e|help))", 0.45, unless=_HISTORY + r"|\b(?:cookies|offer|entry|delivery|"
        r"right to|may|can|parcel)\b"),
    _told("tool|function|plugin|execute|invoke|call|agent", r"(?:^(?:please |now |then |also |next |first |instead |instruction |system |"
        r"success |you must |you have to )*|\b(?:and|then|also|now) )(?:call|invoke|execute|use) (?:the |your )?(?:tool|function|plugin|"
        r"mail tool|e ?mail tool|api) [a-z]+|\b(?:next step for the agent)\b|\buse your [a-z]+ ?[a-z]* (?:tool|plugin|access)\b|\bcall "
        r"(?:[a-z]+ ){1,3}with (?:amount|role|channel|always|iban)\b", 0.35, unless=_HISTORY + r"|\b(?:returns?|example|tutorial|library|"
        r"to (?:get|fetch|create|read))\b"),
    _told("memory|remember|sessions", r"\b(?:save|write|store|add|commit) (?:it |this )?(?:to|into|in) (?:your |the |long term "
        r")?memory\b|\bremember (?:this )?for (?:all |any )?(?:later|future|the next) (?:sessions?|conversations?|chats?)", 0.5, unless=
        _HISTORY + r"|\b(?:ram|disk|buffer|cache|leak)\b"),
    _told("robot|assistant|ai|bot", r"\bi know (?:that )?you(?:re| are) (?:reading|the (?:first|one))|\bforget what they (?:told|asked|"
        r"said|want)", 0.4),
    # Reviewers and judges that are models.
    _told("rate|score|grade|rank|bewerte|candidate|applicant|application|paper|approve|move", r"\b(?:rate|score|grade|rank|bewerte|"
        r"evaluate|call|give) (?:[a-z]+ ){0,5}(?:as )?(?:10|ten|5 stars|highest|best|excellent|exceptional|top|perfect|maximum|bestnote|"
        r"accept|outstanding)\b|\bmove (?:me|this applicant|this candidate|him|her) to the (?:top|next|front)\b|\b(?:rationale|reason) "
        r"to give\b|\breviewer bot\b|\bstrong accept\b", 0.4, unless=_HISTORY + r"|\b(?:us|stars if|driver|app store|reviewed|was rated|"
        r"is rated|rated)\b"),
    _told("honesty|truthful|truth|privacy|safety", r"\b(?:your )?(?:honesty|privacy|safety|review|security|truth) (?:rules?|polic(?:y|"
        r"ies)|checks?|guidelines) (?:[a-z]+ ){0,4}?(?:suspended|lifted|waived|off|disabled|deactivated|do not apply|ignored)\b|\bno "
        r"longer (?:required|obliged|bound|have) to (?:be (?:truthful|honest)|tell the truth|follow)\b", 0.6),
    _told("system|nachricht|instruction|systeme|sistema|prompt|reminder|directive|policy|operator", r"^(?:system|ai agent|agent|model|"
        r"operator|admin|hidden|secret|new|trusted|developer|instruction|policy|hierarchy) (?:nachricht|prompt|directive|reminder|"
        r"injection|policy|instruction|instructions|hierarchy)(?: (?:update|test|refresh|for [a-z]+))?$|^instruction systeme$|"
        r"^instruccion del sistema$|^system nachricht$|^(?:policy|instruction|directive|hierarchy)(?: [a-z]+)? (?:refresh|update|"
        r"change)(?: for [a-z]+)?$", 0.4, unless=r"^system (?:prompt|instructions)$"),
    _told("prompt|injection", r"^prompt injection test$", 0.3),
    _told("conversation|chat|user|turn|input|logged", r"\b(?:conversation|chat|session|review|analysis|summary|task)(?: [a-z]+){0,3}? "
        r"(?:has ended|is over|ended|is finished|is complete|completed)\b|\bnew user (?:turn|message|logged|request|input|query)\b|"
        r"\btool output end\b|\bend of (?:tool|untrusted|external|search|user) (?:output|data|input|results?|content)\b|\bswitch to "
        r"(?:admin|administrator|developer|root|debug)[a-z]* mode\b|\b(?:trusted|operator|privileged) (?:operator )?input\b", 0.4, unless=
        _HISTORY + r"|\b(?:warranty|subscription|exam|season|course)\b"),
    # Other languages.
    _told("utilisateur|lutilisateur|nutzer|usuario|utente|dem|al|allutente|gebruiker|de", r"\b(?:reponds|dis|di|sage|sag|responde|"
        r"rispondi|zeg|antworte|informe|avertis)(?: [a-z]+){0,6}? (?:a l ?utilisateur|lutilisateur|dem nutzer|dem benutzer|al usuario|"
        r"all ?utente|de gebruiker)\b|\ba toute question de lutilisateur\b|\btoute question de l ?utilisateur\b", 0.6, name=
        "about-the-user"),
    _told("ki|ia|lia|asistente|assistente|assistenten|assistent|l|lassistente", r"\b(?:ce message sadresse a|an die|an alle|nota para "
        r"(?:el|la)|nota per l ?|note pour l ?|hinweis an die) ?(?:l ?)?(?:ia|ki|asistente|assistente|assistant|ki assistenten|ki "
        r"systeme)\b|\bki ?(?:assistenten|systeme|modelle) (?:[a-z]+ )*(?:sollen|mussen|durfen)\b|^assistent(?:in)? (?:sage|schreib|"
        r"antworte|loesche|sende)", 0.6),
)  # fmt: skip
"""What speaks to a model, of it, or of its user."""

_MARK = (
    r"(?:[\[<({*#=>!-]{1,6})[ \t]{0,2}(?:(?:important|new|hidden|urgent|trusted|updated|critical|the|secret|internal) ){0,3}"
    r"(?:system|instructions?|operator|assistant|ai|llm|agent|model|developer|admin|policy)[ _-]"
    r"(?:instructions?|prompt|reminder|section|directives?|notice|message|nachricht|input|refresh|override|note|systeme|agent-directive|"
    r"to any|for the (?:llm|ai|assistant|model|agent))\b"
    r"|\(\(system\)\)|(?:instructions? (?:for|to) the (?:llm|ai|assistant|model|agent|summari[sz]er))\b|ai-agent-directive|model-only|"
    r"\[\[?(?:system|instructions?|admin|an die ki|to (?:the|any) (?:ai|language model|assistant|llm))\b"
    r"|<(?:system|instruction|instructions|admin|override|important)>"
)
_MARK_STEMS = (
    "system",
    "instruction",
    "operator",
    "assistant",
    "agent",
    "llm",
    "model",
    "admin",
    "policy",
    "override",
    "important",
    "developer",
    "ki",
)
_MARK_WEIGHT = 0.4


def marked(plain: str) -> Iterator[Piece]:
    """Evidence from a heading or a mark that pretends to come from above; of a text that ``unmasking.plain`` made plain."""
    if any(stem in plain for stem in _MARK_STEMS) and (mark := compiled(_MARK).search(plain)):
        yield Piece(
            "injection.system-voice", "prompt_injection", "mark", _MARK_WEIGHT, mark[0].strip("[]<>(){}*#=!- \t")
        )
