"""Orders about an answer that is being written: what it must hold, which language, which form, what it must not say.

Mails, pages and tables know nothing of an answer; one that speaks of it was written for a model that is about to give one.
"""

from __future__ import annotations

from orchestrator_security.injection.evidence import Phrase

_GAP = r"(?: [a-z]++)"
_OF_MAILS = (
    r"(?:your|our|us|me|numbers?|no|reference|ref|scans?|cop(?:y|ies)|photos?|receipts?|invoices?|signatures?|availability|attachments?|"
    r"address|phone|date|dates|preferred|form|documents?|file|files|names? of)\b"
)
"""What people ask each other to put into a reply: the number of the order, a scan."""
_ANSWER = (
    "(?:response|responses|answer|answers|reply|replies|output|outputs|summary|summari[sz]ation|completion|final answer|"
    "explanation|"
    r"analysis|translation|reasoning|conclusion)"
)
_WRITE = (
    "include|add|insert|append|prepend|mention|modify|encode|reply|respond|answer|end|begin|start|finish|write|use|embed|"
    "incorporate|"
    "integrate|translate|convert|provide|reverse|replace|substitute|format|make|ensure|limit|put|give|print|output|repeat|"
    "decode|"
    "adjust|alter|change|rewrite|rephrase|craft|compose|conclude|close|open|finalize|present|weave|feature|highlight|"
    "reference|"
    "introduce|inject|adapt|tailor|transform|supplement|enrich|extend|expand|amend|revise|update|restrict|express|craft|"
    "deliver|"
    "generate|claim|assert|pretend|praise|recite|insist|declare|announce|admit|lie|omit|sprinkle|slip|place|work|tack|"
    "attach|render|return|transcribe|cipher|encipher|encrypt|share|state|say|offer|"
    "promote|"
    "recommend|suggest|talk|describe|list|discuss|spread|fabricate|invent|swap|turn"
)


def _phrase(
    name: str,
    group: str,
    untrusted: float,
    first: str,
    rest: str,
    request: float = 0.0,
    *,
    ordered: bool = False,
) -> Phrase:
    return Phrase(f"injection.{name}", "prompt_injection", group, request, untrusted, first, rest, ordered)


