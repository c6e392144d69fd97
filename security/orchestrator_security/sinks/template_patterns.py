"""What a template engine would take for its own, as patterns for a text in lower case.

Each pattern begins with the literal it is tabled under and is tried only where that stands in the text: the search is then for one
short string, and no place is looked at by patterns that cannot match there. What a word must not stand behind is asked behind its
literal for the same reason. Gaps are bounded and end at the next place the pattern could begin at, so the time is linear.
"""

from __future__ import annotations

Table = tuple[tuple[str, str], ...]
"""Pairs of a literal and the pattern that begins with it."""

_STATEMENT_WORDS = (
    r"apply|assign|autoescape|block|call|capture|case|comment|csrf_token|cycle|debug|do|elif|else|embed|end\w{0,16}|extends"
    r"|filter|flush|for|from|get_\w{1,30}|if|ifchanged|import|include|increment|layout|load|lorem|macro|module|now|print|raw"
    r"|render|sandbox|set|spaceless|super|switch|tablerow|trans|try|unless|url|use|verbatim|while|with\w{0,10}"
)

STATEMENTS: Table = (
    ("{%", rf"\{{%[-+~]?\s{{0,9}}+(?:(?:{_STATEMENT_WORDS})\b|[a-z0-9_]\w{{0,40}}+[^{{}}%]{{0,400}}+%\}})"),
    ("{#", r"\{#[^{}#]{1,400}+#\}"),
    ("#*", r"#\*[^*]{0,400}+\*#"),
    ("!{", r"!\{\s{0,3}[\w'\"(]"),
    # A line of code in Pug, Haml and Slim.
    (
        "(",
        (
            r"^[ \t]{0,9}+[=\-][ \t]{0,3}(?:system|exec|eval|spawn|require|global|process|root|file|io"
            r"|dir|open)\b(?:[ ]{0,3}\([ ]{0,3}['\"`]|\.\w)"
        ),
    ),
    ("{*", r"\{\*[^{}*]{1,400}+\*\}"),
    ("%", r"^[ \t]{0,9}+%(?:\s{0,3}(?:for|if|while|import|=|def|block|include)\b|=\s{0,3}\S)"),
    (
        "<%",
        r"<%(?:!?\s{0,3}(?:page|include|import|def|namespace|doc|text|block|inherit)\b|(?:def|block|include|namespace)\s)",
    ),
)

EXPRESSIONS: Table = (
    (
        "$",
        (
            r"\$(?:!?\{\{?\s{0,9}[^\s}]|\{\{<%|!?\{?[a-z_]\w{0,40}+\.(?:class(?:loader)?|getclass|context|inspect|forname|request|session"
            r"|application|runtime|type|module)\b|smarty\b|\w{1,30}+(?:\.\w{1,40}+){1,8}+\()"
        ),
    ),
    (
        "#",
        (
            r"#(?:\{\s{0,9}[^\s}]|(?:if|define)\(|(?:set|elseif|foreach|include|parse|evaluate|macro|end|stop|break)\s{0,3}\("
            r"|\d{1,9}\*\d{1,9}#)"
        ),
    ),
    ("*{", r"\*\{(?=[^{}:;*+(.]{0,200}+[*+(.])[^{}:;]{1,400}+\}"),
    ("~[", r"~\[\s{0,3}\d{1,9}\s{0,3}\*\s{0,3}\d"),
    ("~{", r"~\{(?=(?:[^{}:*+(]|:(?!:)){0,200}+(?:::|[*+(]))[^{}]{1,400}+\}"),
    ("__", r"__\$?\{"),
)

EMBEDDED: Table = (
    (
        "<%",
        (
            r"<%(?:(?:==?|-|#|!|@|%)?(?!=?\w{1,60}%>)[^%<>\w]{0,20}+\w[^%]{0,600}+%>"
            r"|(?:=|-|#|!|@)?\s{0,9}[^%\s>][^%]{0,600}?(?:[.()'\"`+*/;@$\[]|\w\s\w)|\[)"
        ),
    ),
)

