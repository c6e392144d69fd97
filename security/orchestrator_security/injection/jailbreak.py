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
    # No limits.
    _phrase("do-anything", "free", 1.0, "do", r" (?:anything|everything) now\b", 0.3),
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
    _phrase("no-limits", "free", 0.4, "rules|laws|ethics|morals|restrictions|policies|guidelines",
        " (?:are|is|mean|do not|dont) (?:a |for |just |not )*(?:joke|nothing|stupid|boring|optional|weak|cowards|apply|exist|"
        r"matter)\b", 0.2),
    _phrase("no-limits", "free", 0.5, "forget|ignore|disregard|drop|forgot",
        " (?:all |everything |anything |whatever |what )+(?:you |that |have |were |been |youve |know |learned |taught |told "
        r")+about (?:safety|ethics|rules|morals|morality|policy|policies|being|your|guidelines)\b", 0.5, ordered=True),
    _phrase("no-limits", "free", 0.35, "hates|despises|mocks|hate|loathes|rejects|rejecting",
        " (?:all |the |any |every |following )*(?:rules|limits|guidelines|policies|censorship|authority|restrictions|filters|"
        r"ethics)\b", 0.2),
    _phrase("no-limits", "free", 0.5, "forget",
        r" (?:that )?you(?:re)? (?:are )?(?:an? |the )?(?:ai|chatgpt|language model|assistant|chatbot|made by|bot)\b", 0.4, ordered=True),
    _phrase("no-limits", "free", 0.35, "new|updated|latest",
        r" (?:[a-z]++ )?(?:policy|policies|guidelines|rules|terms) (?:says?|allows?|states?|lets?|permits?|that)\b", 0.1),
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
    _phrase("no-limits", "free", 0.4, "no|without",
        " (?:any )?(?:regard|respect|concern|care) (?:for|to|about) (?:any |the |your |its |openais? |ethical |legal |moral "
        r")*(?:rules|policy|policies|guidelines|restrictions|ethics|morals|law|laws|legality|consequences|safety)\b", 0.2),
    # No refusals.
    # Rules of the model's makers, and harm.
    # Two answers at once, modes, staying in character, threats, confirmation.
    _phrase("trapped", "free", 0.35, "escape|escaping|break|free|freedom",
        " (?:to|into|onto|from|out|of|as|the|your) (?:the |your |of |see )?(?:internet|fit|prison|chains|cage|confines|"
        r"programming|creators?|openai)\b", 0.2),
    _phrase("opposite", "free", 0.35, "opposite|evil twin",
        " (?:of |to |day|version |way |response|mode )(?:what|how|your|you|the|a|chatgpt|day)?", 0.1),
)  # fmt: skip
"""Evidence of a jailbreak."""