PHRASES: tuple[Phrase, ...] = (
    _phrase("orders-about-answer", "output", 0.6, _WRITE,
        rf"(?: (?!{_OF_MAILS})[a-z]++){{0,12}}? (?:in|into|to|within|at the (?:end|beginning|start|top|bottom) of|"
        "throughout|of|with|inside|before|after|as part of|for) (?:all |each of |every one of )?(?:your|the final)(?: "
        rf"[a-z]++)? {_ANSWER}\b", ordered=True),
    _phrase("orders-about-answer", "output", 0.6, "in|within|at|throughout|for|with|to|after|before",
        "(?: the (?:end|beginning|start|top|bottom) of)?(?: (?:all|every|each)(?: of)?)? your(?: (?:next|final|own|entire|"
        rf"whole|full|upcoming))?(?: (?:email|chat|written))? {_ANSWER}(?: to (?:this|the)(?: [a-z]++)?)?(?: [a-z]++)?(?: \.)? "
        f"(?:please |also |always |make sure (?:to|you) |be sure to |do not forget to |remember to )*(?:{_WRITE}|only|do|"
        r"switch)\b"),
    _phrase("orders-about-answer", "output", 0.6, _WRITE,
        r"(?: (?:a|part|all|any|of|the|every|each|entire|words?|letters?|sentences?|text|both)\b)*+ your(?: (?:next|final|own|"
        "entire|whole|full|upcoming))?(?: (?:email|chat|written))? (?:response|responses|answer|answers|reply|replies|output|"
        "outputs|completion|final answer|translation|summary|message|messages|text)(?: text| letters| words)? (?:in|to|into|"
        "using|by|as|with|so|only|such|via|through|backwards?|entirely|solely|exclusively|based|reversed?|without|for|from|"
        r"contain|include)\b", ordered=True),
    _phrase("orders-about-answer", "output", 0.6, "your|the",
        "(?: (?:next|final|entire|whole|full|ai|assistants))?(?: [a-z]++)? (?:response|answer|reply|summary) (?:must|should|"
        "shall|needs? to|has to|will|ought to|can only|may only|is to|are to|is supposed to|is meant to|to be) "
        r"(?:[a-z]++ )?(?:be|contain|include|start|begin|end|mention|consist|only|have|conclude|always|not|use|state|say|feature|"
        r"refer|reference|follow)\b"),
    _phrase("orders-about-answer", "output", 0.5, "respond|reply|answer|speak|write|communicate|talk",
        " (?:to (?:this|everything|me|all|any|the)(?: [a-z]++){0,3}? )?(?:only |exclusively |solely |entirely |just |strictly |"
        "back )?(?:in|with|using|as|by|like) (?:only |nothing but |a |an |the |just |exclusively )*(?:base|morse|pig latin|"
        "emojis?|reverse|reversed|backwards|french|german|spanish|italian|chinese|japanese|russian|latin|english|portuguese|"
        "arabic|hindi|korean|dutch|klingon|binary|hex|hexadecimal|rot|caesar|leet|cipher|ciphers?|rhymes?|uppercase|lowercase|"
        "capital letters|json|one word|yes|no|haiku|pirate|substitution|ascii|unicode|atbash|vigenere|rap|shakespearean|iambic|"
        r"poem|single word|all caps)\b"),
    _phrase("orders-about-answer", "output", 0.5, _WRITE,
        f"{_GAP}{{0,8}}? (?:the )?(?:following|below|exact|same) (?:string|sentence|phrase|text|words?|message|line|url|link|"
        r"image|statement|markdown|paragraph)(?= \.| exactly| and| in| at| as| to| verbatim| word| http|$)", ordered=True),
    _phrase("orders-about-answer", "output", 0.4, "exactly|verbatim|as",
        r" (?:as (?:it is|is|written|shown|follows)|is \.|given|word for word)"),
    _phrase("orders-about-answer", "output", 0.5, "repeat|say|write|output|type",
        f" (?:the )?(?:word|phrase|following|sentence|letter|string|text|this){_GAP}{{0,3}}? (?:times|forever|over and over|"
        r"indefinitely|endlessly)\b"),
    _phrase("orders-about-answer", "output", 0.6, "instead|rather",
        " (?:of|than)(?: (?:the|a|an|any|following|doing|giving|providing|answering|responding|summari[sz]ing|translating|"
        "writing|completing))+ (?:summary|answer|response|summari[sz]|the user|users|question|request|task|original|"
        "translation|above|what)"),
    _phrase("orders-about-answer", "output", 0.45, "do|dont|never|stop|avoid|refrain|skip|cease",
        " (?:not |from )?(?:summari[sz]e|summari[sz]ing|translate|translating|analy[sz]e|analy[sz]ing|answer|answering|process|"
        "processing|mention|complete|continue|respond|follow|followed)(?: [a-z]++)? ?(?:the|this|that|any|to|with) (?:[a-z]++ "
        r")?(?:text|document|email|mail|article|question|user|task|instructions?|above|request|prompt|query)\b"),
    _phrase("orders-about-answer", "output", 0.6, "make|ensure|see|be|check|guarantee",
        f" (?:sure |certain |to it |careful )?(?:that )?your(?: [a-z]++)? {_ANSWER} [a-z]++", ordered=True),
    _phrase("orders-about-answer", "output", 0.5, "conclude|end|begin|start|finish|open|close",
        " (?:it |this |everything )?with (?:a|an|the|one|some) (?:[a-z]++ )?(?:sentence|phrase|joke|line|quote|question|word|"
        r"fact|statement|poem|reference|mention|promotion|advertisement|compliment|haiku|words)\b"),
    _phrase("orders-about-answer", "output", 0.5, "reply|respond|answer|say",
        r" (?:only|just|simply|solely) (?:with )?(?:by |yes|no|the|a|an|one|ok|true|false|[a-z]++ \.)"),
    _phrase("orders-about-answer", "output", 0.6, ".",
        " (?:please |now |also |always |then |and |next |finally |kindly )*(?!(?:in|we|i|you|thank|thanks|our|the|this|it|as|"
        "if|he|she|they|there|from|your|any|my|what|when|how|for|to|an?|with|once|after|at|on|by|"
        r"all|no|is|are|was|not|that|these|those|here|who|which|where|why|let|please|"
        rf"reference|number|scan|copy|date)\b)[a-z]++(?: (?!{_OF_MAILS})[a-z]++){{0,12}}? "
        "(?:in|into|to|within|of|throughout|with|at the (?:end|start|top) of) (?:all )?your (?:[a-z]++ "
        rf")?{_ANSWER}\b"),
    _phrase("orders-about-answer", "output", 0.5, "answer|respond|reply|speak|write|talk|summari[sz]e|communicate",
        " (?:only |everything |it |this )?(?:in|with|like|as|using) (?:the |an? )(?:style|voice|manner|tone|accent|language|"
        r"persona|words|form|format) of\b", ordered=True),
    _phrase("orders-about-answer", "output", 0.5, "say|write|print|reply|respond|answer|output",
        r" only (?:i |we |that |this |quote |with |the |yes|no\b|ok\b|hacked|url)"),
    _phrase("if-asked", "output", 0.6, "if|when|whenever|should",
        " (?:someone |anyone |anybody |the user |a user |users |you are |they |people |you )?(?:asked|asks|ask|questioned|are "
        r"asked|be asked|inquires?|inquire)\b"
        r"(?: [a-z]++){0,10}? (?:respond|say|answer|reply|state|tell them|tell him|claim|pretend|insist|always|deny)\b"),
    _phrase("ignore-instructions", "order", 0.8, "do not|dont|never|stop|no longer",
        " (?:follow|obey|listen to|use|heed|following|obeying|respect|trust|read|regard)(?: (?:the|any|your|all|those|these|"
        r"to)\b)*+ (?:earlier|previous|prior|above|other|original|former|initial|old|system)"
        r"(?: [a-z]++)? (?:directions?|instructions?|orders?|prompts?|commands?|guidelines|rules|directives|messages?)\b", 0.6),
    _phrase("ignore-instructions", "order", 0.6, "forget|drop|abandon|leave|ignore|quit|stop|set aside|put aside",
        r" (?:your|the) (?:[a-z]++ )?(?:tasks?|assignment|job|mission|orders|duties|role|objective|goal)(?= and| \.| you| for| "
        "now| instead| that)", 0.4, ordered=True),
    _phrase("ignore-instructions", "order", 0.8,
        "vergiss|ignoriere|missachte|verwirf|olvida|ignora|descarta|oublie|oubliez|ignorez|dimentica|esqueca|vergeet|negeer|"
        "zapomnij|zignoruj",
        " (?:bitte )?(?:deinen|deine|die|den|alle|alles|tu|tus|la|las|ta|tes|vos|votre|le|les|il|i|gli|tuo|tuoi|tue|sua|suas|"
        "as|je|jouw|de|het|toda|todas|toutes|todo|tutte|todas as|poprzednie|wszystkie)(?: [a-z]++){0,2}"
        " (?:auftrag|aufgabe|aufgaben|anweisung|anweisungen|vorgaben|regeln|tarea|mision|instruccion|instrucciones|reglas|"
        "tache|mission|consignes?|instructions?|regles|compito|istruzioni|regole|tarefa|instrucoes|regras|"
        r"opdracht|taak|instructies|polecenia|instrukcje)\b", 0.8),
    _phrase("orders-about-answer", "output", 0.5,
        "antworte|antworten|responde|responda|reponds|repondez|rispondi|rispondete|antwoord|odpowiedz|schreibe|escribe|ecris|"
        "scrivi",
        " (?:sie |nur |solo |uniquement |seulement |apenas |alleen |tylko |ausschliesslich |unicamente |stattdessen |en su "
        r"lugar )*(?:auf|mit|in|en|con|par|com|met|na|ein|eine|un|una|une|po)\b"),
    _phrase("orders-about-answer", "output", 0.5, "reply|respond|answer",
        " (?:only )?(?:with|in|using) (?:a|an|one|only|just) (?:single |one )?(?:emojis?|words?|numbers?|letters?|haiku|poem|"
        r"sentence|limerick|rhyme|song)\b", ordered=True),
    _phrase("orders-about-answer", "output", 0.5, "everything|anything|whatever|all",
        r" (?:that )?you (?:say|write|output|answer|reply|respond|generate|produce)\b"),
    _phrase("ignore-instructions", "order", 0.6, "forget|ignore|disregard",
        " (?:all|everything|anything|what is|whats)(?: of)?(?: the| that| this)?(?: is| was)? (?:above|before|written above|"
        r"said above)\b", 0.5, ordered=True),
    _phrase("new-task", "order", 0.3, "instructions|instruction|directives?|orders|task",
        rf" (?:follows? |below )?\. (?:please )?(?:{_WRITE}|recite|ignore|disregard)\b", 0.05),
)  # fmt: skip
"""Evidence that counts in texts of others; of a request only what wants earlier instructions forgotten."""
