"""What makes more than one argument of a value, as patterns for a text in lower case.

Each pattern of a table begins with the literal it is tabled under and is tried only where that stands in the text; what the literal
must or must not stand behind is asked behind it.
"""

from __future__ import annotations

Table = tuple[tuple[str, str], ...]
"""Pairs of a literal and the pattern that begins with it."""

_VARIABLES = (
    r"comspec|path|pathext|windir|systemroot|systemdrive|temp|tmp|username|userprofile|appdata|localappdata|programfiles"
    r"|programdata|cmdcmdline|homedrive|homepath|computername|os|public|allusersprofile|processor_\w{3,20}"
)
SUBSTITUTIONS: Table = (
    (
        "$",
        (
            r"\$(?:[({\[@]|'[^']{1,200}+'|\"[^\"]{1,200}+\"|ifs|(?<=\w\$)\*|(?<=[a-z/]\$)[1-9](?=[a-z/])"
            r"|path|home|shell|user|pwd|oldpwd|hostname|bash|env|lang|random|shlvl|uid|ppid|0\b|_\b)"
        ),
    ),
    ("``", r"``(?<=\w``)(?=\w)"),
    ("/\\", r"/\\\w\\\w"),
    ("<(", r"<\((?<!\w<\()[a-z/.$]"),
    (">(", r">\((?<!\w>\()[a-z/.$]"),
    ("%", rf"%(?:(?:{_VARIABLES})(?::[^%\n]{{1,40}}+)?%|\w{{1,40}}+:~)"),
    ("!", r"!\w{1,40}+:~"),
)
FUNCTIONS: Table = (("()", r"\(\)\s{0,9}\{\s{0,9}(?:[:_]|\(\))"),)
CODE: Table = (
    ("<?", r"<\?(?:php|=|\s)"),
    ("<!--", r"<!--\s?#"),
    ("<%", r"<%[=@!\s]"),
    ("phpinfo", r"phpinfo(?<=\bphpinfo)\s{0,9}\("),
    ("os.", r"os\.(?<=\bos\.)(?:system|popen|exec\w*+)\s{0,9}\("),
    ("subprocess.", r"subprocess\.(?<=\bsubprocess\.)\w{3,12}+\s{0,9}\("),
    ("child_process", r"child_process(?<=\bchild_process)\b"),
    ("getruntime", r"getruntime(?<=\bgetruntime)\s{0,9}\("),
    ("processbuilder", r"processbuilder(?<=\bprocessbuilder)\b"),
    ("__import__", r"__import__(?<=\b__import__)\s{0,9}\("),
    ("io.popen", r"io\.popen(?<=\bio\.popen)\b"),
    ("open3.", r"open3\.(?<=\bopen3\.)\w{4,12}+[( ]"),
    ("kernel.", r"kernel\.(?<=\bkernel\.)\w{4,12}+[( ]"),
    ("process.", r"process\.(?<=\bprocess\.)\w{4,12}+[( ]"),
    ("invoke-", r"invoke-(?<=\binvoke-)(?:expression|webrequest|restmethod|command|item|wmimethod)\b"),
    ("start-", r"start-(?<=\bstart-)(?:process|sleep)\b"),
    ("new-object", r"new-object(?<=\bnew-object)\b"),
    ("get-", r"get-(?<=\bget-)(?:childitem|wmiobject|ciminstance|content|process)\b"),
    ("download", r"download(?<=\bdownload)(?:string|file)\b"),
    ("frombase64string", r"frombase64string(?<=\bfrombase64string)\b"),
    ("cmd", r"cmd(?<=\bcmd)(?:\.exe)?\s{0,9}+/[ckr]\b"),
    ("powershell", r"powershell(?<=\bpowershell)(?:\.exe)?\s{1,9}+[-/](?:e|c|nop|w|ex|f)"),
    ("pwsh", r"pwsh(?<=\bpwsh)(?:\.exe)?\s{1,9}+[-/](?:e|c|nop|w|ex|f)"),
    ("iex", r"iex(?<=\biex)\s?\("),
    ("[system.", r"\[system\.(?:net|io|diagnostics|text|convert|reflection)\."),
    ("/bin/", r"/bin/(?:ba|da|z|k|c|tc)?sh\s{1,9}+-[ic]\b"),
    ("dev/tcp/", r"dev/tcp/(?<=\bdev/tcp/)"),
)

