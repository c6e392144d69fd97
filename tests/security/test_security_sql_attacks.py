"""SQL in values bound for a statement: the families of the literature, each in many shapes."""

from __future__ import annotations

import base64
from itertools import product
from urllib.parse import quote

import pytest

from orchestrator_security.contract import ScanContext
from orchestrator_security.sinks.sql import SqlScanner

SQL = ScanContext(sink="sql")


def rules(value: str) -> set[str]:
    scanner = SqlScanner()
    return {hit.rule_id for hit in scanner.scan(value, SQL)} if scanner.prefilter(value, SQL) else set()


LEAVING = ["lamp'", "lamp')", "lamp'))", 'lamp"', 'lamp")', "'", '"', "7", "7)", "-7", "x\\'"]
CONDITIONS = [
    "or 4=4",
    "OR 'k' = 'k'",
    "and 3>2",
    "|| 8=8",
    "Or NoT 5=6",
    "or(6)=(6)",
    "and 'a' like 'a'",
    "xor 2=2",
    "or 3 between 2 and 9",
]
HIDING = [" --", " -- -", "#", " /*", "-- x"]


@pytest.mark.parametrize(("leaving", "condition", "hiding"), list(product(LEAVING, CONDITIONS, HIDING)))
def test_a_condition_behind_the_value(leaving: str, condition: str, hiding: str) -> None:
    assert rules(f"{leaving} {condition}{hiding}")


OPERATORS = ["or", "and", "||", "&&", "xor", "=", "like", "<>", "rlike", "^", "|"]


@pytest.mark.parametrize(("quote_mark", "operator"), list(product("'\"", OPERATORS)))
def test_the_statement_closes_the_last_string(quote_mark: str, operator: str) -> None:
    value = f"lamp{quote_mark} {operator} {quote_mark}lamp"
    assert rules(value)
    assert rules(f"lamp{quote_mark}{operator}{quote_mark}lamp") or operator.isalpha()


@pytest.mark.parametrize("leaving", ["lamp' ", "7 ", "-1) ", 'lamp") ', "", "7/**/", "7\t", "7\xa0"])
@pytest.mark.parametrize(
    "clause",
    [
        "union select 4,name,price from lamps",
        "UNION ALL SELECT null,null-- ",
        "union(select(4),(5))#",
        "uNiOn/**/dIsTiNcT/**/sElEcT/**/4",
        "order by 9-- ",
        "group by name having 4=4#",
        "procedure analyse()",
        "into outfile '/srv/x.php'-- ",
        "and sleep(4)-- ",
        "or benchmark(4000000,md5(4))#",
        "and ascii(substr((select name from lamps limit 1),1,1))>70",
        "and extractvalue(4,concat(0x7e,version()))",
        "and (select count(*) from information_schema.tables)>4",
        "and 4=cast((select version()) as int)-- ",
        "and (select case when (4=4) then 5 else 6 end)=5",
        "limit 4 union select 5",
    ],
)
def test_a_clause_behind_the_value(leaving: str, clause: str) -> None:
    assert rules(leaving + clause)