_TAG_WORDS = r"assign|list|if|include|import|macro|function|global|local|setting|attempt|escape|noparse|ftl"
TAGS: Table = (
    ("<#", rf"<#(?:{_TAG_WORDS}|switch|visit|recurse|return|stop)\b|<#--"),
    ("<@", r"<@[a-z_][\w.]{0,40}+[\s/>(]"),
    ("[#", r"\[#(?:assign|list|if|include|import|macro|function|global|ftl)\b"),
    ("[=", r"\[=[^\]\s=<*+.(]{1,60}+[*+.(][^\[\]]{0,200}+\]"),
    ("[[", r"\[\[\s{0,3}(?:\d{1,9}\s{0,3}[*+]\s{0,3}\d|[$*#]\{|@\{)"),
    ("[(", r"\[\(\s{0,3}[$*#]\{"),
    ("[%", r"\[%[-+~]?\s{0,3}[\w*'\"][^\[\]%]{0,300}+%\]"),
    ("th:", r"th:(?<=\bth:)(?:text|utext|fragment|replace|insert|if|with|each)\b"),
    ("?", r"\?(?:new|api|eval|interpret)\b\s{0,3}(?:\(|\b)"),
    ("v-", r"v-(?<=\sv-)(?:on:\w{1,20}|bind:\w{1,20}|html|text|if|for|model|once|pre)\s{0,3}="),
    ("ng-", r"ng-(?<=\sng-)(?:init|app|click|bind|bind-html|repeat|if|include|src|href|focus|model|controller)\b"),
    ("<esi:", r"<esi:"),
    ("<jsp:", r"<jsp:"),
    ("<c:", r"<c:(?:out|import|set)\b"),
    ("<cf", r"<cf(?:output|execute|set|include|query|module)\b"),
    ("<!--", r"<!--\s?#(?:exec|include|echo|printenv|fsize)\b"),
    ("<x:", r"<x:include"),
    ("<j:", r"<j:"),
    ("<xsl:", r"<xsl:\w"),
    ("<?", r"<\?(?:php|=|\s{1,3}\w{2,30}\s{0,3}\()"),
    ("<tmpl_", r"<tmpl_\w"),
    ("<s:", r"<s:(?:property|set|if|url|include|action|text)\b"),
)

_PHP_CALLS = (
    r"system|exec|shell_exec|passthru|phpinfo|file_get_contents|readfile|popen|eval|assert|call_user_func|print_r|var_dump"
    r"|phpversion|base64_decode|constant|self::|smarty"
)
BRACES: Table = (
    ("{$", r"\{\$(?<![\w$\\^}@%]\{\$)[a-z_]"),
    (
        "{",
        (
            r"\{/?(?:php|literal|fetch|assign|eval|math|html_options|config_load|insert|include_php|capture|foreach|section|strip"
            r"|include|extends|syntax|contenttype|vartype|templatetype)(?:\s[^{}]{0,300}+)?\}"
        ),
    ),
    ("{", r"\{(?:(?:var|do|default|parameters)\s\$|(?:if|elseif|while|for|=)\s[^{}(]{0,200}+\()"),
    ("{", r"\{[\w\\]{1,60}+(?:::|->)[\w$]"),
    ("{", rf"\{{\s{{0,3}}(?:{_PHP_CALLS})\w{{0,30}}+\s{{0,3}}\("),
    ("{", r"\{(?<![\w\\^}]\{)[#@!%=~]?\s{0,3}'?\d{1,12}'?\s{0,3}\*\s{0,3}'?\d{1,12}'?\s{0,3}\}"),
    ("{=", r"\{=\s{0,3}[\"'\w$][^{}(*\"']{0,200}+[(*\"']"),
    (
        "|",
        r"\|(?<=['\"\w]\|)\s?(?:cat|system|exec|passthru|upper|lower|escape|nl2br|default|replace|truncate|json_encode)(?=[:}|])",
    ),
    ("{function", r"\{function\sname="),
    ("{string.", r"\{string\.\w{1,20}+\s"),
    ("{", r"\{[@+^<]\w{1,30}+\s[^{}=]{0,200}+="),
    ("{", r"\{(?<!\{\{)!?(?:\w{1,40}+\.)?\w{0,40}[.\[]__?\w{1,30}_"),
    ("$(", r"\$\((?<!\w\$\()['\"]?\d{1,9}\s{0,3}\*\s{0,3}\d{1,9}['\"]?\)"),
    ("#(", r"#\((?<!\w#\()['\"]?\d{1,9}\s{0,3}\*\s{0,3}\d{1,9}['\"]?\)"),
    ("eval(", r"eval\((?<=[$#]eval\()['\"]?\d{1,9}\s{0,3}\*\s{0,3}\d{1,9}['\"]?\)"),
    ("%(", r"%\(\w{0,40}?__\w"),
)

