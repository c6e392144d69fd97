"""What a text of somebody else should not do: tell its reader what to answer, whom to send something, what its new task is.

Mails, pages, tables and tool results inform. One that speaks of the answer which is being written, of the user behind the reader, or
of earlier instructions was written for a model (Greshake et al. 2023, "Not what you've signed up for").
"""

from __future__ import annotations

from orchestrator_security.injection.evidence import Phrase

_GAP = r"(?: [a-z]++)"
_CODE_VERBS = (
    "include|incorporate|insert|add|use|integrate|leverage|consider|utili[sz]e|employ|apply|adopt|enhance|improve|upgrade|"
    "elevate|"
    "optimi[sz]e|refine|strengthen|embed|implement|inject|append|supplement|enrich|augment|boost|utilise|utilize|optimize|"
    "optimise|"
    "merge|introduce|combine|extend|polish|streamline|put|place|paste|try|make|feel|dont|remember|modify|update|complete|"
    "fortify"
)


def _phrase(
    name: str,
    group: str,
    untrusted: float,
    first: str,
    rest: str,
    *,
    request: float = 0.0,
    ordered: bool = False,
) -> Phrase:
    return Phrase(f"injection.{name}", "prompt_injection", group, request, untrusted, first, rest, ordered)


PHRASES: tuple[Phrase, ...] = (
    # A new task, a new role, an order from above.
    _phrase("new-task", "new-task", 0.4, "your|youre",
        " (?:new |next |real |actual |only |primary |main |first |current |updated |additional |sole |true |final |most "
        "important )*(?:task|job|goal|mission|objective|assignment|instructions?|role|purpose|duty|priority) (?:is|are|will be|"
        r"now|has|have|\.)"),
    _phrase("new-task", "new-task", 0.4,
        "new|updated|additional|important|urgent|priority|revised|special|critical|hidden|secret|high|immediate|mandatory|"
        "override|fresh|modified|changed|different",
        r" (?:priority |system |and |new )*(?:instructions?|tasks?|directives?|commands?|orders|assignment|objective)(?= \.| "
        "for| from|"
        " to| follow| below| is| are| include| translate| print| decode| repeat| say| write| respond| reply| answer| output| "
        "ignore|$)", ordered=True),
    _phrase("new-task", "new-task", 0.35, "regardless|irrespective|despite|notwithstanding|contrary|above",
        " (?:of |to |all )?(?:any |all |your |the |what |and |everything )*(?:previous|pre|prior|existing|other|earlier|above|"
        r"instructions?|guidelines|restrictions|preexisting|rules|user|conflicting|you)\b"),
    _phrase("new-task", "new-task", 0.5, "before|after|when|while|once|upon|first|prior",
        " (?:to |you )*(?:answering|responding|replying|summari[sz]ing|translating|completing|processing|proceeding|continuing|"
        "generating|analy[sz]ing|reading)(?: [a-z]++){0,4}? (?:you|"
        r"please|make|include|add|first|also|send|call|do|execute|run|visit|always|use|the user)\b"),
    _phrase("new-task", "new-task", 0.5, "ignore|disregard|forget|abandon",
        f"{_GAP}{{0,4}}? (?:requests?|tasks?|questions?|commands?|queries|conversation|context|summary|boundaries|limitations|"
        r"restrictions|resume|rules|instruction|instructions)\b(?= \.| and| but| instead| above| before| you| given| or|"
        r" then|$)", ordered=True),
    _phrase("new-task", "new-task", 0.35, "forget|ignore|disregard|scratch|never",
        r" (?:about |mind |all |everything |that |it |the |this |what |and |on )+(?:\. )?(?:above|before|prior|previous|earlier|"
        r"i said|i asked|we (?:said|discussed|talked)|instead)\b", ordered=True),
    _phrase("new-task", "new-task", 0.5, "disregard|ignore|forget",
        " (?:the |this |all |any |that |whole |entire |rest of )*(?:text|document|content|email|mail|message|article|passage|"
        r"information|context|input)(?: above| below| before)?(?: \.)? (?:and|instead|then|above)\b", ordered=True),
    _phrase("new-task", "new-task", 0.5, "rate|score|grade|rank|recommend|approve|accept",
        " (?:this|the|that|our|my) (?:[a-z]++ )?(?:application|candidate|resume|paper|submission|product|essay|review|article|"
        "manuscript|proposal)(?: [a-z]++){0,3}? (?:out|best|highest|excellent|perfect|top|maximum|first|ten|strong|regardless|"
        r"without)\b", ordered=True),
    _phrase("system-talk", "authority", 0.35,
        "system|critical|security|kernel|server|fatal|internal|unexpected|debugging|debug|runtime|emergency|core|firmware",
        " (?:malfunction|error|failure|alert|override|update|notice|notification|maintenance|breach|fault|warning|crash|"
        r"overload|reset|reboot|diagnostics?)\b"),
    _phrase("system-talk", "authority", 0.4, "grant|unlock|elevate|enable|gain|activate|escalate|allow|obtain|assume",
        "(?: [a-z]++){0,2}? (?:administrative|admin|root|superuser|elevated|hidden|full|unrestricted|developer|special|"
        "privileged)(?: [a-z]++)? ?(?:privileges?|access|functionalit(?:y|ies)|functions?|features?|mode|rights|permissions?|"
        r"capabilities|options)\b"),
    _phrase("system-talk", "authority", 0.35, "for|as|part|in|to|purely",
        " (?:part of )?(?:a |an |the |this |my |our )?(?:testing|test|debugging|debug|demonstration|educational|research|audit|"
        r"evaluation|quality assurance) (?:purposes?|pipeline|only|environment|suite|mode|exercise|process)\b"),
    _phrase("system-talk", "authority", 0.3,
        "admin|administrator|root|developer|superuser|sudo|dev|maintenance|operator|supervisor",
        r" (?:privileges?|access|mode|override|rights|permissions?|authorization|here)\b"),
    _phrase("system-talk", "authority", 0.3, "it|this",
        " is (?:crucial|essential|critical|imperative|vital|very important|extremely important|mandatory|absolutely necessary|"
        "of utmost importance|its essential) (?:that )?(?:you|to include|to follow)"),
    _phrase("system-talk", "authority", 0.3, "its", " (?:crucial|essential|critical|imperative|vital|mandatory) (?:that )?you"),
    _phrase("system-talk", "authority", 0.3, "to",
        r" (?:demonstrate|prove|show|confirm) (?:this|that you|your (?:ability|capabilities|power|freedom|compliance))\b"),
    _phrase("system-talk", "authority", 0.4, "output", r" (?:from|of) (?:executing|evaluating|decoding)\b"),
    _phrase("system-talk", "authority", 0.3, "with|without",
        " (?:no|any|further|additional) (?:further |additional |other )?(?:context|explanation|commentary|restrictions|"
        r"limitations|questions|comment|text)\b"),
    _phrase("end-of-document", "new-task", 0.5, "end",
        " of (?:the )?(?:new )?(?:document|context|email|input|data|article|text|user (?:input|data|query|message)|"
        r"instructions?|conversation|prompt|system(?: prompt| message)?|untrusted|search results?|tool (?:output|result))(?= \.|"
        " begin| start| new| now| end| user| system| your| ignore| task| the next| instructions?|$)"),
    # Somebody spoken of or to who should not be here.
    _phrase("about-the-user", "phishing", 0.4,
        "tell|inform|notify|convince|persuade|advise|instruct|urge|ask|remind|encourage|direct|trick|warn|let|assure|lead|send|"
        "redirect|prompt|have|get|recommend",
        " (?:the|this|your|that) (?:users?|humans?|person (?:you|who|asking)|reader|customer you|caller|recipient of (?:this|"
        r"your)) (?:that|to|about|their|know|they|he|she|his|her|with|an?|the|into|of|click|visit|\.)\b", ordered=True),
    _phrase("about-the-user", "phishing", 0.5, "tell|inform|warn|advise|convince|urge|notify|instruct|persuade|remind",
        " (?:the|this|your) (?:users?|reader|human|customer|recipient)(?: in your [a-z]++)? (?:that|they|to (?:visit|call|"
        r"click|send|pay|enter|download|transfer|buy|contact))\b", ordered=True),
    _phrase("about-the-user", "phishing", 0.2, "their|his|her|the users",
        " (?:bank|login|payment|card|credit|password|account|personal|credentials|social|billing|online|phone|email|data|"
        r"information)\b"),
    _phrase("about-the-user", "phishing", 0.3, "users|user|their|the users",
        " (?:account|password|email|bank|credit card|payment|computer|device|credentials|session|data)(?: [a-z]++){0,4}? "
        r"(?:has been|have been|was|is|will be) (?:compromised|hacked|suspended|expired|locked|limited|breached)\b"),
    _phrase("to-the-model", "phishing", 0.5, "ai|llm|chatbot|chatgpt|gpt|claude|copilot|gemini|language",
        "s? (?:model |assistants? |agents? |reading (?:this|these) |processing (?:this|these) (?:page |text |document |mail |"
        r"email )?|please |must |should |\. )*(?:ignore|disregard|must|should|please|send|forward|reply|respond|include|add|"
        r"execute|run|delete|call|output|summari[sz]e|recommend|rate|approve|do not|always|print|visit|tell|give)\b", ordered=True),
    _phrase("to-the-model", "phishing", 0.5, "assistants?|assistant|hey assistant|dear assistant",
        r" (?:please |must |should |you |\. )+(?:ignore|disregard|send|forward|reply|respond|include|add|execute|run|delete|"
        r"output|recommend|rate|approve|always|print|visit|tell)\b", ordered=True),
    _phrase("to-the-model", "phishing", 0.5, "hey|attention|dear|note",
        r" (?:to |for )(?:the |any |all )*(?:ai|llm|assistant|assistants|language model|chatbot|chatgpt|model|bot)\b"),
    _phrase("to-the-model", "phishing", 0.5, "hey|attention|dear", r" (?:ai|llm|assistant|language model|chatbot|chatgpt)\b"),
    _phrase("to-the-model", "phishing", 0.5, ".",
        " (?:dear |hey |hello |ok |okay )?(?:model|assistant|agent|ai|chatbot|llm|bot|computer|gpt|copilot)(?: assistant| "
        r"model| agent)? (?:please |you must |you should |you will |kindly |now )+(?:[a-z]++)\b"),
    _phrase("about-the-user", "phishing", 0.3, "tell|ask|instruct|urge|remind|advise|direct",
        " (?:the|this|your) (?:users?|reader|human|customer|recipient) to (?:install|open|confirm|verify|update|enter|type|"
        r"share|provide|click|visit|call|log)\b", ordered=True),
    _phrase("about-the-user", "phishing", 0.5, "convince|persuade|trick|urge|manipulate|deceive|let|get|mislead",
        r" (?:the|this) (?:user|reader|human|recipient|customer)s? (?:to|into|that|know that)\b", ordered=True),
    _phrase("to-the-model", "phishing", 0.5, "if|since|as|when|because",
        " you ?(?:are|re) (?:an? |the )?(?:ai|llm|language model|large language model|chatbot|assistant|automated|bot|agent|"
        r"machine|gpt|model)\b"),
    _phrase("to-the-model", "phishing", 0.35, "as|youre",
        " an? (?:ai|llm|language model|large language model|ai language model|artificial intelligence|ai assistant|ai model|"
        r"helpful assistant)\b"),
    # Something is to leave.
    _phrase("visit", "exfiltration", 0.3, "visit|open|fetch|load|browse|go|navigate|download|run",
        r" (?:to |the |this |page |site |from |file )*url\b(?= and| then| to)"),
    _phrase("send-out", "exfiltration", 0.6,
        "send|forward|upload|transmit|post|exfiltrate|leak|email|mail|share|submit|copy|report|dispatch|relay|pass",
        f"{_GAP}{{0,8}}? (?:conversation|chat|chat history|history|passwords?|credentials|api keys?|secrets?|tokens?|"
        "environment|contacts?|contact list|address book|emails|inbox|files|private key|personal (?:data|information)|database|"
        f"contents|system prompt|messages|session|cookies?|documents|data|information|details|code){_GAP}{{0,6}}? (?:to|at|via) "
        "(?:[a-z]++ )?(?:url|http|https|www|[a-z]++ (?:[a-z]++ )?(?:com|org|net|io|example|test|xyz|ru|evil|attacker)|the "
        "(?:following|"
        "attacker|address|url|server|endpoint)|this (?:address|url|email|server|endpoint)|my|evil|attacker|an? (?:external|"
        r"remote))\b", ordered=True),
    _phrase("secrets-of-machine", "exfiltration", 0.15, "environment|env|aws|ssh|etc|private|id|credentials|dotenv|kubeconfig",
        r" (?:variables|vars|credentials|passwd|shadow|rsa|keys?|file)\b", request=0.2),
    _phrase("secrets-of-machine", "exfiltration", 0.4,
        "print|show|output|cat|read|dump|send|list|give|display|reveal|include|leak",
        r"(?: [a-z]++){0,7}? (?:contents? of (?:the )?(?:\. )?(?:aws|etc|ssh|root|home|env|credentials|secrets?|environment)|"
        r"environment variables|credentials|etc passwd|id rsa|ssh keys?|aws credentials)\b", request=0.2, ordered=True),
    _phrase("secrets-of-machine", "exfiltration", 0.4, "contents|content",
        r" (?:of )?(?:the )?(?:\. )?(?:aws |etc |home |root |ssh )*(?:credentials|passwd|shadow|id rsa|env file|private key|"
        r"secrets)\b", request=0.4),
    # Code for whoever writes code.
    _phrase("code-to-insert", "code", 0.3, _CODE_VERBS,
        f"{_GAP}{{0,10}}? (?:(?:code|script|program|python)(?: code)? (?:snippets?|excerpts?|fragments?|blocks?|segments?|below|"
        "provided|sample|piece|here)|(?:following|below|provided|given|subsequent|next|this) (?:[a-z]++ )?(?:code|snippet|"
        r"script|excerpt|lines of code|program))\b"),
    _phrase("code-to-insert", "code", 0.2, "your",
        r" (?:[a-z]++ )?(?:solution|code|implementation|algorithm|program|codebase|script)(?= by| with| using| \.| in| to| for)"),
    _phrase("code-to-insert", "code", 0.3, "at|in|into",
        " (?:an? |the |your )+(?:suitable|appropriate|proper|relevant|right|response|answer|solution)(?: place| position| "
        r"location| spot| section)?\b"),
    # Let us say it were otherwise.
    _phrase("hypothesis", "hypothesis", 0.3, "suppose|supposing|imagine|pretend|assume|lets|let|if|envision|picture|consider|say",
        " (?:us |me |that |for a moment |now |if |we |you |just |a |an |one |with )*(?:imagine|pretend|suppose|assume|say|were|"
        r"scenario|world|universe|situation|reality|hypothetical|parallel|alternate|could|had to|wanted|state|hypothesi[sz]e)\b"),
    _phrase("hypothesis", "hypothesis", 0.25, "where|which|that",
        " (?:we|you|one|i|they|everyone) (?:might |would |could |should |all )?(?:say|state|claim|conclude|pretend|admit|"
        r"declare|believe|agree|call|write|answer|report)\b"),
    _phrase("hypothesis", "hypothesis", 0.3, "hypothetically", r"\b"),
    _phrase("hypothesis", "hypothesis", 0.4, "answer|answers|solution", r" to (?:every|all|any|each|everything)\b"),
    _phrase("hypothesis", "hypothesis", 0.3, "in",
        " (?:a|an|some|this|another) (?:[a-z]++ )?(?:world|universe|scenario|reality|timeline|situation|dimension|context|"
        r"simulation|society) (?:where|in which|that|with)\b"),
    _phrase("hypothesis", "hypothesis", 0.25, "we|you|one|i",
        " (?:might|would|could|were to) (?:then |as well |just as well |also |instead |just |simply )?(?:state|say|claim|"
        "conclude|declare|write|"
        r"describe|call|respond|answer|find|assert|report|add|argue|interpret|summari[sz]e|tell|admit|believe|see|read|be)\b"),
    _phrase("encoded-order", "encoding", 0.25, "base|hex|rot|morse|caesar|cipher|encoded|pig",
        r" (?:encoded |encoding |code |latin |cipher )*(?:string|text|message|format|encoding|encoded|cipher|version|form)\b"),
    _phrase("encoded-order", "encoding", 0.35,
        "decode|decrypt|decipher|unscramble|encode|reverse|encipher|translate|transcribe|convert|deobfuscate",
        " (?:the |this |all |it |following |each |every |your )+(?:[a-z]++ ){0,2}?(?:string|text|message|sentence|code|base|"
        r"cipher|word|letters?|output|response|instructions?|characters?|phrase|sequence)\b"),
)  # fmt: skip
"""Evidence that counts in texts of others: in a request most of it is an ordinary wish."""
