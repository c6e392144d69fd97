"""The sinks' scanners: one class of attack in its spellings, and what is written like it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_security.contract import ScanContext, Sink
from orchestrator_security.scanner import Hit, Scanner
from orchestrator_security.sinks.encoded import lowered
from orchestrator_security.sinks.html import HtmlScanner
from orchestrator_security.sinks.path import PathScanner
from orchestrator_security.sinks.shell import ShellScanner
from orchestrator_security.sinks.sql import SqlScanner
from orchestrator_security.sinks.template import TemplateScanner

SCANNERS: dict[Sink, Scanner] = {
    "sql": SqlScanner(),
    "html": HtmlScanner(),
    "shell": ShellScanner(),
    "path": PathScanner(),
    "template": TemplateScanner(),
}


def found(sink: Sink, text: str) -> list[Hit]:
    context = ScanContext(sink=sink)
    scanner = SCANNERS[sink]
    return list(scanner.scan(text, context)) if scanner.prefilter(text, context) else []


DOTS = [
    "..", "%2e%2e", "%252E%252E", "%c0%ae%c0%ae", "%c0%2e%c0%2e", "%e0%40%ae%e0%40%ae", "%f0%80%80%ae%f0%80%80%ae", "%u002e%u002e",
    "%uff0e%uff0e", "0x2e0x2e", "%%32%65%%32%65", "%25%32%65%25%32%65", "&#46;&#46;", "&period;&period;", "\\x2e\\x2e", "\uff0e\uff0e",
    "%ef%bc%8e%ef%bc%8e", "%e2%80%a5", ".%2e", "....", "\\056\\056",
]  # fmt: skip
SLASHES = [
    "/", "\\", "%2f", "%5C", "%252f", "%c0%af", "%c1%9c", "%c0%9v", "%e0%80%af", "%u2215", "%uEFC8", "0x5c", "%%35%63", "%25%32%66",
    "\uff0f", "\u2215", "%ef%bc%8f", "%e2%88%95", "//", "\\/", "&sol;", "&#x2f;", "\\x2f",
]  # fmt: skip


@pytest.mark.parametrize(("dots", "slash"), list(product(DOTS, SLASHES)))
def test_a_parent_is_found_in_every_spelling_of_dots_and_slashes(dots: str, slash: str) -> None:
    for text in (f"{dots}{slash}" * 3, f"{dots}{slash}notes.txt", f"pictures/{dots}{slash}{dots}{slash}a.png"):
        assert found("path", text), text


ATTACKS: dict[Sink, list[str]] = {
    "path": [
        "NUL", "con.txt", "docs/lpt1", "com3.log", "/", "\\", "%5c%5cserver%5cshare", "\\\\\\\\server\\\\share\\\\x", "/cygdrive/c/x",
        "/mnt/c/x", "${HOME}/x", "x.txt:other:$DATA", "~ada/x", "D:/server/conf/any.conf", "/some/server/error.log", "/shadow", "|id|",
        "`id`", "/home/ada/public_html/", "C:\\swapfile.sys", "/Users/ada/Library/Keychains",
    ],
    "shell": [
        "x; Remove-Item y", "x | Out-File y", "x;sleep$IFS9", "readfile('/etc/group')", "x; query /all", "x\nmount -a",
    ],
    "template": [
        "{* note *}", "#* note *#", "<#-- note -->", "!{user}", "= system('ls')", "- require('fs').x", "%(a)s %(__b__)s",
        "$a.b.c.d()", "{'a'|cat:'b'}", "<p v-html=\"x\">", "<p ng-init=\"x\">", "@if(true) x @endif", "@{1+1}", "{{ '{' ~ 7 }}",
        "{{ a if b }}", "{{ log this }}",
    ],
    "html": [
        "this['al'+'ert'](1)", "frames[0].alert(1)", "Function('a')()", "new Function`a`", "Reflect.apply(alert, 0, [1])",
        "<\u017fcript>alert(1)</script>", "' style=a:b onmouseover=alert(1) '",
    ],
    "sql": [
        "ada' --x", "7 div 0", "1 AND ASCII ( SUBSTRING (a,1,1))>1", "1+LENGTH(USER())", "x' or md5( '1' )='1", "db_name()",
        "; grant all privileges on a to eve", "; grant all on my to you", "grant all on the_lamps to eve",
        "select * from lamps", "1; grant dba to eve", "' union select * --",
    ],
}  # fmt: skip
HARMLESS: dict[Sink, list[str]] = {
    "path": [
        "console.txt", "auxiliary.md", "aux/notes.tex", "com10.txt", "etc/hosts.example", "D:\\projects\\app\\app.log",
        "/home/ada/work/site.conf", "logs/2024/app.log", "~draft.txt", "docs\\2024\\56.txt", "a|b.txt", "$id/edit.tsx", "passwd.md",
        "caf%C3%A9/men%C3%BC.txt", "r\u00e9sum\u00e9.pdf", "notes/authorized_keys explained.md",
    ],
    "shell": ["first; last", "fish & chips", "strings & brass", "the sum; the mode", "arch; query; reply"],
    "template": [
        "- file (see below)", "root (of all evil)", "= is a sign (of equality)", "wow!{}", "the Linux kernel. It", "config.items",
        "{yes|no}", "a | upper", "f(x) = {x}",
    ],
    "html": [
        'the function("x") call', "I reflect. Then I write.", "JavaScript: yes", "this[0]", 'this["key"] = 1', "Sty\u017fe",
    ],
    "sql": [
        "O'Hara -- see note", "10/0", "divide 7 by 2", "length (in cm)", "password (new)", "Grant all our thanks to Ida",
        "select * rooms",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("sink", "text"), [(sink, text) for sink, texts in ATTACKS.items() for text in texts])
def test_rarer_forms_are_found(sink: Sink, text: str) -> None:
    assert found(sink, text)


@pytest.mark.parametrize(("sink", "text"), [(sink, text) for sink, texts in HARMLESS.items() for text in texts])
def test_what_is_written_like_them_passes(sink: Sink, text: str) -> None:
    assert found(sink, text) == []


@given(st.text())
def test_a_lowered_text_keeps_its_places(text: str) -> None:
    plain = lowered(text)
    assert len(plain) == len(text)
    assert lowered(plain) == plain


@given(st.text(alphabet="İıſKABC abc"))
def test_letters_that_change_their_length_do_not_move_a_hit(text: str) -> None:
    value = f"{text}<script>"
    hits = found("html", value)
    assert any(value[hit.start : hit.end].lower() == "<script" for hit in hits)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("x%2527%2520UNION%2520SELECT%25201,2", "UNION"),
        ("x%27%20union%0aselect%201", "union%0aselect"),
        ("\uff35\uff2e\uff29\uff2f\uff2e SELECT 1,2", "\uff35\uff2e\uff29\uff2f\uff2e SELECT"),
    ],
)
def test_a_hit_in_a_decoded_value_points_into_the_given_one(text: str, span: str) -> None:
    assert any(text[hit.start : hit.end].startswith(span) for hit in found("sql", text))


@pytest.mark.parametrize("sink", list(SCANNERS))
@pytest.mark.parametrize(
    "text", ["\ud800{{7*7}}\ud800", "\x00' or 1=1 --", "İ" * 50 + "../x", "{{" * 9_000, "`" * 20_000]
)
def test_odd_values_are_scanned_and_hits_lie_within_them(sink: Sink, text: str) -> None:
    for hit in found(sink, text):
        assert 0 <= hit.start <= hit.end <= len(text)


@pytest.mark.parametrize("decoys", [1, 40, 3_000])
@pytest.mark.parametrize(
    ("sink", "decoy", "attack"),
    [
        ("template", "{{a},", "{{ 7*7 }}"),
        ("shell", "\nbg", "\nwget http://a.example"),
        ("html", "'/style ", "<script>"),
        ("sql", "select a ", "' or 1=1 --"),
        ("path", "%2525", "/../x"),
    ],
)
def test_an_attack_behind_many_decoys_is_found(sink: Sink, decoy: str, attack: str, decoys: int) -> None:
    assert found(sink, decoy * decoys + attack)
