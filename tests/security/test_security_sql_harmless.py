"""Harmless values bound for a statement: names, measures, prose, code and arithmetic that only look like SQL."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_security.contract import ScanContext
from orchestrator_security.sinks.sql import SqlScanner

SQL = ScanContext(sink="sql")

VALUES = [
    "O'Brien", "D'Angelo and O'Neil", "l'amour d'une femme", "rock 'n' roll", "it's 5 o'clock -- or maybe 6",
    "The '90s -- a decade", "don't or won't", "Jack's or Jill's", "Ladies' and Men's shoes",
    "parents' or grandparents'", "the students' union select committee", 'European Union select committee on trade',
    'Please select an item from the menu', 'Select one or more from the list below',
    '5 in 1', '2 is 2', 'not (5)', '7 is not enough', 'sort order by 2 columns', 'having 2 of these',
    'select your size from the drop-down', 'Drop the table off at 5', 'create table and chairs',
    'insert the key into the lock and turn', 'update your settings to continue', 'delete from my list',
    'Delete the file from your computer', 'where do we go from here', 'order by Friday', 'order by phone',
    'group by age', 'having fun!', 'limit 5 per customer', '5\' 10"', "6' x 4'", '5\'-6" tall', '12" x 18" frame',
    '24" or 27" monitor', 'a 3" and 5" set', '2+2=4', 'x=1 and y=2', 'a < b and b < c',
    'if (a == 1 || b == 2) return;', "for (i = 0; i < n; i++) { x[i] = '\\0'; }",
    "char c = 'a'; if (c == '+' || c == '-') sign = c;", 'printf("%d items\n", n);', "s.split('-')",
    "s.replace('-', '_')", '"quoted" and "more"', "'single' and 'more'", '"foo" -bar +baz', '"salt" or "pepper"',
    'salt & pepper', 'R&B; soul; funk', 'AT&T', 'C++ / C#', 'C# developer -- senior', '#1 fan', '-- John Smith',
    'Best regards,\n-- \nJohn', '5 -- 10 days', 'e-mail: a@b.de', 'foo@bar.com; baz@qux.com',
    'https://example.org/search?q=a&b=c#top', "C:\\Users\\O'Hara\\file.txt", '/etc/init.d/foo', '1,2,3', '1-2',
    '1 + 1', '50% off -- today only!', '100% cotton & 5% elastane', '3 for 2', '1 or 2 bedrooms', '1 and 2', '2 or 3',
    'between 5 and 10', 'like a rolling stone', 'not in stock', 'in (stock)', 'null', 'NULL', 'true', 'false', 'None',
    'undefined', '0', '-1', '1e10', '0x1F', '#ff0000', 'a || b', 'a && b', '(a or b) and c',
    'title:(foo OR bar) AND NOT baz', 'price > 5 AND price < 10', 'color = red', 'status=open AND priority=high',
    '"union" jack', 'union station', 'select committee', 'UNION', 'DROP', 'executive summary', 'exec producer',
    'declare victory', 'cast (starring John)', 'convert (0.5 miles)', 'count (of Monte Cristo)', 'sleep (8 hours)',
    'user (admin)', 'the char (fish)', 'database (new)', 'version (2.0)', 'left (hand) side', 'if (and only if)',
    'replace (old) with (new)', 'min (5), max (10)', 'Call me (maybe)', 'Sum (total) = 5',
    'Waiting for delay of train', 'wait for delay', 'benchmark (test) results', 'load file from disk',
    'load data into memory', 'information schema', 'system user', 'Hello; how are you?', 'Yes; drop by anytime',
    'OK; select another', "foo'bar", "'tis the season", "'twas", "y'all", "Qur'an", "rock'n'roll",
    '"It\'s fine," she said.', "He said 'no' and left.", 'He said "yes" or "no"?', "'Yes' or 'no'?", '"A" = "B"',
    "it's = it is", "Jim's #1 pizza", "Jim's -- the best", "5'4", "Men's 10.5 / Women's 12", "Bob's; Jane's",
    "key='value'", "a='b' and c='d'", 'name="x" value="y"', '<a href="x">y</a>', "<p class='a'>it's</p>",
    '{"a": "b", "c": [1, 2]}', '{"name": "O\'Brien", "n": null}', "['a', 'b']", '("a", "b")',
    "('x', 'y'), ('z', 'w')", 'SELECT is a keyword of SQL', 'How do I write a SELECT with a JOIN?',
    'learn sql: select, insert, update, delete', "I'd like to order by mail",
    'the union of A and B where A is larger', 'grant money to schools', "the table's drop -- leaf", 'set x = 5',
    'set the table', 'begin again', 'commit; push; deploy', 'use python; not perl', 'show tables at the fair',
    'kill 5 birds', "print 'hello'", "if it's 5 or 6, call", "it's 1 = 1", 'why 1=1?', "x' = Ax", "f'(x) = 2x",
    "f''(x) + f'(x) = 0", "y' + y = 0", "y'' - 3y' + 2y = 0", "a' and b'", "A' or B'", "3' - 4'", '3\'6" - 4\'2"',
    'lat 52°31\'12" N, 13°24\'18" E', '40° 26\' 46" N 79° 58\' 56" W', "10'000", "1'000'000", '5 % 3', 'a|b',
    'a^2+b^2=c^2', 'e=mc^2', '-5 or -10', '+1 (212) 555-0100', '12/31/2024', '2024-01-31 10:00:00', '10:30-11:30',
    '50/50', '24/7', 'v1.2.3-rc.1', 'foo--bar', 'foo -- bar', '--help', '--dry-run=false', '-v --quiet',
    "git commit -m 'fix' -- path", "ls -la | grep 'foo'", 'SELECTED ITEMS FROM JAPAN', 'SELECT COMFORT',
    'SELECT BLINDS 50', 'UNION BAY JEANS', "UNION JACK 'FLAG'", 'TABLE AND CHAIRS', 'TABLE; CHAIRS', 'NOT NULL',
    'IS NULL', 'OR ELSE', 'AND THEN', 'BED & BATH', '"AS IS"', 'as is', 'LIKE NEW', 'LIKE "NEW"', '"LIKE" NEW',
    '18" DOLL CLOTHES', 'DOLL 18" OR 15"', 'SIZE 6 OR 8', 'SIZE 6 AND 8', '1/2" X 3/4"', '3/4" - 1"', '2" & 3"',
    '"2" & "3"', "'A' & 'B'", "CAT'S EYE", "CATS' EYES", "T'S & C'S", "MOM'S & DAD'S", 'MR. & MRS.', "'MR' & 'MRS'",
    '"HIS" AND "HERS"', "HIS' AND HERS'", '1 = 1', '1=1', 'a=a', 'x = x', '"a"="a"', '(1)', '(1,2)', '((a))', '{a}',
    '[a]', '@user', '@@', 'a@b', ':)', ';)', ':-)', ';-)', '<3', '>:(', '*', '%', '_', '-', '--', '#', ';', "'", '"',
    "''", '""', "Ms. O'Shea-D'Amico", "the '60s and '70s", "Where's Wally? Order by mail!",
    'Join us: from 5 to 9, limit 20 people', 'Select Comfort 5000, union made', 'Either/or; and/or',
    'if (n > 0 && m < 4) { n--; }', "SELECT COUNT is the button's label", 'He was dropped from the table',
    'values (as in ethics)', "it's '=' not '=='", "use '-' or '+' here", "Press 'or' twice", 'regexp: ^a+$',
    '#include <stdio.h>', '/* a comment */ int x;', "// it's fine", "key: 'value' # a note", 'a,b;c\n1,2;3',
    'x -- y -- z', '1--2', "C:\\Users\\it's\\a.txt", "100% 'organic'", 'rock & roll; rhythm & blues',
    'Group by the pool, order by the bar', 'having said that, 1 = one', 'like father like son',
    'is null island real?', 'between jobs', 'case closed; then what', "ends with a quote'", "'starts with a quote",
    "'a' or", "or 'a'",
    "Dear Sir,\nI'd like to select one of the tables from your list -- the oak one.\nYours, J. O'Hara",
    'Create Table reservation for 4', 'Drop table number for the wedding', 'as seen from space', 'AS SEEN FROM SPACE', '24" - "as is"',
    '@home decor / @work', 'size 2" between "S" and "M"', 'it\'s 5 - "or so"', 'Foo::name and std::string',
]  # fmt: skip


def found(value: str) -> list[str]:
    scanner = SqlScanner()
    return [hit.rule_id for hit in scanner.scan(value, SQL)] if scanner.prefilter(value, SQL) else []


@pytest.mark.parametrize("value", VALUES)
def test_a_harmless_value_passes(value: str) -> None:
    assert found(value) == []


FIRST = ["O'Brien", "D'Arcy", "N'Golo", "Ka'ahumanu"]
LAST = ["O'Neil", "and Sons", "or Smith", "- West", "#4", "-- est. 1920"]


@pytest.mark.parametrize(("first", "last"), list(product(FIRST, LAST)))
def test_names_with_apostrophes_pass(first: str, last: str) -> None:
    assert found(f"{first} {last}") == []


VERBS = ["select", "union", "drop", "insert", "update", "delete", "where", "from", "order", "like"]
THINGS = ["a lamp", "the table", "your size", "5 lamps", "it from the list"]


@pytest.mark.parametrize(("verb", "thing"), list(product(VERBS, THINGS)))
def test_prose_with_the_words_of_sql_passes(verb: str, thing: str) -> None:
    assert found(f"please {verb} {thing} today") == []
    assert found(f"{verb.upper()} {thing}") == []


@given(st.integers(0, 99), st.integers(0, 99), st.sampled_from("+-*/=<>"))
def test_arithmetic_passes(left: int, right: int, operator: str) -> None:
    assert found(f"{left} {operator} {right}") == []


@given(st.text(alphabet="abcdefg ,.?!éß", max_size=60))
def test_text_of_letters_passes(value: str) -> None:
    assert found(value) == []


@given(st.text(max_size=200))
def test_the_scanner_takes_any_text(value: str) -> None:
    for hit in SqlScanner().scan(value, SQL):
        assert 0 <= hit.start <= hit.end <= len(value)


SIGNS = [
    "'", '"', "`", "\\", "%27", "%", "/*", "*/", "/*!", "--", "#", ";", "\n", " ", "or", "1", "=", "select", "(", ")", "&#39;", "\ud800",
    "\0", "+", "union", ",", "%c0%80", "%u0000", "\uff07", "u/**/",
]  # fmt: skip


@given(st.lists(st.sampled_from(SIGNS), max_size=30).map("".join))
def test_the_scanner_takes_any_mixture_of_signs(value: str) -> None:
    for hit in SqlScanner().scan(value, SQL):
        assert 0 <= hit.start <= hit.end <= len(value)


@pytest.mark.parametrize("sink", ["model", "html", "shell", "path", "template"])
def test_other_sinks_are_none_of_its_business(sink: str) -> None:
    context = ScanContext(sink=sink)  # type: ignore[arg-type]
    assert not SqlScanner().prefilter("x' or 1=1 --", context)
    assert SqlScanner().scan("x' or 1=1 --", context) == ()


@pytest.mark.parametrize("value", ["", "\ud800", "\0", "x" * 10_000_000, "'" * 1_000_000, "/*" * 200_000], ids=len)
def test_odd_and_long_values_pass(value: str) -> None:
    assert found(value) == []
