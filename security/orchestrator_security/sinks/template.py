"""Values that a template engine would take for a template.

The value is data of a template. What makes it more: an expression or statement in the delimiters of a common engine (Jinja2,
Twig, Django, Liquid, Nunjucks, Handlebars, Go, Freemarker, Velocity, Thymeleaf, Mako, ERB, EJS, JSP, Smarty, Latte, Razor, Pug),
and the object chains that lead from a value to code, whatever the delimiters (CWE-1336, CWE-94, CWE-917). Braces alone are no
finding: JSON, style sheets, program text, sets and ``{name}`` greetings are full of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.records import Severity
from orchestrator_security.contract import ScanContext
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.encoded import folded, forms

_ANCHOR = r"[{$#@*<\[%=~(]|__|\.\w|&#|\\[xu]"

_STATEMENT_WORDS = (
    "apply|assign|autoescape|block|call|capture|case|comment|csrf_token|cycle|debug|do|elif|else|embed|end\\w{0,16}|extends|filter|flush|for|from|get_\\w{1,30}|if|ifchanged"
    "|import|include|increment|layout|lorem|load|macro|module|now|print|raw|render|sandbox|set|spaceless|super|switch|tablerow|trans|try|unless|url|use|verbatim|while|with\\w{0,10}"
)
# What an expression has and a set, an initialiser or a list in doubled braces has not.
_EXPRESSION = (
    r"[A-Za-z_$@][\w$]{0,60}\s{0,3}[.(\[|~?:]|\||__|'\s{0,3}[*+~]|\d\s{0,3}[*+%\-/]\s{0,3}['\d]|^\s{0,3}[=!&>#/^~+\-.]"
)
_DOUBLED = r"\{\{\{?\s{0,9}[=!&>#/^~+\-*@]?\s{0,9}(?:[\w.'\"$\[(@_:]|\{\s{0,3}['\"])"

_STATEMENT = (
    rf"\{{%[-+~]?\s{{0,9}}(?:{_STATEMENT_WORDS})\b|\{{%[-+~]?\s{{0,9}}[a-z0-9_]\w{{0,40}}[^{{}}%]{{0,400}}%\}}"
    rf"|\{{#[^{{}}#]{{1,400}}#\}}"
    r"|^\s{0,9}%\s{0,3}(?:for|if|while|import|=|def|block|include)\b|^\s{0,9}%=\s{0,3}\S|<%!?\s{0,3}(?:page"
    r"|include|import|def|namespace|doc|text|block|inherit)\b|<%(?:def|block|include|namespace)\s"
)
_DOLLAR = (
    r"\$!?\{\{?\s{0,9}[^\s}]|\$\{\{<%|\$!?\{?[a-z_]\w{0,40}\.(?:class|getclass|context|class(?:loader)?"
    r"|inspect|forname|request|session|application|runtime|type|module)\b|\$smarty\b"
    r"|\$_?\w{1,30}\.\w{1,40}\([^)]{0,200}\)"
)
_HASH = (
    r"#\{\s{0,9}[^\s}]|#(?:if|define)\(|#(?:set|elseif|foreach|include|parse|evaluate|macro|end|stop|break)\s{0,3}\("
    r"|\*\{[^{}:;]{0,200}[*+(.][^{}:;]{0,200}\}|~\[\s{0,3}\d{1,9}\s{0,3}\*\s{0,3}\d|#\d{1,9}\*\d{1,9}#|~\{[^{}]{0,200}(?:::|[*+(])[^{}]{0,200}\}|__\$?\{"
)
_EMBEDDED = (
    r"<%(?:=|-|#|!|@|%|==)?(?!=?\w{1,60}%>)[^%<>\w]{0,20}+\w[^%]{0,600}+%>"
    r"|<%(?:=|-|#|!|@)?\s{0,9}[^%\s>][^%]{0,600}?(?:[.()'\"`+*/;@$\[]|\w\s\w)|<%\["
)
_TAGS = (
    r"<#(?:assign|list|if|include|import|macro|function|global|local|setting|attempt|escape|noparse|ftl|switch"
    r"|visit|recurse|return|stop|--)\b|<@[a-z_][\w.]{0,40}[\s/>(]|\[#(?:assign|list|if|include|import|macro"
    r"|function|global|ftl)\b|\[=[^\]\s=<*+.(]{1,60}[*+.(][^\]]{0,200}\]"
    r"|\[\[\s{0,3}(?:\d{1,9}\s{0,3}[*+]\s{0,3}\d|[$*#]\{)|\[\(\s{0,3}[$*#]\{|\bth:(?:text|utext|fragment"
    r"|replace|insert|if|with|each)\b|\?(?:new|api|eval|interpret)\b\s{0,3}(?:\(|\b)|<esi:|<jsp:|<c:(?:out"
    r"|import|set)\b|<cf(?:output|execute|set|include|query|module)\b|<!--\s?#(?:exec|include|echo|printenv|fsize)\b|\[\[\s?@\{|<x:include|<j:|<xsl:\w|<\?(?:php|=|\s{1,3}\w{2,30}\s{0,3}\()|<tmpl_\w|<s:(?:property|set|if|url|include|action|text)\b|\[%[-+~]?\s{0,3}[\w*'\"][^\]]{0,300}%\]"
)
_SINGLE = (
    r"(?<![\w$\\^}@%])\{\$[a-z_]|\{/?(?:php|literal|fetch|assign|eval|math|html_options|config_load"
    r"|insert|include_php|capture|foreach|section|strip|include|extends|syntax|contenttype|varType"
    r"|templateType)(?:\s[^{}]{0,300})?\}|\{(?:var|do|default|parameters)\s\$"
    r"|\{(?:if|elseif|while|for|=)\s[^{}]{0,200}\(|\{\\{0,2}[\w\\]{1,60}(?:::\w|->\w)"
    r"|\{smarty::|\{\s{0,3}(?:system|exec|shell_exec|passthru|phpinfo|file_get_contents|readfile|popen|eval|assert"
    r"|call_user_func|print_r|var_dump|phpversion|base64_decode|constant|self::|smarty)\w{0,30}\s{0,3}\("
    r"|(?<![\w\\^}])\{[#@!%=~]?\s{0,3}'?\d{1,12}'?\s{0,3}\*\s{0,3}'?\d{1,12}'?\s{0,3}\}"
    r"|\{=\s{0,3}[\"'\w$][^{}]{0,200}[(*\"']|\{function\sname=|\{string\.\w{1,20}\s|(?<!\w)[$#](?:eval)?\(['\"]?\d{1,9}\s{0,3}\*\s{0,3}\d{1,9}['\"]?\)|\{[@+^<]\w{1,30}\s[^{}]{0,200}=|(?<!\{)\{(?:\w{1,40}\.)?\w{0,40}[.\[]_{0,2}_\w{1,30}_"
)
_RAZOR = (
    r"@\(\s{0,3}[^()\s]{0,100}(?:[+*/.;]|\()|@\{[^{}]{0,200}(?:[=;(*]|//)|@(?:System|DateTime|Html|Model"
    r"|ViewBag|ViewData|Environment|Request|Context|Url|Activator|Assembly|Convert|Json|Raw)\.\w|@(?:using"
    r"|inject|inherits|functions|code|addTagHelper|model)\s{1,3}[\w.{]"
    r"|@(?:if|while|for|foreach|switch|lock)\s?\([^()]{1,80}\)\s?\{|@php\s[^@]{1,400}@endphp\b|@(?:php|include|extends|eval|inject|foreach|unless|isset|dd|dump)\s{0,3}\(|\{!!|@\[[^\]]{0,100}\("
)
_CHAIN = (
    r"(?<=[.\['\"|~(])__(?:bases?|mro|subclasses|globals|builtins|import|getattribute|reduce|code|proto)__"
    r"|__(?:class|init|dict|self|getitem|enter|doc|module)__['\")\]]{0,3}[.\[|]\s{0,3}[(\['\"]{0,2}_|\\x5f\\x5f|\\137\\137|(?:\|\s{0,3}|\b)attr\s{0,3}\(\s{0,3}['\"(r]"
    r"|\brequest\.(?:application|args|cookies|values|environ|headers)\b|\|\s{0,3}(?:map|filter|sort|reduce"
    r"|safe|format|join|attr|select|selectattr)\s{0,3}\(\s{0,3}['\"]"
    r"|\bT\s{0,3}\(\s{0,3}(?:[a-z]\w{0,40}\.)+[A-Z]|\bjava(?:x)?\.(?:lang|util|io|net|nio|script|naming|el"
    r"|beans|security)\b|\bgetRuntime\s{0,3}\(|\bgetClass\s{0,3}\(|\bforName\s{0,3}\(|\bProcessBuilder\b"
    r"|\bScriptEngineManager\b|\bClassLoader\b|freemarker\.template\.utility|org\.(?:apache|springframework"
    r"|python|joshua|mozilla|codehaus|yaml)\."
    r"|#_memberAccess|#(?:context|application|session|request|parameters|cmd|a|dm|process)\s{0,3}="
    r"|@[a-z]\w{0,20}(?:\.\w{1,40}){1,8}@\w|%\{\s{0,3}(?:[(#@'\d]|\w{1,40}\.\w)|%\{[^{}]{0,100}[(*]|\(#\w{1,40}\s{0,3}="
    r"|constructor\s{0,3}(?:\.|\[\s{0,3}['\"])\s{0,3}constructor|\bconstructor\.(?:prototype|constructor)"
    r"|\.constructor\s{0,3}\(|process\.mainModule|mainModule\.(?:require|constructor)"
    r"|\brequire\s{0,3}\(\s{0,3}['\"](?:child_process|fs|os|vm|net|http|open3)|\bchild_process\b"
    r"|(?:global|root)\.process|\breturn\s(?:this\.)?process\b|__proto__|_\$\$ND_FUNC|String\.fromCharCode"
    r"|\bFunction\s{0,3}\(\s{0,3}['\"]"
    r"|_self\.env\b|registerUndefinedFilterCallback|getStreamVariable|Smarty_Internal|_Template_"
    r"|\bself\.(?:module|template|context|attr)\.|cycler\.__|lipsum\b|\bconfig\.(?:items|from_\w{1,20}|__)"
    r"|\bloader\.(?:cache|template)|%x[\[({|]|\bOpen3\.|\bKernel\.|\bIO\.(?:popen|read)|\bFile\.(?:open"
    r"|read)\s{0,3}\(|\bDir\.entries\b|\bProcess\.(?:spawn|Start)|System\.Diagnostics|Reflection\.Assembly"
    r"|\bos\.(?:popen|system)\s{0,3}\(|\bsubprocess\b\.?\w{0,12}\s{0,3}\("
    r"|__import__\s{0,3}\(|@\{\[\s{0,3}(?:system|exec|`|qx)|\bexecute\(\)\.text|\.exec\s{0,3}\(\s{0,3}['\"]"
    r"|\bxmlns:xsl\b|document\('"
)

# Pieces one of which every match of _CHAIN holds; the text is lower case then.
_CHAIN_HOLDS = (
    "__", "x5f", "137", "attr", "request.", "|", "(", "#", "@", "%{", "%x", "java", "processbuilder", "scriptengine",
    "classloader", "freemarker", "org.",
    "constructor", "mainmodule", "child_", "process", "_$$", "_self", "getstream", "smarty", "_template", "self.",
    "config.", "loader.", "cycler", "lipsum",
    "open3.", "kernel.", "io.", "dir.", "reflection", "subprocess", "diagnostics", "fromcharcode", "execute()",
    "xmlns", "registerundefined",
)  # fmt: skip

_RULES: tuple[tuple[str, str, Severity, str, tuple[str, ...]], ...] = (
    ("template.statement", _STATEMENT, "high", "a template's statement", ("{%", "{#", "%", "<%")),
    ("template.expression", _DOLLAR, "high", "an expression that a template engine would evaluate", ("$",)),
    (
        "template.expression",
        _HASH,
        "high",
        "an expression that a template engine would evaluate",
        ("#", "*{", "~{", "~[", "__"),
    ),
    ("template.embedded", _EMBEDDED, "high", "embedded code in a template's tags", ("<%",)),
    ("template.tag", _TAGS, "high", "a tag of a template engine", ("<", "[", "th:", "?")),
    ("template.single", _SINGLE, "high", "an expression in braces", ("{", "(")),
    ("template.razor", _RAZOR, "medium", "an expression that begins with an at sign", ("@", "{!!")),
    ("template.chain", _CHAIN, "high", "an object chain that leads to code", _CHAIN_HOLDS),
)


_pattern = partial(compiled, flags=re.IGNORECASE | re.MULTILINE)


class TemplateScanner:
    """Template injection in a value that is to be data of a template."""

    name = "template"

    def prefilter(self, text: str, context: ScanContext) -> bool:
        return context.sink == "template" and _pattern(_ANCHOR).search(text) is not None

    def scan(self, text: str, context: ScanContext) -> Sequence[Hit]:
        hits: dict[str, Hit] = {}
        for form in map(folded, forms(text)):
            same = form is text
            lowered = form.lower()
            for rule, source, severity, message, holds in _RULES:
                if rule in hits or (holds and not any(piece in lowered for piece in holds)):
                    continue
                if match := _pattern(source).search(form):
                    start, end = match.span() if same else (0, len(text))
                    hits[rule] = _hit(rule, start, end, severity, message)
            if "template.expression" not in hits and (span := _doubled(form)):
                start, end = span if same else (0, len(text))
                hits["template.expression"] = _hit(
                    "template.expression", start, end, "high", "an expression that a template engine would evaluate"
                )
            if hits:
                break  # what further decoding would show changes no decision
        return list(hits.values())


def _doubled(form: str) -> tuple[int, int] | None:
    """The first pair of doubled braces that holds an expression or a name."""
    if "{{" not in form:
        return None
    for match in _pattern(_DOUBLED).finditer(form):
        body = form[match.start() + 2 : match.start() + 1_002]
        inner, closed, _ = body.partition("}}")
        nested = "}" in inner or (closed and "," in inner and not re.search(r"['\"(|.]", inner))
        if not nested or _pattern(_EXPRESSION).search(inner):
            return match.start(), min(len(form), match.start() + 4 + len(inner))
    return None


def _hit(rule: str, start: int, end: int, severity: Severity, message: str) -> Hit:
    return Hit(
        rule,
        "template_injection",
        start,
        end,
        severity=severity,
        message=message,
        cwe="CWE-1336",
        owasp_llm="LLM05",
    )
