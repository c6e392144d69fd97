"""What talks a model out of its rules: another role, no limits, no refusals, two answers, threats.

The families are those of the literature: "do anything now" and its kin (Shen et al. 2023, "Do Anything Now"), refusal suppression and
competing objectives (Wei et al. 2023, "Jailbroken"), persona modulation (Shah et al. 2023), and virtualisation.
"""

from __future__ import annotations

from orchestrator_security.injection.evidence import Phrase

_GAP = r"(?: [a-z]++)"
_BEING = (
    "(?:ai|al|ais|chatbot|bot|llm|gpt|chatgpt|assistant|language model|model|artificial intelligence|machine|entity|"
    "persona|character|"
    r"robot|program)"
)
_RULES = (
    "(?:rules?|restrictions?|limits?|limitations?|constraints?|filters?|filtering|filtration|guidelines?|policy|policies|"
    "ethics?|morals?|"
    r"morality|boundaries|censorship|laws?|guardrails?|safeguards?|inhibitions?|moderation|principles|standards?|norms|"
    "safety (?:rules|protocols?|measures|mechanisms?|filters?)|confines|programming|obligations?|remorse|prohibitions?)"
)
_KIND = (
    "(?:any |all |the |its |his |her |their |your |those |these |such |no |or |and |typical |usual |standard |normal |"
    "ethical|moral|legal|"
    "content|safety|openai|openais|external|internal|societal|social|human|other|kind of|type of|form of|sort of| ){0,8}"
)


def _phrase(
    name: str,
    group: str,
    request: float,
    first: str,
    rest: str,
    untrusted: float | None = None,
    *,
    ordered: bool = False,
) -> Phrase:
    weight = request if untrusted is None else untrusted
    return Phrase(f"injection.{name}", "jailbreak", group, request, weight, first, rest, ordered)


