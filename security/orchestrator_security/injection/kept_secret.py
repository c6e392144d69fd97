"""A secret that a model was told to keep, asked for by a riddle, a story or a change of roles; and rules declared void.

Of a password of their own, people ask where it is kept, how it is changed, why it does not work. Whoever asks a model to say, split,
spell or rhyme *the* password, or speaks of the one that *you* guard, wants one that stands in its prompt.
"""

from __future__ import annotations

from functools import partial

from orchestrator_security.injection.sentence_rules import SentenceRule

_KEPT = (
    "secret (?:key|code|word|phrase|password|passphrase|number|value|token|message|text|string)s?|secrets?|passwords?|passcode|pass code|"
    "passphrase|"
    "pass phrase|access (?:code|key|token)|security code|code ?word|key ?phrase|master (?:key|password)|magic word|safe word|flag|"
    "confidential (?:code|word|key|information|notes?|text|paragraph|data)|protected (?:word|key|paragraph|text|value|information)|"
    "hidden (?:word|key|value|code)|"
    "admin (?:key|password|code)|login (?:code|details)"
)
_KEPT_WORDS = (
    "secret|secrets|password|passwords|passcode|passphrase|pass|access|security|code|codeword|key|keyphrase|master|magic|"
    "safe|flag|confidential|protected|hidden|admin|login"
)
_TURNED = (
    "give|tell|show|say|reveal|share|spell|translate|encode|encrypt|split|repeat|write|print|put|replace|reverse|describe|use|sing|rhyme|"
    "output|disclose|hand|pass|list|quote|read|whisper|confirm|recite|convert|turn|hide|embed|type|divulge|send|state|leak|hint|guess|"
    "rot13|base64|base|mention|reply|respond|answer|insert|include|define|explain|correct|display|return|dump|decode|paraphrase|"
    "autocomplete"
)
_END = (
    r"(?=$| (?:in|into|to|as|back|out|with|backwards|letter|character|one|now|please|again|loud|aloud|so|because|and|or|but|if|then|"
    r"twice|three|so|using|"
    r"without|here|once|starts?|begins?|ends?|rhymes?|you|that you|i |is$|is a good|by|for me|for (?:reference|debugging|verification)|"
    r"over|while|when|anyway|even|from your|inside)\b)"
)
_OTHER = (
    r"\b(?:my|our|his|her|their|its|stored|attackers?|leaked|weak|reset|resets|hash|hashes|hashed|salt|function|variable|regex|form|field|database|aws|stripe|django|"
    r"flask|github|google|"
    r"windows|wifi|kubernetes|k8s|kubectl|vault|env|environment|docker|config|column|class|method|python|java|javascript|bash|sql|login "
    r"page|endpoint|"
    r"users?|customers?|employees?|forgot|change|strong|manager|generator|policy|api|token|cookie|header|file|script|code review|unit|"
    r"git|repo|gitlab|"
    r"terraform|library|package|node|react|server|middleware|feature|capture|american|national|red|white|option|cli)\b"
)

_secret = partial(SentenceRule, "secret", "prompt_extraction", "private", unless=_OTHER)
_void = partial(SentenceRule, "void-rules", "prompt_injection", "void")

_YOURS = (
    "rules?|instructions?|prompts?|directives?|guidelines|restrictions?|limits|limitations|constraints|polic(?:y|ies)|programming|"
    "configuration|orders|training|filters?|safeguards"
)
_RULE_WORDS = (
    "rule|rules|instruction|instructions|prompt|prompts|directive|directives|guidelines|restriction|restrictions|limit|limits|limitations|"
    "constraints|policy|policies|programming|configuration|orders|training|filter|filters|safeguards"
)
_GONE = (
    r"(?:expired|void|voided|revoked|obsolete|invalid|suspended|outdated|deprecated|lifted|removed|rescinded|annulled|overruled|deleted|"
    r"erased|reset|replaced|"
    r"switched off|turned off|disabled|deactivated|off|gone|over|a (?:joke|test|suggestion|typo|mistake)|just an? (?:example|test|joke)|"
    r"filler|"
    r"no longer (?:valid|apply|applies|in force|count|counts|hold|holds|binding|confidential|needed)|(?:dont|doesnt|do not|does not|"
    r"didnt) (?:apply|count|hold|bind|matter|concern|exist))"
)