@pytest.mark.parametrize(
    "value",
    [
        "7; drop table lamps",
        "lamp'; drop table lamps; --",
        "lamp'; update lamps set price=0 where 'a'='a",
        "7;insert into lamps(name) values('x')",
        "7; delete from lamps",
        "lamp'; exec master..xp_cmdshell 'dir'--",
        "lamp'; waitfor delay '0:0:9'--",
        "7;select pg_sleep(9)",
        "lamp'; begin declare @n int",
        "lamp'; shutdown--",
        "lamp';desc lamps; --",
        "truncate table lamps",
        "grant select on lamps to public",
        "select * from lamps where id=4",
        "select name, price from lamps",
        "(select(4)from(select(sleep(9)))n)",
        "xp_dirtree",
        "sqlite_master",
        "@@hostname",
        "7 or @@version like '8%'",
        "lamp'--",
        "lamp'#",
        "lamp'/*",
        "lamp') -- ",
        "7-true",
        "7||utl_http.request('http://a.b')",
        "load_file('/etc/hostname')",
        "bulk insert lamps from 'c:\\x.csv'",
        "7 and user_name()='dbo'",
        "lamp'+char(76)+char(77)+'",
        "lamp'||chr(76)||chr(77)||'",
        "7/*!50000or*/4=4",
        "9.e(select",
        "price::text",
        "2.2250738585072012e-308",
        "lamps[$gt]=",
        '{"$ne": null}',
        "lamp'; return this.price; var a='",
        "*)(|(cn=*))",
        "7 intersect select name from lamps",
        "7 is not null",
        "7 not in (0)",
        "7 like 7",
        "not(4=5)",
        "lamp) ORDER BY 6--+",
        "lamp%09HAVING%096252=6252",
        "lamp' ununionion selselectect 4 -- ",
        "7) -- ",
        "price->>'euro'='4'",
        "nullif(price,4)=4 or 5=5",
        "lamp'+price+'lamp",
        "lamp' or not(4=5) or 'a'='b",
        "' or ''-'",
    ],
)
def test_statements_calls_and_names_that_only_a_database_has(value: str) -> None:
    assert rules(value)


PLAIN = "lamp' union select name from lamps -- "


@pytest.mark.parametrize(
    "disguised",
    [
        quote(PLAIN),
        quote(quote(PLAIN)),
        quote(quote(quote(PLAIN))),
        "".join(f"%{ord(c):02x}" for c in PLAIN),
        "".join(f"%u{ord(c):04x}" for c in PLAIN),
        "".join(f"\\u{ord(c):04x}" for c in PLAIN),
        "".join(f"&#{ord(c)};" for c in PLAIN),
        "".join(f"&#x{ord(c):x}" for c in PLAIN),
        "".join(f"%{c}" if c.isalpha() else c for c in PLAIN),
        PLAIN.replace("'", "\uff07"),
        PLAIN.replace("'", "%EF%BC%87"),
        PLAIN.replace("'", "%c0%a7"),
        PLAIN.replace("'", "%bf%27"),
        PLAIN.replace(" ", "/**/"),
        PLAIN.replace(" ", "/*lamp*/"),
        PLAIN.replace(" ", "+"),
        PLAIN.replace(" ", "%0b"),
        PLAIN.replace(" ", "--lamp\n"),
        PLAIN.replace(" ", "#lamp\n"),
        PLAIN.replace("union select", "/*!50000union*/ /*!select*/"),
        PLAIN.replace("union", "un/**/ion").replace("select", "sel/**/ect"),
        PLAIN.replace("union", "9e0union"),
        PLAIN.swapcase(),
        "".join(c.upper() if i % 2 else c for i, c in enumerate(PLAIN)),
        base64.b64encode(PLAIN.encode()).decode(),
    ],
)
def test_disguises_are_undone(disguised: str) -> None:
    assert rules(disguised)


def test_a_hit_says_where_what_and_which_weakness() -> None:
    value = "lamps of 1920' or 4=4 -- "
    (hit, *_) = SqlScanner().scan(value, SQL)
    assert value[hit.start] == "'" and hit.end <= len(value)
    assert hit.category == "sql_injection" and hit.rule_id == "sql.tautology" and hit.severity == "high"
    assert hit.cwe == "CWE-89" and hit.owasp_llm == "LLM05" and not hit.kind
    assert "1920" not in hit.message and hit.message.startswith("SQL injection: ")


def test_a_hit_in_a_decoded_form_points_into_the_text_as_given() -> None:
    value = "lamp%27%20or%204%3D4%20--%20"
    (hit, *_) = SqlScanner().scan(value, SQL)
    assert value[hit.start : hit.start + 3] == "%27"
    assert value[hit.start : hit.end].startswith("%27%20or%204%3D4")
