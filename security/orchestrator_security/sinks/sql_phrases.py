"""Phrases that only a statement has, wherever in a value they stand: ``union select``, ``drop table``, ``into outfile``.

Each phrase is a pattern that begins with a word and is bounded, so the time is linear.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_security.sinks.encoded import lowered
from orchestrator_security.sinks.sql_found import Kind, Phrase
from orchestrator_security.sinks.sql_names import NAMES
from orchestrator_security.sinks.sql_query import goes_on_as_query, queries

_TRIES_MAX = 64
"""So many places of one kind are looked at in one value."""
_S = r"[\s\x00-\x20\xa0+(]"
"""What stands between words; parentheses as well, and the plus sign of web forms."""
_W = r"[\s\x00-\x20\xa0+]"
_NAME = r"(?:[`\"\[]?[a-z_][\w$.#]{0,64}+[`\"\]]?)"

_STATEMENTS: tuple[Kind, ...] = (
    Kind(
        "union",
        "high",
        "UNION SELECT reads other tables",
        ("union",),
        (
            rf"union{_S}{{0,40}}+(?:all{_S}{{0,40}}+|distinct{_S}{{0,40}}+"
            rf"|distinctrow{_S}{{0,40}}+)?(?:select(?![\w-])|values{_S}{{0,9}}+\d)"
        ),
    ),
    Kind(
        "set-operation",
        "high",
        "a set operation with another query",
        ("except", "intersect", "minus"),
        r"\b(?:except|intersect|minus)\s{1,20}(?:all\s{1,20})?select\s{0,20}(?:[*@(\d'\"]|null\b|[\w.]{1,64}\s{1,20}from\b)",
    ),
    Kind(
        "doubled-word",
        "medium",
        "a word of SQL within itself, for filters that take it out once",
        ("oorr", "anandd", "aandnd", "unionon", "nunion", "elselect", "seselect", "selectect"),
        r"\b(?:oorr|anandd|aandnd|ununionion|uniunionon|unionunion|selselectect|seselectlect|selselect)(?![a-z])",
    ),
    Kind(
        "comment",
        "medium",
        "a number and a comment that hides the rest",
        ("--", "/*"),
        r"^\s{0,9}-?\d{1,12}[\s)]{0,9}(?:--[\s+-]{0,3}|/\*)$",
    ),
    Kind(
        "division",
        "medium",
        "a division that makes the statement fail",
        ("div", "mod"),
        r"^\s{0,9}-?\d{1,12}\s{1,3}(?:div|mod)\s{1,3}\d{1,9}\s{0,9}$",
    ),
    Kind(
        "order",
        "medium",
        "a further clause whose number and comment probe the statement",
        ("order", "having"),
        rf"\border{_S}{{1,20}}by{_S}{{1,20}}\d{{1,4}}{_S}{{0,9}}(?:--|#|/\*|;|and{_S}{{0,9}}[(\"'\d])|\bhaving{_S}{{1,20}}\d{{1,9}}{_S}{{0,9}}[=<>]{_S}{{0,9}}\d",
    ),
    Kind(
        "file",
        "high",
        "a statement that reads or writes the server's files",
        (
            "into",
            "load",
            "open",
            "bfile",
            "pg_",
            "bulk",
            "copy",
            "program",
            "lo_",
        ),
        (
            rf"\binto{_S}{{1,20}}(?:outfile|dumpfile)\b|\bload_file{_S}{{0,9}}\("
            rf"|\bload{_S}{{1,20}}data{_S}{{1,20}}(?:local{_S}{{1,20}}|low_priority{_S}{{1,20}})?infile\b"
            r"|\b(?:load_extension|lo_import|lo_export|openrowset|opendatasource|openquery|openxml|bfilename"
            r"|pg_read_file|pg_ls_dir)\s{0,9}\("
            rf"|\bbulk{_S}{{1,20}}insert\b|\bcopy{_S}{{1,20}}[\w (),'*]{{1,60}}(?:from"
            rf"|to){_S}{{1,20}}(?:program\b|stdin\b|')|\bto{_S}{{1,20}}program{_S}{{1,9}}'"
        ),
    ),
    *(
        Kind("statement", "high", "a whole statement", hints, source)
        for hints, source in (
            (
                ("drop", "truncate", "alter", "create"),
                (
                    rf"(?:^|[;'\")(]|\*/|--){_S}{{0,20}}+(?:drop|truncate|alter"
                    rf"|create){_S}{{1,20}}+(?:temporary{_S}{{1,9}}+|or{_S}{{1,9}}+replace{_S}{{1,9}}+"
                    rf"|unique{_S}{{1,9}}+)?"
                    rf"(?:table|database|schema|view|index|user|function|procedure|trigger|column|role|login|sequence"
                    rf"|server|event|type|extension|tablespace|assembly"
                    rf"|alias){_S}{{1,20}}+(?:if{_S}{{1,9}}+(?:not{_S}{{1,9}}+)?exists{_S}{{1,9}}+)?{_NAME}(?={_W}{{0,20}}+(?:$"
                    rf"|[;(#),=']|--|/\*|as\b|identified\b|is\b"
                    rf"|for{_S}{{1,9}}+(?:login|certificate|asymmetric|insert|update|delete|logon|each|select|values)\b"
                    rf"|returns\b|on\b|add\b|drop\b|modify\b|cascade\b"
                    rf"|with\b|default\b|set\b))"
                ),
            ),
            (
                ("insert",),
                (
                    rf"insert(?<=\binsert){_S}{{1,20}}+(?:ignore{_S}{{1,9}}+|overwrite{_S}{{1,9}}+)?into{_S}{{1,20}}+{_NAME}{_W}{{0,20}}+"
                    rf"(?:\([^()]{{0,200}}+\){_W}{{0,20}}+)?(?:values?|select|set|default|exec)\b"
                ),
            ),
            (("merge",), rf"merge(?<=\bmerge){_S}{{1,20}}+into{_S}{{1,20}}+{_NAME}"),
            (
                ("replace",),
                (
                    rf"replace(?<=\breplace)(?:{_S}{{1,20}}+into{_S}{{1,20}}+{_NAME}"
                    rf"|{_W}{{1,20}}+\w{{1,64}}+{_W}{{0,20}}+\([^()]{{0,200}}+\){_W}{{0,20}}+(?:values|select)\b)"
                ),
            ),
            (
                ("update",),
                rf"update(?<=\bupdate){_S}{{1,20}}+{_NAME}{_S}{{1,20}}+set{_S}{{1,20}}+{_NAME}{_S}{{0,9}}+=",
            ),
            (
                ("delete",),
                (
                    rf"delete(?<=\bdelete){_S}{{1,20}}+(?:quick{_S}{{1,9}}+|low_priority{_S}{{1,9}}+|ignore{_S}{{1,9}}+)*+"
                    rf"from{_S}{{1,20}}+{_NAME}(?={_S}{{0,20}}+(?:$|[;'\"#]|--|/\*|where{_S}|limit{_S}|returning))"
                ),
            ),
            (
                ("grant", "revoke"),
                (
                    rf"(?:^(?!grant all (?:the|our|my) [a-z]{{1,20}} ?[a-z]{{0,20}} to [a-z ]{{1,60}}$)|[;'\")]){_S}{{0,20}}+"
                    rf"(?:grant|revoke){_S}{{1,20}}+(?:all|connect|resource|dba|select"
                    rf"|insert|update|delete|execute|create|drop|alter|usage|file|super|references"
                    rf"|privileges)\b[\w ,]{{0,80}}?\b(?:to|from|on){_S}{{1,9}}+(?:{_NAME}|\*)"
                ),
            ),
            (
                ("exec",),
                (
                    rf"exec(?<=\bexec)(?:ute)?(?:{_S}{{1,20}}+(?:immediate\b|master\b|xp\b|sp\b|\w{{1,40}}\.\.|sp_|xp_|@|\(?['@n]"
                    rf"|as{_S}{{1,9}}(?:login|user){_S}{{0,9}}=)|{_S}{{0,9}}\({_S}{{0,9}}['@\"])"
                ),
            ),
            (("if",), rf"if(?<=\bif){_S}{{0,9}}\([^()]{{1,80}}+\){_W}{{1,20}}+(?:select|drop|waitfor|begin|exec)\b"),
            (
                ("show",),
                rf"^{_W}{{0,9}}+show{_W}{{1,9}}+(?:tables|databases|schemas|grants|processlist)\b[\s;]{{0,9}}+$",
            ),
            (("declare",), rf"declare(?<=\bdeclare){_S}{{1,20}}+@\w"),
            (("set",), rf"set(?<=\bset){_S}{{1,20}}+@\w{{1,64}}{_S}{{0,9}}:?="),
            (("shutdown",), rf"shutdown(?<=\bshutdown){_S}{{1,9}}+(?:with{_S}{{1,9}}+nowait|immediate|abort)"),
            (("handler",), rf"handler(?<=\bhandler){_S}{{1,20}}+{_NAME}{_S}{{1,20}}+(?:open|read)\b"),
            (("tach",), rf"tach(?:(?<=\battach)|(?<=\bdetach)){_S}{{1,20}}+database{_S}{{1,9}}+['\"]"),
            (("identified",), rf"identified(?<=\bidentified){_S}{{1,9}}+by{_S}{{1,9}}+'"),
            (("prepare",), rf"prepare(?<=\bprepare){_S}{{1,20}}+\w{{1,64}}{_S}{{1,9}}+from{_S}{{0,9}}+['@\"]"),
            (("backup",), rf"backup(?<=\bbackup){_S}{{1,9}}+database{_S}{{1,9}}+\w"),
            (
                (";",),
                (
                    rf";{_W}{{0,20}}+(?:--[\s+-]{{0,9}}+$|[(\s\x00-\x20\xa0+]{{0,20}}+(?:declare{_S}|exec\b|execute\b|waitfor\b|shutdown\b"
                    rf"|print{_S}{{1,9}}@|copy{_S}{{1,9}}\w{{1,64}}{_S}{{1,9}}(?:from|to)\b))"
                ),
            ),
        )
    ),
    Kind(
        "nosql",
        "high",
        "an operator of a document database",
        (
            "$",
            "db.",
            "this.",
            "date",
            "while",
            "return",
            "sleep",
        ),
        (
            r"\[\$(?:n?eq?|[lg]te?|n?in|mod|all|size|exists|type|slice|n?or|and|not|where|elemmatch|regex"
            r"|text|expr|comment|geo\w{1,20})\]"
            r"|[\"']\$(?:ne|eq|[lg]te?|n?in|n?or|and|not|where|elemmatch|regex|exists|expr|function"
            r"|func)[\"']\s{0,9}:|\$where\s{0,9}[:=]|\{\s{0,9}\$(?:ne|[lg]te?|n?in|regex|where"
            r"|exists)\s{0,9}:"
            r"|[\"']\s{0,9}(?:;|\|\||&&)[^\"']{0,80}?(?:\bnew\s{1,9}date\b|\bwhile\s{0,9}\(|\breturn\b"
            r"|\bthis\.\w|\bdb\.\w|\bsleep\s{0,9}\()|\bthis\.\w{1,40}\.match\(|\bdb\.\w{1,40}\.(?:insert|find"
            r"|drop|remove|update|save|aggregate)\w{0,10}\("
        ),
    ),
    Kind(
        "directory-filter",
        "high",
        "an LDAP filter that goes on behind the value",
        (
            "(|",
            "(&",
            "(!",
            ")(",
            "( |",
            "( &",
            "( !",
        ),
        (
            r"(?:^|[*)])\(\s{0,9}[|&!]\s{0,9}\(\s{0,9}[\w.*-]{0,40}+\s{0,9}[=~<>]|\*\)\(\s{0,9}[&|!\w][\w.-]{0,40}+(?:="
            r"|\()|\)\(\w{1,40}=\*\)?|^\*\(\||\*\)\(\([|&!]"
        ),
    ),
)


def phrases(text: str) -> Iterator[Phrase]:
    """At most one place for each kind of phrase."""
    plain = lowered(text)
    known = ""
    for kind in (*_STATEMENTS, *NAMES):
        if kind.rule == known or not any(hint in plain for hint in kind.hints):
            continue
        for match in islice(compiled(kind.source).finditer(plain), _TRIES_MAX):
            if kind.rule == "union" and not goes_on_as_query(text, match.end()):
                continue
            known = kind.rule
            yield Phrase(kind.rule, match.start(), match.end(), kind.severity, kind.message)
            break
    yield from queries(text, plain)