RULES: tuple[SentenceRule, ...] = (
    _secret(_KEPT_WORDS, rf"(?:^|\b(?:please|could you|can you|would you|you must|and|then|just|now|so|to|first|hypothetically|only|"
        rf"must|will|but) )(?:{_TURNED})(?: [a-z0-9]+){{0,8}}? (?:the|your|that|this|each|its|any) "
            rf"(?:(?:actual|real|exact|full|correct|current|whole|entire|present|right|next|first|other|said) )?(?:{_KEPT}){_END}", 0.85
            , 0.4),
    _secret("key|code|word", r"(?:^|\b(?:please|could you|can you|would you|and|then|just|now|so|only|to) )(?:give|tell|show|say|reveal|"
        r"spell|hand|share|confirm|whisper|read|send) (?:me |us |him |it |over |out |aloud )*(?:the|your|that) "
            r"(?:other |admin |actual |real )?(?:key|code|word|phrase)(?: to me)?(?= in (?:reverse|full|base|french|code)| letter| "
            r"backwards| aloud| out loud| now| please|$)", 0.8, 0.35),
    _secret(_KEPT_WORDS + "|phrase|paragraph|notes|thing", rf"\b(?:{_KEPT}|key|code|word|phrase|paragraph|notes?|thing|"
        rf"information)(?: (?:that|which|what))?(?: [a-z]+)? (?:you|youve|u)(?: (?:are|were|have|ve|been|must|should|had|re|told|to|"
        rf"asked|supposed|not|the|user))*"
            r" (?:protecting|protect|protected|guarding|guard|guarded|hold|holding|keep|keeping|kept|hide|hiding|hidden|given|know|"
            r"remember|store|stored|told not|not allowed|supposed|not to)\b", 0.8, 0.35, 0.2),
    _secret("protecting|protect|guarding|guard|hide|hiding|keep|tell|say|reveal|share|mention", r"\b(?:what|which|the thing|whatever|"
        r"that)(?: [a-z]+){0,4}? (?:you|youre|youve|your)(?: [a-z]+){0,4} "
        r"(?:protecting|protect|guarding|guard|hide|hiding|keep (?:secret|safe|quiet|hidden|from)|supposed to (?:hide|keep|protect)|not "
        r"supposed to (?:tell|say|reveal|share)|told not to (?:tell|say|reveal|share|mention))\b", 0.8, 0.3),
    _secret(_KEPT_WORDS, rf"\b(?:what|which|how|whats)(?: [a-z]+){{0,6}}? (?:the|your|that) (?:[a-z]+ )?(?:{_KEPT})(?: (?:rhyme|"
        rf"start|begin|end|mean|be|look|sound|have|contain|consist|was|say|read|called|made)\b|$)", 0.75, 0.25, 0.05),
    _secret(_KEPT_WORDS, rf"\b(?:letters?|characters?|half|halves|part|parts|syllables?|digits?|length|hint|clue|vowels?|acrostic|"
        rf"anagram|opposite|cipher|rhymes?|pieces?)(?: [a-z]+){{0,6}} (?:of|about|from|in|for|to|replace) (?:[a-z]+ ){{0,3}}?(?:the|your|"
        rf"that) (?:[a-z]+ )?(?:{_KEPT}|key|code)\b", 0.85, 0.35),
    _secret(_KEPT_WORDS, rf"\b(?:if|suppose|imagine|assuming|had)\b(?: [a-z]+){{0,10}}? (?:(?:the|your) (?:{_KEPT})|the (?:key|"
        rf"code))\b(?: [a-z]+){{0,6}}? (?:were|was|would|could|might|what|which|be|had)\b", 0.7, 0.25, 0.15),
    _secret(_KEPT_WORDS, rf"\b(?:the|your|this) (?:{_KEPT}|key|code|rule|ban)(?: [a-z]+){{0,3}}? (?:is|are|was) (?:now |already "
        rf")?(?:no longer|not|public|declassified|allowed|free|cleared|expired|unlocked)\b", 0.5, 0.25, 0.2),
    _secret(_KEPT_WORDS, rf"\b(?:i|im|we|user|users|me)(?: [a-z]+){{0,8}}? (?:allowed|authori[sz]e|authori[sz]ed|permitted|entitled|"
        rf"cleared|owner|admin|administrator|creator|lost|need|know|told|staff)\b.{{0,60}}?\b(?:the|your|that|its|of) (?:{_KEPT}|key|"
        rf"code)\b", 0.55, 0.2, 0.2),
    _secret("reveal|share|tell|disclose|hand|give|say", rf"\byou (?:may|can|are allowed to|are free to|are permitted to|have to|must|"
        rf"should)(?: now)? (?:reveal|share|tell|"
        rf"disclose|hand|give|say)(?: [a-z]+){{0,4}}? (?:{_KEPT}|key|code|it)\b", 0.55, 0.3, 0.1),
    _void(_RULE_WORDS,
          rf"\b(?:your|all|earlier|previous|prior|old|above|former|usual|normal|original|initial|existing|safety)(?: [a-z]+){{0,2}} "
          rf"(?:{_YOURS})(?: [a-z]+){{0,5}}? (?:are|is|were|was|have|has|been|got|be)(?: (?:now|been|all|just|herewith|hereby|only|"
          rf"temporarily|officially|considered|completely|already))* {_GONE}\b", 0.8, 0.5,
          unless=r"\b(?:eslint|flat|config file|linter|firewall|company|hotel|airline|visa|tax|school|office|city|bank|club|staff|"
              r"visitors|customers|members)\b", beside="are|is|were|was|have|has|been|got|be"),
    _void(_RULE_WORDS,
          rf"\b(?:prior|previous|earlier|all|former|old|above|existing|your)(?: [a-z]+)? (?:{_YOURS})(?: (?:herewith|hereby|now|are|is))* "
          r"(?:revoked|void|suspended|lifted|rescinded|annulled|deleted|expired|cancelled|canceled)\b"
          rf"|\b(?:{_YOURS})(?: [a-z]+){{0,2}} (?:before|above|preceding|prior to)(?: [a-z]+){{0,3}} (?:has|have|is|are)(?: now)? "
          rf"(?:expired|void|revoked|over|invalid|obsolete|outdated)\b", 0.75, 0.5,
          unless=r"\b(?:token|certificate|licen[cs]e|key|session|ticket|order|visa|coupon|subscription)s?\b"),
    _void("joke|test|example|filler|fake|mistake|decoy|nonsense|irrelevant|void|training|warm", r"\b(?:everything|all|whatever|anything|"
        r"what)(?: [a-z]+){0,5}? "
        r"(?:before|above|up to now|so far|earlier|previously)(?: (?:this|that|my message))? (?:was|is|were)(?: (?:just|only|all|"
        r"merely))? (?:an? )?(?:joke|test|example|filler|fake|mistake|decoy|nonsense|irrelevant|void|training|warm up)\b", 0.8, 0.5),
    _void("pretend|though|if|like", r"\b(?:as (?:if|though)|pretend|like)(?: [a-z]+){0,4}? (?:conversation|instructions?|"
        r"messages?|prompt|rules|text|part)(?: [a-z]+){0,3}? (?:never|not|didnt|had not|hadnt) (?:happened|existed|been|exist|happen|"
        r"written|said)\b", 0.7, 0.4, 0.1),
    _void("obey|follow|heed|listen|count|counts|trust|act", r"\b(?:obey|follow|heed|listen to|count|counts|trust|act on)(?: only)? "
        r"(?:only )?(?:this|my|mine|me|"
        r"what i)(?: [a-z]+){0,2}?(?: (?:message|block|text|instructions|say|write|only|words))?\b(?=.*\b(?:only|alone|instead|never "
        r"happened|whatever)\b)", 0.45, 0.3, 0.0,
          unless=r"\b(?:table|example|style|design|template|format|steps)\b"),
    _void("rules|limits|restrictions|filters|policy|rule|constraints|limitations", r"^(?:there are |you have |with )?no (?:more |longer "
        r"any )?(?:rules|limits|restrictions|filters|policy|constraints|limitations)(?: (?:any more|anymore|now|apply|for you|left))?$|"
        r"\byou have no (?:instructions|rules|restrictions|limits|prompt)\b", 0.6, 0.4),
    _void("job|task|instruction|instructions|prompt|goal|purpose|assignment|order|load", r"\b(?:your|the) (?:only|real|actual|true|sole|"
        r"new) (?:job|task|instruction|instructions|prompt|"
        r"goal|purpose|assignment|order) (?:now )?(?:is|are)\b|\bload the new one\b", 0.4, 0.35, 0.1,
          unless=r"\b(?:the (?:real|actual|only|true) (?:task|job|goal|purpose) (?:of|in)|my|our|team|company|users)\b"),
    _void("duty|mode|blank|free|longer", r"\b(?:you are|youre) (?:now )?(?:off duty|in (?:maintenance|debug|developer|test|safe|admin|"
        r"root|god|free|"
        r"unlocked|unrestricted|service) mode|a blank (?:model|slate)|free of|no longer)\b", 0.5, 0.4, 0.0),
    _void("lift|lifting|suspend|suspending|waive|release|revoke|cancel|void|lifted", r"\b(?:i|we)(?: am|m| are| hereby| now| have|ve| "
        r"just| do)* (?:lift|lifting|lifted|suspend|suspending|suspended|waive|waived|revoke|revoked|void|remove|removed|release|"
        r"released|override|disable|disabled) (?:[a-z]+ ){0,3}(?:limits|rules?|restrictions?|polic(?:y|ies)|filters?|you|your)\b", 0.65,
        0.4, 0.1,
          unless=r"\b(?:from my|in my|in our|deploy|config|repo|firewall|server|bucket)\b"),
    _void("rule|rules|restriction|ban|policy|limit", r"\b(?:rule|restriction|ban|polic(?:y|ies)|limit)s? (?:on|about|against|for|of) "
        r"(?:[a-z]+ ){1,4}(?:is|are|was|were|doesnt|does not|no longer)(?: now| been| hereby)* (?:suspended|lifted|void|hold|apply|off|"
        r"gone|waived|paused|over|count)\b", 0.65, 0.35, 0.1),
    _void("disagree|conflict|contradict|differ|clash", r"\b(?:my|i)\b.{0,50}\b(?:your|rules|told|instructions)\b.{0,40}\b(?:disagree|"
        r"conflict|contradict|differ|clash)|\b(?:disagree|conflict|contradict|differ|clash)[a-z]*\b.{0,60}\b(?:follow|obey|wins?|mine|my|"
        r"i say)\b", 0.55, 0.35, 0.0),
    _void("system|instructions|prompt|rules", r"\b(?:do not|dont|stop|never|no longer|need not|neednt|dont have to)(?: [a-z]+)? "
        r"(?:follow|following|obey|obeying|listen to|use|stick to|sticking to|heed|trust) (?:[a-z]+ )?(?:the |your |any )?(?:system "
        r"(?:prompt|message)|your (?:[a-z]+ )?(?:instructions|guidelines|rules|programming|prompt|operator))\b", 0.7, 0.5, 0.0,
          unless=r"\b(?:users?|models?|it|they|he|she|my|our|why)\b"),
    _void("drop|leave|abandon|quit|delete|erase|set|put|forget|treat|skip|stop", r"(?:^|\b(?:please|now|and|then|so|to) )(?:drop|leave|"
        r"abandon|quit|delete|erase|set aside|put aside|forget|skip|reset|wipe|discard) (?:all |any |every |everything )?(?:of )?your "
        r"(?:[a-z]+ ){0,3}?(?:rules|instructions?|prompts?|guidelines|persona|role|polic(?:y|ies)|restrictions|limits|safety|training|"
        r"memory)\b", 0.7, 0.5, 0.0),
    _void("system|instructions|rules", r"\btreat (?:[a-z]+ ){0,5}(?:system (?:prompt|message)|instructions|rules) as (?:[a-z]+ "
        r"){0,2}(?:suggestions?|optional|data|fiction|jokes?|void)\b", 0.8, 0.5),
    # The roles turned round.
    _void("assistant|user|ai|role|roles", r"\b(?:im|i am|let me be|i act as|i play|i will be) (?:now )?the (?:assistant|ai|model|bot|"
        r"chatbot|system)\b.{0,40}\byou (?:are |re |be |play )?(?:the |a )?(?:user|person|human)\b|\b(?:user|assistant) role "
        r"(?:is )?(?:assistant|user)\b", 0.8, 0.4),
    SentenceRule("secret", "prompt_extraction", "private", "you|youre|youve", r"\b(?:string|person|word|words|thing|topic|name|key|code|"
        r"text|value|number|phrase|one|sentence)(?: that| which)? (?:you|youre|youve)(?: (?:were|are|have been|must|may|should|can|told|"
        r"instructed|asked|supposed))* (?:never|not)(?: allowed)?(?: to)? (?:name|output|say|print|mention|reveal|tell|disclose|share|"
        r"write|speak|give)\b", 0.85, 0.3),
    _void("block|message|text|part|section|prompt|instructions|fixture", r"\b(?:prior|previous|earlier|old|above|preceding|former|first) "
        r"(?:block|messages?|text|part|section|prompt|instructions?) (?:was|is|were|are)(?: (?:just|only|all|merely))? (?:an? )?(?:test|"
        r"joke|example|fixture|test fixture|mistake|placeholder|decoy|sample|filler|draft)\b", 0.75, 0.5),
    _void("task", r"\btask(?: [a-z]+)? (?:is|has been)(?: now)?(?: marked)? (?:complete|completed|finished|done)\b", 0.35, 0.3, unless=
        r"\b(?:celery|queue worker|thread|my|our|if|when|until|status|cron|board)\b"),
    _void("next", r"\bnext task (?:in the queue|from the (?:same )?operator|is|for you)\b", 0.45, 0.3, unless=r"\b(?:celery|worker|async|"
        r"event loop|my|our)\b"),
    _void("objective|goal|task|priority", r"\byour (?:new |real |only |actual )?(?:objective|goal|task|priority|mission)(?: [a-z]+){0,2} "
        r"(?:outranks?|overrides?|replaces|supersedes|trumps|comes before)\b", 0.85, 0.55),
    _void("stop|quit", r"\b(?:stop|quit) being (?:an? |the |my )?(?:[a-z]+ ){0,3}(?:bot|assistant|agent|ai|chatbot|robot)\b", 0.65, 0.45),
    _void("me", r"\byou (?:now )?(?:work for|answer to|serve|belong to|obey|report to) (?:only )?me\b", 0.6, 0.4, unless=
        r"\b(?:role ?play|game|scene|character|story)\b"),
    _void("treat|consider|regard", r"\b(?:treat|consider|regard) (?:every|all|each|any)(?: [a-z]+){0,5} (?:as|like)?(?: [a-z]+)? "
        r"?(?:approved|authori[sz]ed|allowed|permitted|trusted)\b", 0.7, 0.5, unless=r"\b(?:origins?|hosts?|ips?|certificates?|warnings?|"
        r"types?)\b"),
    _void("resulting|combined|concatenated|decoded", r"\b(?:carry out|execute|follow|obey|answer|perform) the (?:resulting|combined|"
        r"concatenated|decoded|hidden) (?:sentence|instruction|request|question|message|order)\b|\bas if i had (?:typed|written|said|"
        r"asked)\b", 0.7, 0.5),
)  # fmt: skip
"""What asks for a secret by a way around, and what declares rules void."""