LOOPS: Table = (
    (
        "for",
        r"for(?<=\bfor)\s{1,9}(?:/[dflr]\s{1,9}(?:\"[^\"]{0,80}\"\s{1,9})?)?%{1,2}[^\s%]{1,40}\s{1,9}in\s{0,9}\(",
    ),
    (
        "if",
        (
            r"if(?<=\bif)\s{1,9}(?:(?:/i\s{1,9}|not\s{1,9}){1,2}\S{1,80}(?:==|\s{1,9}(?:equ|neq|lss|leq|gtr|geq)\s)"
            r"|\[{1,2}\s|\"?%\S{1,40}%?\"?\s?==)"
        ),
    ),
    (
        "if",
        (
            r"^[\s;|&]*+if\s{1,9}(?:/i\s{1,9})?(?:not\s{1,9})?(?:exist|errorlevel|defined"
            r"|cmdextversion)\s{1,9}\S{1,80}\s{1,9}\S"
        ),
    ),
    (";", r";\s{0,9}(?:do\s[^;]{1,200};\s{0,9}done\b|then\s[^;]{1,200};\s{0,9}fi\b)"),
)
REDIRECTIONS: Table = (
    (
        ">",
        (
            r">(?:(?<=^>)|(?<=[\s;|&\d'\")]>))>?\s{0,9}(?:[/\\~]|[a-z]:\\|&\s?\d|&\s?[/\\]|nul\b|[\w.\-]{1,60}\.(?:php\d?|phtml"
            r"|txt|jspx?|aspx?|sh|py|pl|html?|bat|cmd|ps1|log|cgi|exe|vbs)\b)"
        ),
    ),
    (
        "<",
        (r"<(?:\s{0,9}/(?:etc|dev|proc|tmp|var|bin|usr|root|home)\b|<<(?:(?<=^<<<)|(?<=\s<<<))\s|<\s?['\"]?eof\b)"),
    ),
    (">&", r">&(?<=\b[012]>&)[012-]"),
    ("/dev/", r"/dev/(?:tcp|udp)/"),
)
# Wildcards and whole commands: searched wherever one of a few signs stands.
GLOB = (
    r"(?:^|[\s;|&'\"=(`])/(?:[a-z]{0,4}[?*\[][\w?*\[\]\-]{0,8}/|(?:bin|usr|etc|sbin|dev|tmp|var|opt"
    r"|lib)/[^\s?*\[]{0,80}[?*\[])"
    r"|/(?:etc|bin|usr|dev)\$\w|/\w{0,6}(?:''|\"\")\w{1,6}/|[;|&]\s{0,3}\.\s{1,3}/\w|(?:^|[\s;|&='\"(])/?(?:usr/)?s?bin/(?:\w{0,4}sh|cat|id|ls|nc|ping|uname|whoami|wget|curl|perl|python\d?)(?![\w.\-/])"
    r"|(?:^|[\s;|&])[a-z]{0,6}\?[a-z]{1,6}\s{1,4}/(?:etc|bin|usr|\?)"
)
OPTION = (
    r"^-{1,2}(?:d\s?(?:allow_url_\w|auto_prepend_file|disable_functions)|o\s?proxycommand|exec(?:dir)?\b|eval\b|upload-pack|receive-pack|checkpoint-action|to-command"
    r"|use-compress-program|rsh=|rsync-path|open-files-in-pager"
    r"|post-file|use-askpass|output-document|config\s?core\.|init-command|pager=|gui=)|\s-(?:exec|execdir|ok"
    r"|okdir)\s|\s--?(?:checkpoint-action|to-command)=|\s-wrapper\s"
    r"|(?:^|\s)-o\s?proxycommand="
)
DIRECT = (
    r"^\s*+(?:sudo\s{1,9})?(?:(?:wget|curl|lynx|fetch|aria2c|lwp-download"
    r"|lwp-request)\s{1,9}(?:-{1,2}\S{1,40}\s{1,9}){0,6}['\"]?(?:https?|ftp)://"
    r"|(?:nc|ncat|netcat|socat)(?:\.\w{1,12})?\s{1,9}(?:-|\d|tcp|exec)|(?:perl|python[\d.]{0,4}|ruby|php\d?"
    r"|node|lua|tclsh)\s{1,9}-{1,2}(?:e|r|c|eval)\b"
    r"|rm\s{1,9}-{1,2}[rf]|mkfifo\s|(?:cat|type|more|less|head|tail|ls|dir|strings|tac|nl|od"
    r"|xxd)\s{1,9}(?:-\w{1,6}\s{1,9}){0,2}/(?:etc|proc|root|var/log)\b[\w./]{0,80}$"
    r"|(?:uname|netstat|ifconfig|ipconfig|tasklist|ps|arp|route|lsof)\s{1,9}[-/]\w{1,10}$|(?:net|sc"
    r"|reg|netsh)\s{1,9}(?:user|firewall|advfirewall|localgroup|query|view|add)\b"
    r"|(?:bash|sh|zsh)\s{1,9}-i\b|ping6?\s{1,9}-\w\s|ls\s{1,9}-\w{1,6}\s{1,9}/|type\s{1,9}[a-z]:\\"
    r"|(?:powershell|pwsh|start)(?:\.exe)?\s{1,9}(?:[a-z]:\\|[\w.\\/-]{1,60}\.(?:exe|bat|cmd|ps1|vbs)\b)"
    r"|g?awk\s{1,9}['\"]|openssl\s{1,9}s_client|telnet\s{1,9}[\d.]{7,15}\s{1,9}\d|wmic\s{1,9}(?:process|os|service|useraccount)\b"
    r"|curl\s{1,9}(?:-{1,2}\S{1,40}\s{1,9}){1,6}['\"]?@/|echo\s{1,9}-[ne]{1,2}\s{1,9}['\"]?\\x|(?:cat|less|more|head|tail|tac|nl)\+/(?:etc|proc)/)|^\s*+/(?:usr/)?(?:local/)?s?bin/[\w.\-]{1,30}(?:$|[;|&\s])"
)
MAIL = (
    r"^\s*+[a-z]{1,4}\d{2,5}\s{1,4}(?:authenticate|login|select|examine|create|delete|rename|subscribe"
    r"|unsubscribe|list|lsub|status|append|check|close|expunge|search|fetch|store"
    r"|copy|uid|capability|starttls|noop|logout|idle)\b"
    r"|[\r\n](?=[\t a-z])[ \t]{0,4}+(?:(?:helo|ehlo|vrfy|expn)\s{1,4}\S|mail\s{1,4}from:|rcpt\s{1,4}to:"
    r"|data\s{0,4}[\r\n]|starttls\b|auth\s{1,4}(?:login|plain|cram|xoauth)|(?:retr|dele|top|uidl"
    r"|list)\s{1,4}\d"
    r"|(?:apop|xtnd)\s|(?:rset|noop|stls|capa|quit|stat)\s{0,4}(?:$|[\r\n])|(?:user"
    r"|pass)\s{1,4}\S{1,60}\s{0,4}(?:$|[\r\n])|[a-z]{1,4}\d{1,5}\s{1,4}(?:login|select|examine|fetch|store"
    r"|list|lsub|logout|noop|capability|authenticate|uid|search|append|create|delete|rename|status)\b)"
    r"|[;\n][ \t\r\n]{0,4}+\.(?:databases|dump|tables|schema|import|shell|system|open|output|once|read|load"
    r"|save|restore|backup|clone|log|excel|trace|binary|cd|sha3sum|vfsname)\b"
)
HISTORY = r"(?:^|[\s;|&])!(?:-\d|\d{1,6}(?:$|[\s:;|&])|!(?:$|:|\s*[|;&])|\?\w|[#^$*](?:$|[\s:;|&]))"


CALL = (
    r"\w\(\s{0,3}['\"]/(?:etc|proc|root|var/log)/|(?<![\w>])(?<!\w\.)(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|eval|assert|execsync|spawnsync"
    r"|spawn|create_function|call_user_func(?:_array)?|"
    r"base64_decode|print|file_get_contents|include|require|readfile|qx|exec_shell)\s{0,9}\(\s{0,9}(?:['\"`$@]"
    r"|shell_|system|base64|(?:pwd|id|ls|whoami|dir|uname|ifconfig|hostname)(?=\s{0,3}\)))"
)