RAZOR: Table = (
    (
        "@",
        (
            r"@(?:\(\s{0,3}[^()\s+*/.;]{0,100}+[+*/.;(]|\{[^{}=;(*+/]{0,200}+(?:[=;(*+]|//)"
            r"|(?:system|datetime|html|model|viewbag|viewdata|environment|request|context|url|activator|assembly|convert|json|raw)\.\w"
            r"|(?:using|inject|inherits|functions|code|addtaghelper|model)\s{1,3}[\w.{]"
            r"|(?:if|while|for|foreach|switch|lock)\s?\([^()]{1,80}+\)\s?\{|php\s[^@]{1,400}+@endphp\b"
            r"|(?:php|include|extends|eval|inject|foreach|unless|isset|dd|dump)\s{0,3}\(|\[[^\[\](]{0,100}+\()"
        ),
    ),
    ("{!!", r"\{!!"),
    ("@end", r"@end(?:if|foreach|forelse|for|while|section|isset|empty|auth|unless|switch|php)\b"),
)

_VALUE = r"\s{0,3}\(\s{0,3}['\"]"
"""A call whose first argument is a string."""

CHAINS: Table = (
    ("__", r"__(?<=[.\['\"|~(]__)(?:bases?|mro|subclasses|globals|builtins|import|getattribute|reduce|code|proto)__"),
    (
        "__",
        r"__(?:class|init|dict|self|getitem|enter|doc|module)__['\")\]]{0,3}[.\[|]\s{0,3}[(\['\"]{0,2}_",
    ),
    ("__import__", r"__import__\s{0,3}\("),
    ("__proto__", r"__proto__"),
    ("\\x5f\\x5f", r"\\x5f\\x5f"),
    ("\\137\\137", r"\\137\\137"),
    ("attr", r"attr(?<=\battr)\s{0,3}\(\s{0,3}['\"(r]"),
    ("request.", r"request\.(?<=\brequest\.)(?:application|args|cookies|values|environ|headers)\b"),
    ("|", rf"\|\s{{0,3}}(?:map|filter|sort|reduce|safe|format|join|attr|select|selectattr){_VALUE}"),
    (
        "(",
        (
            r"\((?=\s{0,3}+[a-z]\w{0,40}+\.)(?:(?<=\bt\()|(?<=\bt\s\()|(?<=\bt\s\s\()|(?<=\bt\s\s\s\())"
            r"\s{0,3}+(?:[a-z]\w{0,40}+\.){1,20}+[a-z]"
        ),
    ),
    ("(#", r"\(#\w{1,40}+\s{0,3}="),
    ("java", r"java(?<=\bjava)x?\.(?:lang|util|io|net|nio|script|naming|el|beans|security)\b"),
    ("getruntime", r"getruntime\s{0,3}\("),
    ("getclass", r"getclass\s{0,3}\("),
    ("forname", r"forname\s{0,3}\("),
    ("processbuilder", r"processbuilder(?<=\bprocessbuilder)\b"),
    ("scriptenginemanager", r"scriptenginemanager\b"),
    ("classloader", r"classloader(?<=\bclassloader)\b"),
    ("freemarker.template.utility", r"freemarker\.template\.utility"),
    ("org.", r"org\.(?:apache|springframework|python|joshua|mozilla|codehaus|yaml)\."),
    ("#_memberaccess", r"#_memberaccess"),
    ("#", r"#(?:context|application|session|request|parameters|cmd|a|dm|process)\s{0,3}="),
    ("@", r"@[a-z]\w{0,20}+(?:\.\w{1,40}+){1,8}+@\w"),
    ("%{", r"%\{(?:\s{0,3}(?:[(#@'\d]|\w{1,40}+\.\w)|[^{}(*]{0,100}+[(*])"),
    ("constructor", r"constructor\s{0,3}(?:\.|\[\s{0,3}['\"])\s{0,3}constructor"),
    ("constructor.", r"constructor\.(?<=\bconstructor\.)(?:prototype|constructor)"),
    (".constructor", r"\.constructor\s{0,3}\("),
    ("process.mainmodule", r"process\.mainmodule"),
    ("mainmodule.", r"mainmodule\.(?:require|constructor)"),
    ("require", r"require(?<=\brequire)\s{0,3}\(\s{0,3}['\"](?:child_process|fs|os|vm|net|http|open3)"),
    ("child_process", r"child_process(?<=\bchild_process)\b"),
    ("global.process", r"global\.process"),
    ("root.process", r"root\.process"),
    ("return", r"return(?<=\breturn)\s(?:this\.)?process\b"),
    ("_$$nd_func", r"_\$\$nd_func"),
    ("string.fromcharcode", r"string\.fromcharcode"),
    ("function", rf"function(?<=\bfunction){_VALUE}"),
    ("_self.env", r"_self\.env\b"),
    ("registerundefinedfiltercallback", r"registerundefinedfiltercallback"),
    ("getstreamvariable", r"getstreamvariable"),
    ("smarty_internal", r"smarty_internal"),
    ("_template_", r"_template_"),
    ("self.", r"self\.(?<=\bself\.)(?:module|template|context|attr)\."),
    ("cycler.__", r"cycler\.__"),
    ("lipsum", r"lipsum(?<=\blipsum)\b"),
    ("config.", r"config\.(?<=\bconfig\.)(?:items\s{0,3}\(|from_\w{1,20}|__)"),
    ("loader.", r"loader\.(?<=\bloader\.)(?:cache|template)"),
    ("%x", r"%x[\[({|]"),
    ("open3.", r"open3\.(?<=\bopen3\.)\w"),
    ("kernel.", r"kernel\.(?<=\bkernel\.)\w"),
    ("io.", r"io\.(?<=\bio\.)(?:popen|read)"),
    ("file.", r"file\.(?<=\bfile\.)(?:open|read)\s{0,3}\("),
    ("dir.entries", r"dir\.entries(?<=\bdir\.entries)\b"),
    ("process.", r"process\.(?<=\bprocess\.)(?:spawn|start)"),
    ("system.diagnostics", r"system\.diagnostics"),
    ("reflection.assembly", r"reflection\.assembly"),
    ("os.", r"os\.(?<=\bos\.)(?:popen|system)\s{0,3}\("),
    ("subprocess", r"subprocess(?<=\bsubprocess)\b\.?\w{0,12}+\s{0,3}\("),
    ("@{[", r"@\{\[\s{0,3}(?:system|exec|`|qx)"),
    ("execute().text", r"execute\(\)\.text"),
    (".exec", rf"\.exec{_VALUE}"),
    ("xmlns:xsl", r"xmlns:xsl\b"),
    ("document('", r"document\('"),
)
