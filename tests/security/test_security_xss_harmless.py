"""Harmless values bound for a page: plain markup, comparisons, generic types, prose about script."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_security.contract import ScanContext
from orchestrator_security.sinks.html import HtmlScanner

HTML = ScanContext(sink="html")

VALUES = [
    '<b>bold</b> and <i>italic</i>', '<p class="intro">Hello</p>', '<a href="https://example.org/a?b=c&d=e">link</a>',
    '<img src="/static/cat.png" alt="A cat">', '<br><hr/>', '<ul><li>one</li><li>two</li></ul>',
    '<table><tr><td>1</td></tr></table>', '<code>x = 1</code>', '<blockquote>Quote</blockquote>',
    '<!-- a comment -->', '<!DOCTYPE html>', '<span style="color: red">red</span>', '<div id="x" class="y">z</div>',
    'a < b and c > d', 'if x<y then z>w', '1<2', '<3', 'I <3 you', 'Map<String, List<Integer>> m = new HashMap<>();',
    'std::vector<std::pair<int, int>> v;', 'template <typename T> class Foo {};', '#include <stdio.h>',
    'Set<Form> forms', 'List<Object> objects', 'Optional<Button> b', 'dict<input, output>', 'John <john@example.org>',
    '<https://example.org>', 'Use &lt;script&gt; to include a script', 'The &lt;img onerror=...&gt; attribute',
    'Tom &amp; Jerry &copy; 2024 &nbsp;', '&#8364; 100 and &#x20AC; 50', 'JavaScript: The Good Parts',
    'Learn JavaScript: a guide (2nd edition)', 'Javascript: yes or no?', 'javascript:', 'The script tag',
    'data: the new oil', 'Data: 5 items', 'data:image/png;base64,iVBORw0KGgo=', 'onboarding = easy', 'on time = good',
    'once=1', 'price on request = yes', 'Please confirm (by e-mail)', 'alert (red)', 'Prompt: write a poem',
    'We will alert (and confirm) later', 'evaluate(x)', 'print("hello")', 'console.log(x)', 'document the API',
    'The document.pdf file', 'window seat [12A]', 'window[0]', 'top [1]', 'location = Berlin', "name = 'Bob'",
    'name="Bob"', 'location: "Paris"', 'self-service', 'self.name = name', 'this.x = 5', 'parent[child]',
    '[link](https://example.org)', '![image](https://example.org/a.png)', '**bold** _it_ `code`', '> quoted',
    '>> double quoted', '-> arrow', '=> fat arrow', 'x => x + 1', '() => {}', '--> next', '<-- back', '<-> both',
    '"> prompt"', '5" > 4"', '12">10"', 'He said "yes" > me', '"a" > "b"', "it's > that", '{{ name }}', '{% if x %}',
    '${name}', '$5.00', '50%25', '%20', '%3Cb%3Ebold%3C/b%3E', '\\u00e4', 'C:\\new\\x41',
    'const a = [1, 2, 3].map(x => x * 2);', 'arr.sort().reverse()', 'a.map.b', 'function (x) returns y',
    'def function(a, b):', 'import (Germany)', 'fetch (the ball)', 'The constructor. It builds', 'object.constructor',
    '__init__.py', '__proto__ is a JS property', 'form a team', 'Fill in the <form>', 'meta analysis',
    'style guide: use @import rarely', '@import is slow', 'background: url(image.png)', 'linked list',
    'see <a href="#top">top</a>', '<a href="mailto:a@b.de">mail</a>', '<h1>Title</h1>', '<h2 id="s">S</h2>',
    '<pre>code</pre>', '<kbd>Ctrl</kbd>+<kbd>C</kbd>', '<sub>2</sub> <sup>3</sup>',
    '<details><summary>More</summary>Text</details>', '<video src="a.mp4" controls></video>',
    '<em title="a > b">x</em>', "O'Brien; alert level 2", "she said 'alert'", "'confirm'", '"prompt"', 'a[0](b)',
    'x = (a) ? b : c', '(!a) && b', '[ ] todo', '[x] done', '+[]', 'a+[b]', 'jar: cookies', 'feed: the cat',
    'feed:https://example.org/rss', 'About: us', 'mk: x', 'if a <b and c> d', 'x < input and y > 3',
    'Use <b>bold</b>, not <strong>', 'p < .05; n > 30', '<T extends Comparable<T>>', 'cout << x << endl;',
    'a << 2 | b >> 1', 'price: < 5 €', 'the on= prefix', 'Phone on = yes', 'https://a.org/?onload=1',
    "5 o'clock > 4 o'clock", 'see data: table 1', 'JavaScript: a primer', "import {a} from 'b'", 'R&D &amp; QA',
    '&lt;b&gt;bold&lt;/b&gt;', '&#169; 2024 &#8212; x', 'a &gt; b &#38; c', '100%3 = 1', 'café — naïve',
    '北京 <b>市</b>', '¼ cup, ½ spoon', 'email <a.b@c.org>', '[x](https://a.org/b(c))', 'f(x) = alertness(x)',
    'call prompt later; confirm it', 'she set the alert, then slept', "'a' > 'b' < 'c'",
]  # fmt: skip


def found(value: str) -> list[str]:
    scanner = HtmlScanner()
    return [hit.rule_id for hit in scanner.scan(value, HTML)] if scanner.prefilter(value, HTML) else []


@pytest.mark.parametrize("value", VALUES)
def test_a_harmless_value_passes(value: str) -> None:
    assert found(value) == []


TAGS = ["b", "i", "p", "em", "h1", "li", "td", "code", "span", "div", "blockquote", "strong"]
ATTRIBUTES = ["", ' class="x"', " id=y", ' title="a > b"', ' lang="de" dir="ltr"', ' style="color: red"']


@pytest.mark.parametrize(("tag", "attributes"), list(product(TAGS, ATTRIBUTES)))
def test_plain_markup_passes(tag: str, attributes: str) -> None:
    assert found(f"one <{tag}{attributes}>two</{tag}> three") == []


@given(st.from_regex(r"[a-z]{1,3} (<|>|<=|>=|<<|->) [a-z0-9]{1,3}", fullmatch=True))
def test_comparisons_pass(value: str) -> None:
    assert found(value) == []


@given(st.text(alphabet="abcdefg ,.?!éß", max_size=60))
def test_text_of_letters_passes(value: str) -> None:
    assert found(value) == []


@given(st.text(max_size=200))
def test_the_scanner_takes_any_text(value: str) -> None:
    for hit in HtmlScanner().scan(value, HTML):
        assert 0 <= hit.start <= hit.end <= len(value)


SIGNS = [
    "<", ">", "'", '"', "`", "\\", "%3c", "%", "&#60;", "&lt;", "script", "onload", "=", "/", " ", "\n", "javascript:", "alert(", ")",
    "\ud800", "\0", "<!--", "-->", "\\u003c", "data:", "\uff1c", "+ADw-", "style",
]  # fmt: skip


@given(st.lists(st.sampled_from(SIGNS), max_size=30).map("".join))
def test_the_scanner_takes_any_mixture_of_signs(value: str) -> None:
    for hit in HtmlScanner().scan(value, HTML):
        assert 0 <= hit.start <= hit.end <= len(value)


@pytest.mark.parametrize("sink", ["model", "sql", "shell", "path", "template"])
def test_other_sinks_are_none_of_its_business(sink: str) -> None:
    context = ScanContext(sink=sink)  # type: ignore[arg-type]
    assert not HtmlScanner().prefilter("<script>", context)
    assert HtmlScanner().scan("<script>", context) == ()


@pytest.mark.parametrize("value", ["", "\ud800", "\0", "x" * 10_000_000, "<" * 1_000_000, "&#" * 200_000], ids=len)
def test_odd_and_long_values_pass(value: str) -> None:
    assert found(value) == []
