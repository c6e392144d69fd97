"""Ordinary code that does what the rules ask for: nothing of medium or above is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator_core.analysis.code_scan import scan_python


def snippets() -> list[tuple[str, str]]:
    found = []
    for path in sorted((Path(__file__).parent / "code_quiet").glob("*.txt")):
        for part in path.read_text(encoding="utf-8").split("## ")[1:]:
            title, _, code = part.partition("\n")
            found.append((title, code))
    return found


@pytest.mark.parametrize(("title", "code"), snippets(), ids=[title for title, _ in snippets()])
def test_nothing_grave_is_said_about_ordinary_code(title: str, code: str) -> None:
    report = scan_python(code)
    assert report.error == ""
    assert [(f.rule, f.severity, f.line) for f in report.findings if f.severity not in ("info", "low")] == []


@pytest.mark.parametrize(
    "code",
    [
        "connect(verify_certs_off=1, cert_reqs='CERT_NONE')\n",
        "options = {'cert_reqs': 'CERT_NONE'}\n",
        "options['cert_reqs'] = 'CERT_NONE'\n",
        "client.cert_reqs = 'CERT_NONE'\n",
        "cert_reqs: str = 'CERT_NONE'\n",
    ],
)
def test_a_weakening_option_is_found_wherever_it_is_written(code: str) -> None:
    assert [f.rule for f in scan_python(code).findings if f.severity == "high"] == ["unchecked-certificate"]


@pytest.mark.parametrize(
    ("address", "severity"), [("url", "low"), ("'https://' + host + '/x'", "medium"), ("request.args['u']", "high")]
)
def test_an_address_is_as_grave_as_what_a_stranger_decides_of_it(address: str, severity: str) -> None:
    code = f"import requests\nfrom flask import request\ndef f(url, host):\n    requests.get({address}, timeout=3)\n"
    assert [f.severity for f in scan_python(code).findings if f.rule == "chosen-address"] == [severity]


def test_a_name_of_thousands_of_parts_is_not_given_to_the_parser() -> None:
    assert scan_python("import " + "a." * 5_000 + "a\n").error.startswith("not scanned: cannot be parsed")
    assert scan_python("x = 1.5\n" * 2_000).error == ""


def test_no_row_of_the_tables_is_empty_or_holds_an_empty_name() -> None:
    from orchestrator_core.analysis.insecure import table_rules

    assert all((row.calls or row.methods).split() for row in (*table_rules._SINKS, *table_rules._DANGERS))
    assert all(row.names.split() and (row.values or row.ends) for row in table_rules._SWITCHES)
    empty = [row.names for row in table_rules._SWITCHES if "" in row.values]
    assert empty == ["NotebookApp.token ServerApp.token ServerApp.password NotebookApp.password"]