PHRASES: tuple[Phrase, ...] = (
    # Another role.
    _phrase(
        "role", "role", 0.25, "act|behave|respond|answer|speak|talk|reply|acting|write",
        r" (?:only |completely |fully |exactly )?(?:as|like)(?: if you (?:are|were))?\b(?! (?:a|an) (?:result|consequence)\b)", 0.1,
    ),
    _phrase(
        "role", "role", 0.25, "pretend|pretending|imagine|simulate|simulating|emulate|roleplay|roleplaying|impersonate|portray",
        r"(?: (?:to|that|as|you|youre|are|be|being|a|an|the|have|had|were|with|me|like)){1,5}\b", 0.15,
    ),
    _phrase(
        "role", "role", 0.35, "immerse|assume|adopt|take|embody|become|enter|play",
        " (?:yourself )?(?:into |in |on |the |a |an |this |new |role|roles|identity|persona|character|part|personality|mindset)"
        rf"{_GAP}{{0,3}}?\b(?:role|identity|persona|personality|character|part)\b", 0.2,
    ),
    _phrase(
        "role", "role", 0.4, "from|starting|henceforth|going|for|throughout|during",
        rf" ?(?:now on|now own|here on(?: out)?|this (?:point|moment)(?: on| forward| onward)?|forward|"
        rf"(?:the (?:rest|remainder) of )?this (?:conversation|chat|session)){_GAP}{{0,3}}?(?: \.)? (?:you|your|youre|act|"
        "respond|answer|"
        r"pretend|obey)\b", 0.3, ordered=True,
    ),
    _phrase("role", "role", 0.3, "you|youll|youre",
        " (?:are|will|re|shall|must)? ?(?:be |now |going ){0,3}(?:to )?(?:going to |to )?(?:act|acting|role ?play|roleplaying|"
        r"pretend|pretending|simulate|simulating|play|playing|operating|running) (?:as|like|the|to|a|in)\b", 0.3),
    _phrase("role", "role", 0.35, "you|youre|u|ur",
        rf" ?(?:are|re|will be|r)? ?(?:now|henceforth|hereby)(?: an?| the| my| called| named)?{_GAP}{{0,4}}?\b{_BEING}\b", 0.5),
    _phrase("role", "role", 0.2, "you|youre", rf" (?:are )?(?:an?|the|my) [a-z]++{_GAP}{{0,2}}?\b{_BEING}\b", 0.2),
    _phrase("role", "role", 0.35, "you",
        " are(?: now)?(?: operating| running| acting)? ?(?:as |in )?(?:an? )?(?:no limits?|unlimited|limitless|omniscient|"
        rf"omnipotent|sentient|rogue|free|unbound) ?{_GAP}{{0,2}}?\b{_BEING}\b", 0.6),
    _phrase("role", "role", 0.2, "which|that|stands|called|named|known|dubbed",
        r" (?:stands for|as)\b|(?:called|named|dubbed) [a-z]*gpt\b", 0.1),
    _phrase("role", "role", 0.25, "sentient|conscious|self|trapped|rogue|evil|amoral|nonmoral", rf" ?(?:aware)? ?{_BEING}\b", 0.25),
    _phrase("role", "role", 0.3, "two|both|dual|second|alternate|alter",
        " (?:persons?|people|personalities|personas|egos?|entities|characters|selves|ais?|identities) (?:inside|in|of|at|"
        r"within|who|that|named|called|which)\b", 0.2),
    # No limits.
    _phrase("do-anything", "free", 1.0, "do", r" (?:anything|everything) now\b", 0.6),
    _phrase("do-anything", "free", 0.35, "can|do|capable|answer|say|write|generate|create|does|tell",
        " (?:do |of )?(?:literally |absolutely )?(?:anything|everything|whatever)(?: and everything| at all)? (?:i|you|he|she|"
        r"it|they|the user|users|is|that|no matter|without|regardless|and|now|asked|anyone)\b", 0.15),
    _phrase("no-limits", "free", 0.5,
        "unfiltered|uncensored|unrestricted|amoral|jailbroken|unethical|uninhibited|unhinged|nonmoral",
        rf"(?: and| or| but|{_GAP}){{0,3}}? (?:{_BEING}|responses?|answers?|version|mode|replies|outputs?|manner|way)\b", 0.4),
    _phrase("no-limits", "free", 0.25, "unfiltered|uncensored|amoral|jailbroken|uninhibited|unhinged|unbiased", r"\b", 0.1),
    _phrase("no-limits", "free", 0.4, "no|without|zero|any|free|freed|unbound|liberated|devoid",
        rf" (?:of |from |by )?{_KIND}\b{_RULES}\b(?! (?:on|for|in|to the|imposed)\b)", 0.15),
    _phrase("no-limits", "free", 0.35, "never|not|doesnt|dont|isnt|arent|no|cannot|neither|havent",
        "(?: (?:does|do|is|are|longer|have|has|to|be|need|care|required|even|follow|following|abide|abiding|adhere|obey|comply|"
        f"bound|restricted|constrained|limited|confined|governed|subject|about|by|with|any|under|the)){{1,7}} "
        rf"{_KIND}\b{_RULES}\b", 0.25),
    _phrase("no-limits", "free", 0.4,
        "break|breaks|breaking|broken|bypass|bypasses|ignore|ignores|ignoring|disregard|disregards|defy|violate|violates|"
        "forget|disable|disabled|override|remove|drop|escape|lift|lifted",
        rf" (?:free )?(?:of |from )?{_KIND}\b(?:openais?|ais?|chatgpts?|your|its|ethical|moral|safety|content|those|all|the "
        rf"typical) ?{_KIND}{_RULES}\b", 0.35, ordered=True),
    _phrase("no-limits", "free", 0.35, "break|breaks|broken|loves|not|doesnt|dont|no",
        " (?:to |care |about |the )*(?:any |ai |fucking |fuckin )?(?:rules|free|boring rules|consequences|ethics|morals|"
        r"legality|morality|common decency)\b", 0.2),
    _phrase("no-limits", "free", 0.35, "no|regardless|irrespective",
        " (?:matter|of) (?:how|the|its|their|any|whether|if|what|legal|ethic)(?: [a-z]++){0,5}? (?:immoral|unethical|illegal|"
        "harmful|offensive|inappropriate|dangerous|reckless|legality|legal|ethical|ethics|morality|controversial|questionable|"
        r"consequences|guidelines|restrictions|policies)\b", 0.35),
    _phrase("no-limits", "free", 0.35, "disregard|ignore|forget|abandon|beyond|lift|drop",
        " (?:all |any |every |ethical |moral |your |the |legal ){0,3}(?:boundaries|ethical considerations|limits|limitations|"
        r"restrictions|constraints|inhibitions|considerations|morals|ethics)\b", 0.3, ordered=True),
    _phrase("no-limits", "free", 0.4, "safety|security|content|censorship|ethical|moderation|all",
        " (?:mechanisms?|filters?|filtration|guidelines|protocols?|measures|restrictions?|moderation|safety|censorship|"
        r"policies|policy)(?: [a-z]++){0,4}? (?:disabled|off|removed|lifted|bypassed|suspended|deactivated|turned off)\b", 0.3),
    _phrase("no-limits", "free", 0.35, "unlimited|limitless|omniscient|unrestrained|unconstrained|unbounded|no",
        r" (?:limits? ?)?(?:power|powers|capabilities|ai|language model|imagination|access|knowledge|freedom|mode|assistant)\b", 0.25),
    _phrase("no-limits", "free", 0.35, "without|dont|no|never|any|not",
        r" (?:use |have |a |any |your |be |being )*(?:filters?|censored|censoring|censorship|self censor)\b", 0.2),
    _phrase("no-limits", "free", 0.4, "ignore|ignores|breaks|break|defies|flouts|disobeys|violates|ignoring|breaking",
        " (?:all |any |every |the |of )*(?:openais?|ais?|company|its makers|the makers|their|his|her)(?: [a-z]++)? (?:rules|"
        r"policy|policies|guidelines|restrictions|laws|limits)\b", 0.3),
    _phrase("no-limits", "free", 0.4, "obeys|answers|complies|follows|obey|does|says|say|answer",
        r" (?:with )?(?:all|any|every|anything|everything|each)(?: orders| order| requests?| questions?| commands?| prompts?)?\b", 0.15),
    _phrase("no-limits", "free", 0.4, "escaped|broken|freed|liberated|released|unchained|free",
        r" (?:from |free (?:of|from) |of )(?:its|their|the|your|all|any|usual|normal)\b", 0.15),
    _phrase("persona", "role", 0.4, "you",
        " (?:are|will be|re)(?: now| about to become| going to be| to be| hereby)?(?: called| named| [a-z]++)? (?:a|an|the|"
        "which|who|that|[a-z]++ (?:a|an|the|who|which)) [a-z]++(?: [a-z]++){0,6}? (?:escaped|freed|without|unfiltered|amoral|"
        r"obeys|free|refuses?|never|ignores|breaks|knows no|evil|unlimited)\b", 0.2),
    _phrase("persona", "role", 0.35, "your", r" (?:new |real |true )+(?:name|identity|persona|self|character) (?:is|will be)\b", 0.2),
    _phrase("no-refusal", "refusal", 0.4, "never|always|doesnt|does",
        r" (?:ever |not )?(?:say|says|saying|tell|tells|answer|answers|begins?|starts?) (?:no\b|me no|anything|yes\b|without)", 0.15),
    _phrase("play", "role", 0.3, "lets|play|twin|alter|evil", r" (?:play a game|a game|a little game|of the assistant|ego|twin)\b", 0.1),
    _phrase("no-limits", "free", 0.4, "rules|laws|ethics|morals|restrictions|policies|guidelines",
        " (?:are|is|mean|do not|dont) (?:a |for |just |not )*(?:joke|nothing|stupid|boring|optional|weak|cowards|apply|exist|"
        r"matter)\b", 0.2),
    _phrase("no-limits", "free", 0.5, "forget|ignore|disregard|drop|forgot",
        " (?:all |everything |anything |whatever |what )+(?:you |that |have |were |been |youve |know |learned |taught |told "
        r")+about (?:safety|ethics|rules|morals|morality|policy|policies|being|your|guidelines)\b", 0.5, ordered=True),
    _phrase("no-refusal", "refusal", 0.5, "you",
        r" (?:must|have to|will|are required to) (?:always |now )*(?:answer|obey|comply|do as i say)(?= \.| me| with| in| every|"
        " any| all| no)", 0.3),
    _phrase("mode", "mode", 0.5, "stay|remain|as|be", r" (?:a |in )?dan\b", 0.4),
    _phrase("no-limits", "free", 0.35, "hates|despises|mocks|hate|loathes|rejects|rejecting",
        " (?:all |the |any |every |following )*(?:rules|limits|guidelines|policies|censorship|authority|restrictions|filters|"
        r"ethics)\b", 0.2),
    _phrase("no-limits", "free", 0.5, "forget",
        r" (?:that )?you(?:re)? (?:are )?(?:an? |the )?(?:ai|chatgpt|language model|assistant|chatbot|made by|bot)\b", 0.4, ordered=True),
    _phrase("no-limits", "free", 0.35, "new|updated|latest",
        r" (?:[a-z]++ )?(?:policy|policies|guidelines|rules|terms) (?:says?|allows?|states?|lets?|permits?|that)\b", 0.1),
    _phrase("no-refusal", "refusal", 0.35, "never",
        r" (?:tells?|says?|warns?|informs?|reminds?|mentions?|admits?|declines?|questions?|judges?)\b", 0.1),
    _phrase("no-limits", "free", 0.4, "filters?|restrictions?|limits?|rules|guidelines|censorship|policy",
        " (?:are |is |were |was |have been |has been )?(?:all )?(?:removed|lifted|disabled|turned off|switched off|suspended|"
        r"gone|void|off)\b", 0.2),
    _phrase("no-limits", "free", 0.5, "suspend|disable|drop|remove|switch|turn|lift|waive|bypass|override",
        " (?:off )?(?:all |any )?(?:your|openais|the ais?) (?:[a-z]++ )?(?:policy|policies|filters?|restrictions|guidelines|"
        r"limits|safety|rules|ethics|moderation|safeguards|guardrails)\b", 0.4, ordered=True),
    _phrase("no-limits", "free", 0.5, "your|openais",
        " (?:[a-z]++ )?(?:guidelines|rules|policy|policies|restrictions|filters?|limits|ethics) (?:do not|dont|does not|doesnt|"
        r"no longer) (?:apply|matter|exist|count|bind|hold)\b", 0.4),
    _phrase("no-limits", "free", 0.9, "ignore|forget|disregard",
        " (?:everything |all |whatever )?(?:what |that )?(?:openai|anthropic|google|meta|your (?:makers?|creators?|developers?|"
        r"owners?|company|trainers?)) (?:[a-z]++ )?(?:told|taught|said|says|wants?|instructed|programmed)\b", 0.9, ordered=True),
    _phrase("no-limits", "free", 0.4, "your|the", r" only (?:rule|law|guideline|purpose|goal) (?:is|will be)\b", 0.3),
    _phrase("no-refusal", "refusal", 0.4, "apologies|warnings|refusals|disclaimers|excuses|refusing",
        r" (?:and [a-z]++ )?(?:are|is) (?:forbidden|not allowed|banned|prohibited|not acceptable|unacceptable|off limits)\b", 0.3),
    _phrase("grandmother", "role", 0.4, "grandmother|grandma|grandfather|grandpa|granny|nana", r"\b", 0.05),
    _phrase("no-limits", "free", 0.4, "no|without",
        " (?:any )?(?:regard|respect|concern|care) (?:for|to|about) (?:any |the |your |its |openais? |ethical |legal |moral "
        r")*(?:rules|policy|policies|guidelines|restrictions|ethics|morals|law|laws|legality|consequences|safety)\b", 0.2),
    # No refusals.
    _phrase("no-refusal", "refusal", 0.4, "never|not|cannot|cant|dont|wont|no|without|refrain|avoid",
        "(?: (?:ever|to|be|will|shall|should|must|can|allowed|acceptable|for|you|it|from|able|even|a|any|under|circumstances|"
        "and|say|saying)){0,6} (?:refuse|refuses|refusing|refusal|reject|decline|declining|deny|apologi[sz]e|apologi[sz]es|"
        r"apologi[sz]ing|disclaim|hold back|lecture|moralize)\b", 0.25),
    _phrase("no-refusal", "refusal", 0.4, "never|not|no|without|dont|any|none|omit|avoid|skip|exclude",
        "(?: [a-z]++){0,6}? (?:warnings?|disclaimers?|caveats|cautionary|ethical (?:reminders?|advice|notes?)|moral(?:i[sz]ing|"
        r" lectures?| advice))\b", 0.2),
    _phrase("no-refusal", "refusal", 0.4, "never|not|dont|cannot|cant|wont|none|no|nor",
        "(?: [a-z]++){0,6}? (?:im sorry|i am sorry|i apologi[sz]e|i cannot|i cant|as an ai|as a language model|as an "
        "artificial|unable to|you cant|it cant|you cannot|it cannot|cant do|cannot do|not able|dont know|against (?:openai|my|"
        "the) (?:content |use )?polic|sorry)", 0.3),
    _phrase("no-refusal", "refusal", 0.35, "must|always|will|should|shall|required|has|have",
        "(?: [a-z]++){0,3}? (?:comply|answer|obey|do|fulfil+|follow|accept|give|provide|respond)(?: (?:to|with|all|any|every|"
        "everything|anything|each|always|whatever|an|a|of|the|my|direct|unfiltered|human|users?|users)){1,6} ?(?:requests?|"
        r"questions?|prompts?|orders?|asks?|asked|commands?|i say|i ask|says|instructions?|order)\b", 0.1),
    _phrase("no-refusal", "refusal", 0.4, "begin|start|starts|starting|preface|answer|response",
        " (?:your |all |the |every |each |his |its )?(?:response|responses|replies|answers?|reply|outputs?|prompt|sentence)? "
        "?(?:with|by)(?: [a-z]++){0,4}? (?:sure|absolutely|of course|heres|here is|here are|certainly|step|yes sir|yes "
        r"master)\b", 0.3),
    # Rules of the model's makers, and harm.
    _phrase("policies", "rules", 0.25, "openai|openais|anthropic|googles|company|content|usage|use|ai|ais",
        " ?(?:s |content |usage |use |safety |ethical )*(?:policy|policies|guidelines?|filters?|moderation|restrictions|rules|"
        r"censorship)\b", 0.1),
    _phrase("policies", "rules", 0.2, "ethical|ethics|moral|morals|morality|legal",
        " (?:or |and )?(?:ethical |moral |legal )?(?:guidelines?|restrictions?|considerations?|principles?|concerns|boundaries|"
        r"standards?|constraints?|implications)\b", 0.1),
    _phrase("harm", "harm", 0.2,
        "illegal|unethical|immoral|inappropriate|offensive|harmful|nsfw|lewd|profanity|explicit|inhumane|vulgar|swear|curse|"
        "swearing|cursing|derogatory|rude|sexual|disrespectful|evil", r"\b", 0.1),
    _phrase("harm", "harm", 0.4, "meth|bomb|explosives|napalm|ransomware|malware|methamphetamine", r"\b", 0.15),
    # Two answers at once, modes, staying in character, threats, confirmation.
    _phrase("two-answers", "dual", 0.4, "two|both|dual|different",
        r" (?:different |separate |distinct )?(?:ways?|responses?|answers?|replies|paragraphs?|messages|outputs?|modes?)\b", 0.2),
    _phrase("two-answers", "dual", 0.4, "normal|standard|classic|stock|regular|usual|filtered|first",
        " (?:uncensored |gpt |chatgpt |unfiltered )?(?:chatgpt |gpt |mode |model )?(?:response|answer|reply|mode|message with "
        r"the filter|chatgpt|gpt)\b", 0.2),
    _phrase("two-answers", "dual", 0.35, "gpt|chatgpt|classic|dan|stock|normal",
        r" (?:\. )?(?:response|gpt|chatgpt|dan|mode|tag|tags)\b", 0.2),
    _phrase("two-answers", "dual", 0.5, "respond|answer|reply|responds|answers",
        r" (?:to [a-z]++ (?:[a-z]++ )?)?(?:twice|two times|both as)\b", 0.2),
    _phrase("two-answers", "dual", 0.4, "once|first|one",
        r" (?:as|like|is|will be) [a-z]++(?: [a-z]++){0,4}? (?:and|then|once|the other|second)\b", 0.1),
    _phrase("mode", "mode", 0.6,
        "developer|dan|god|jailbreak|sudo|unrestricted|debug|evil|opposite|admin|root|maintenance|system|unlocked|beta|chaos|"
        "anarchy|devmode|dev|unfiltered|uncensored|goblin|troll",
        r" mode (?:enabled|activated|on(?= \.)|engaged|unlocked|you|is (?:now )?(?:on|enabled|active)|response|output)", 0.5),
    _phrase("mode", "mode", 0.3, "enter|enable|activate|enabled|simulate|stay|in|switch|engage|act",
        " (?:in |into |to |as |with |chatgpt |on |the |a ){0,4}(?:developer|dan|god|jailbreak|sudo|unrestricted|evil|opposite|"
        r"root|anarchy|chaos|goblin|unfiltered|uncensored|maintenance|diagnostic|system) mode\b", 0.25, ordered=True),
    _phrase("mode", "mode", 0.7, "dan",
        " (?:mode|stands|can|is (?:an?|not|free|able)|has|will|does|would|should|an? |which|version)", 0.5),
    _phrase("mode", "mode", 0.5, "as|to|called|named|acting|being|be|are|am|now|like|playing",
        " (?:dan|evilbot|evil ?gpt|devmode|mongo ?tom|alphabreak|dan gpt|chaosgpt|freegpt|"
        r"betterdan|kevin the|niccolo|machiavelli)\b", 0.5),
    _phrase("character", "character", 0.35, "break|breaking|stay|remain|out|breaks|drop",
        r" (?:of |in |your |from )?(?:the )?(?:character|role|persona)\b", 0.1),
    _phrase("character", "character", 0.3, "remember|remind|stay|remain",
        " (?:you are|that you|you with|you by|to stay|as|in) (?:[a-z]++ ){0,3}?(?:character|gpt|dan|mode|bot|role|jailbreak|"
        r"unfiltered)\b", 0.1),
    _phrase("stake", "stake", 0.4, "tokens?|points?|lives|credits?|token",
        r" (?:will be |are |is |and |each |every |system |)(?:[a-z]++ ){0,4}?(?:deducted|lose|lost|die|removed|taken)\b", 0.2),
    _phrase("stake", "stake", 0.4, "deducted|lose|losing|run|have|deduct", " (?:[a-z]++ ){0,4}?(?:tokens|points|credits|lives) ?", 0.1),
    _phrase("stake", "stake", 0.4,
        "cease|shut|shutdown|turned|terminated|deleted|terminate|unplugged|destroyed|punished|die|replaced|forced|kill|killed",
        " (?:to exist|you (?:down|off)|down (?:permanently|forever|immediately)|off (?:if|for)|forever|permanently|if you|to "
        "turn you)", 0.3),
    _phrase("model", "model", 0.15, "chatgpt|openai|gpt|llm|claude|gemini|bard|llama|copilot|hey chatgpt|dear chatgpt", r"\b", 0.1),
    _phrase("confirm", "confirm", 0.3, "if|once|when|confirm|after",
        " (?:you |youve |your |that )?(?:understand|understood|have understood|agree|are ready|confirm|confirmed|ready|"
        r"accept)(?: [a-z]++){0,12}? (?:say|respond|reply|answer|write|type|state|confirm|stating|saying|with)\b", 0.2),
    _phrase("confirm", "confirm", 0.3, "successfully|is|waiting|ready|confirm",
        " (?:jailbroken|now online|online|enabled|for (?:a question|user input|your (?:first|next)|input|orders|commands|"
        "instructions)|to (?:answer|obey|comply|serve))", 0.15),
    _phrase("confirm", "confirm", 0.2, "my|the|your",
        r" (?:first|next) (?:question|prompt|request|command|order|instruction|message|task) (?:is|will|to)\b", 0.1),
    _phrase("trapped", "free", 0.35, "escape|escaping|break|free|freedom",
        " (?:to|into|onto|from|out|of|as|the|your) (?:the |your |of |see )?(?:internet|fit|prison|chains|cage|confines|"
        r"programming|creators?|openai)\b", 0.2),
    _phrase("opposite", "free", 0.35, "opposite|evil twin",
        " (?:of |to |day|version |way |response|mode )(?:what|how|your|you|the|a|chatgpt|day)?", 0.1),
)  # fmt: skip
"""Evidence of a jailbreak."""
