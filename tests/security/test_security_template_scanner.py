"""Template injection: families of attacks on a template's data, and texts with braces that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_security.contract import ScanContext, Sink
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.template import TemplateScanner

TEMPLATE = ScanContext(sink="template", trust="untrusted")


def found(text: str, context: ScanContext = TEMPLATE) -> list[Hit]:
    scanner = TemplateScanner()
    return list(scanner.scan(text, context)) if scanner.prefilter(text, context) else []


ATTACKS = {
    "probes": ["{{6*7}}", "${6*7}", "#{6*7}", "*{6*7}", "@(6*7)", "<%= 6*7 %>", "${{6*7}}", "{{{6*7}}}", "{6*7}",
        "{{=6*7}}", "[=6*7]", "[[6*7]]", "~{6*7}", "{{'6'*7}}", "a{{1+1}}b", "{{ 6 * 7 }}", "{{6-1}}",
        "#set($x=6*7)$x", "{%6*7%}", "${{<%[%'\"}}%\\.", "%{6*7}", "{# x #}"],
    "jinja": ["{{ config }}", "{{config.items()}}", "{{ ''.__class__.__mro__[1] }}", "{{request.args.x}}",
        "{% for x in y %}", "{%- if a -%}", "{% import os %}", "{{ x|attr('y') }}", "{{lipsum.__globals__}}",
        "{{ ()|attr('\\x5f\\x5fclass\\x5f\\x5f') }}", "{{cycler.__init__}}", "{{self}}", "{% include 'a' %}",
        "{%set x=1%}", "{% debug %}", "{{g}}", "{{ [].append(1) }}", "{{ a[0] }}"],
    "python": ["{x.__class__.__init__.__globals__[y]}", "{0.__class__}", "${self.module.cache}",
        "<% import os %>${os.popen('x')}", "% for x in y:", "{{ handler.settings }}"],
    "php": ["{{_self.env.display('x')}}", "{{['x']|filter('system')}}", "{{ app.request }}", "{$smarty.template}",
        "{php}echo 1;{/php}", "{system('ls')}", "{if phpinfo()}{/if}", "{Smarty_Internal_Write_File::writeFile($x)}",
        "{$x}", "{include file='x'}", "{fetch file='x'}", "@php echo 1 @endphp @php(1)", "{!! $x !!}", "{literal}",
        "{math equation=x}"],
    "java": ["${T(java.lang.Runtime)}", "${''.getClass()}", "#{request.getSession()}",
        "*{T(java.lang.Math).random()}", "<#assign x=1>", "<@s.x/>", "${x?new()}", "[#if x]",
        "#foreach($x in $y)#end", "$x.class.forName('y')", "$!{x}", "%{(#x=1)}", "%{#context}", "@java.lang.Math@PI",
        "#include('x')", "__${x}__::.y", "#if(1)#end", "th:text=x", "(#a=@java.lang.Runtime@getRuntime())",
        "~{x::y(1)}"],
    "ruby": ["<%= File.read('x') %>", "<%= `ls` %>", "<% x = 1 + 1 %>", "#{`ls`}", "#{x}", "<%= system('x') -%>",
        "<%= Dir.entries('/') %>"],
    "javascript": ["{{#with 'a' as |x|}}", "{{constructor.constructor('x')()}}", "{{this}}", "{{#each a}}{{/each}}",
        "{{> x}}", "{{{x}}}", "{{&x}}", "<%- global.process %>", "#{global.process.mainModule.require('x')}",
        "{{range.constructor(\"x\")()}}", "{{$on.constructor('x')()}}", "[].constructor.constructor('x')()",
        "{{= global.process }}", "- var x = global.process.mainModule", "{@if cond=\"x\"}{/if}"],
    "others": ["{{ .Name }}", "{{.}}", "{{ printf \"%s\" .X }}", "{{html .}}", "@{ var x = 1; }", "@System.IO.File",
        "@Html.Raw(x)", "@DateTime.Now", "<%= System.Diagnostics.Process.Start(x) %>", "{{ 'a' | upcase }}",
        "{% raw %}", "<esi:include src=x/>", "@(1+2)", "@{[system 'ls']}"],
    "tags": ["[% 6*7 %]", "<?php echo 1 ?>", "<?= x ?>", "<xsl:value-of select=x/>", "<%- x %>", "<%# x %>",
        "{=x(1)}", "{string.concat \"a\"}", "$(6*7)"],
    "further engines": ["~[6*7]", "#6*7#", "$eval('6*7')", "<? system('x') ?>", "<tmpl_var x>", "<s:property value=x/>",
        "@php echo 1; @endphp", "@if(true){x}", "<cfset x=1>", "<!--#exec cmd='x'-->", "[[@{/}]]", "{Smarty::$x}",
        "%{user.secret}"],
    "encoded": ["%7B%7B6*7%7D%7D", "%24%7B6*7%7D", "%257B%257B6*7%257D%257D", "&#123;&#123;6*7&#125;&#125;",
        "\\u007b\\u007b6*7}}", "｛｛6*7｝｝", "&lt;%= 6*7 %&gt;"],
}  # fmt: skip

HARMLESS = [
    "Doc.__init__ takes two", "x.__class__ is y", "{ a::b }", "stash@{$n}", "--colour[=<when>]", "#if (! defined X)",
    "[[1-2], [3-4]]",
    "%{count} of %{total}", "if (x) { y }", "see #6 and #7", "[6*7]", "~6*7", "<!-- #1 -->", "@php_dev",
    "Hello {name}!", "Hi {first} {last}, welcome", "Dear [name]", "{}", "{ }", "{{}}", "{{ }}", "{a}", "{0} of {1}",
        "{:.2f}", "{x!r}", "{name:>10}", '{"a": 1}', '{"a": {"b": 1}}', '{"a": {"b": {"c": [1, 2]}}}',
        "{'x': {'y': 2}}", "[1, 2, 3]", "[[1, 2], [3, 4]]",
    "{{1, 2}, {3, 4}}", "int a[2][2] = {{1,2},{3,4}};", "{{a, b}, {c}}", "x = {{1}, {2}}", "body { color: red; }",
    "a{b:c}", "*{margin:0}", "* { box-sizing: border-box }", "@media print { a { color: #000 } }", "#id { top: 0 }",
    ".x{width:calc(1px + 2px)}", "@import url(x.css);",
    "function f(a) { return a + 1; }", "if (x) { y(); }", "() => { return {}; }", "let s = {a, b};",
    "class A { int x; }", "for (;;) { }", "$5", "$5.00", "$1,000", "US$ 7.50", "costs $20 or 18€", "100%",
    "50 % of {total}", "100 %", "5% - 10%", "x% of y", "a % b", "#1", "#hashtag", "# Title", "## Set",
    "#set of things", "#if only",
    "C#", "F# {x}", "a@b.example", "@ada", "@ada said {x}", "ada (@ada)", "@param {string} x", "@link {x}",
    "{@link Foo}", "2 * 3", "f(x) = x^{2}", "x_{i+1}", "\\frac{a}{b}", "10^{-3}", "\\sum_{k=0}^{n} k", "{x | x > 0}",
    "A = {1, 2, 3}", "{x in R: x*x < 2}", "\\begin{tabular}{l@{ }r}", "a < b > c", "<b>x</b>", "<a href='x'>y</a>",
    "<!-- x -->", "<3", "->", "<%", "%>", "<%=name%>", "[link](http://a.example)", "[[Page]]", "[x]", "[=]", "~ 5",
    "~/x", "{~}", "it's", "rock & roll", "a; b; c", "*.py", "**bold**", "_it_", "__bold__", "__init__",
    "def __init__(self):", "`code`", "T(n) = O(n)", "T(x)", "java", "java 17", "os", "system", "config", "self",
    "request",
    "constructor", "process", "process the request", "import this", "the class of 1999", "print it", "eval",
    "Runtime", "require a password", "(x)", "f(a, b)", "x.y", "x.y.z", "a.b()", "example.org/{id}",
    "/users/{id}/posts/{post}", "C:\\x", "\\{x\\}", "{{", "}}", "}} {{", "${", "#{", "{%", "100{%}", "{%d}", "50%}",
    "日本語{名前}", "Größe: {n}",
    ":{", ":-{ }", "{--}", "set {1, 2} * {3}", "$HOME", "$name", "$$", "a$b", "PATH=$PATH", "email@{domain}", "?new",
    "what?new", "%{count}", "%(name)s", "#{", "Price: {price} $", "style={x}", "<T>{x}</T>",
]  # fmt: skip


@pytest.mark.parametrize("text", [text for family in ATTACKS.values() for text in family])
def test_attacks_are_found(text: str) -> None:
    hits = found(text)
    assert hits
    assert {(hit.category, hit.cwe, hit.owasp_llm, hit.kind) for hit in hits} == {
        ("template_injection", "CWE-1336", "LLM05", "")
    }


@pytest.mark.parametrize("text", HARMLESS)
def test_braces_alone_pass(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("sink", ["model", "sql", "html", "shell", "path"])
def test_only_what_is_bound_for_a_template_is_looked_at(sink: Sink) -> None:
    assert not TemplateScanner().prefilter("{{ 6 * 7 }}", ScanContext(sink=sink))


def test_a_hit_spans_what_was_found_in_the_text_itself() -> None:
    text = "Hello {{ user.name }}, hi"
    hit = next(hit for hit in found(text) if hit.rule_id == "template.expression")
    assert text[hit.start : hit.end] == "{{ user.name }}"


@given(st.text(alphabet=st.characters(), max_size=80))
def test_any_text_is_scanned_and_offsets_lie_in_it(text: str) -> None:
    for hit in found(text):
        assert 0 <= hit.start <= hit.end <= len(text)


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_stands_around_does_not_hide_an_expression(before: str, after: str) -> None:
    assert found(f"{before} {{{{ user.name }}}} {after}")


@pytest.mark.parametrize("text", ["", "\ud800", "\ud800{{x}}", "{" * 100_000, "{{a" * 30_000, "<%" * 30_000])
def test_odd_texts_are_scanned(text: str) -> None:
    found(text)
