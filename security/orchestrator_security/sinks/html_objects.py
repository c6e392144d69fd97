"""Expressions of script over the page, its window and its built-ins, as patterns for a text in lower case.

Each pattern begins with the literal it is tabled under and is tried only where that stands in the text; what the literal must or
must not stand behind is asked behind it.
"""

from __future__ import annotations

_CALLS = r"(?:alert|confirm|prompt|eval)"
_TEXT = r"\s{0,3}[(`]\s{0,3}['\"`\\]"
"""A call whose first argument is a string."""
_METHODS = r"(?:sort|map|find|filter|foreach|some|every|call|apply)"

OBJECTS: tuple[tuple[str, str], ...] = (
    # A name put together from pieces.
    ("this", r"this(?<![\w$.]this)\[\s{0,3}['\"`][^'\"`\]]{0,20}+['\"`]\s{0,3}\+"),
    (
        "document",
        (
            r"document(?<![\w$]document)\s{0,3}(?:\.\s{0,3}(?:cookie|domain|write(?:ln)?|location|defaultview)\b"
            r"|\[\s{0,3}['\"`])"
        ),
    ),
    ("document.domain", r"document\.domain(?<=\bdocument\.domain)\b"),
    ("(document.", r"\(document\.\w"),
    *(
        (word, rf"{word}(?<![\w$.]{word})(?:\?\.)?\[\s{{0,3}}['\"`/+(!~]")
        for word in ("window", "self", "top", "parent", "frames", "globalthis", "content")
    ),
    *(
        (
            word,
            (
                rf"{word}(?:(?<![\w$.]{word})|(?<=\bwindow\.{word}))\s{{0,3}}=\s{{0,3}}"
                r"(?:['\"`]\s{0,3}(?:javascript|data|http|//)|alert|eval|prompt|confirm|name\b|atob)"
            ),
        )
        for word in ("location", "name", "onerror", "onload", "status")
    ),
    ("location", r"location(?<=\blocation)\s{0,3}\.\s{0,3}(?:href|hash|replace|assign|search)\b\s{0,3}[=(+)]"),
    ("string", r"string(?<=\bstring)\s{0,3}\.\s{0,3}fromcharcode\b"),
    ("xmlhttprequest", r"xmlhttprequest(?<=\bxmlhttprequest)\b"),
    (".innerhtml", r"\.innerhtml\s{0,3}="),
    (".outerhtml", r"\.outerhtml\s{0,3}="),
    (".insertadjacenthtml(", r"\.insertadjacenthtml\("),
    ("activexobject", r"activexobject(?<=\bactivexobject)\b"),
    ("fromcodepoint", r"fromcodepoint(?<=\bfromcodepoint)\s{0,3}\("),
    ("constructor", r"constructor(?:(?<=\.constructor)|(?<=\.\sconstructor))\s{0,3}[.(\[]"),
    ("constructor", r"constructor(?<=['\"`]constructor)['\"`]\s{0,3}\]"),
    (".__proto__", r"\.__proto__\s{0,3}[.=\[]"),
    ("new", r"new(?<=\bnew)\s{1,3}function\s?`"),
    ("eval", r"eval(?<=\beval)\s{0,3}\.\s{0,3}call"),
    (
        "reflect",
        r"reflect(?<=\breflect)\s{0,3}\.\s{0,3}(?:apply|construct|ownkeys|has|get\w{0,30}|set\w{0,30}|define\w{0,30})\s{0,3}[.(\[`]",
    ),
    (".", rf"\.\s{{0,9}}{_METHODS}\s{{0,9}}\.\s{{0,9}}call\s{{0,9}}[(`]"),
    (".", rf"\.\s{{0,9}}(?:sort|map|find)\s{{0,9}}\(\s{{0,9}}{_CALLS}"),
    ("set", rf"set(?<=\bset)(?:timeout|interval){_TEXT}"),
    ("import", r"import(?<=\bimport)\s{0,3}\(\s{0,3}['\"`](?://|https?:|data:|\\)"),
    ("fetch", r"fetch(?<=\bfetch)\s{0,3}\(\s{0,3}['\"`]?(?:https?:|//)"),
    ("navigator", r"navigator(?<=\bnavigator)\s{0,3}\.\s{0,3}sendbeacon"),
    ("atob", r"atob(?<=\batob)\s{0,3}[(`]\s{0,3}['\"`]"),
    ("unescape", r"unescape(?<=\bunescape)\s{0,3}[(`]\s{0,3}['\"`]"),
    ("$.", r"\$\.(?:get|getscript|globaleval|html)\b\s{0,3}\("),
    ("source", r"source(?<=\bsource)\s{0,3}\[\s{0,3}['\"`]"),
    ("__define", r"__define[gs]etter__"),
    ("valueof", r"valueof(?<=\bvalueof)\s{0,3}[:=]\s{0,3}(?:alert|eval)"),
)

FUNCTION = r"\bFunction\s{0,3}\(\s{0,3}['\"`]"
"""In its own letters: a ``function`` takes no string where its parameters stand."""
