"""bandit's findings, graded by what the place itself tells.

bandit looks at one call at a time: it calls a constant text, a quoted one and one that was compared with a list equally
dangerous. Where the flow of values shows that a place is harmless, its finding drops to low; it is kept, since the flow sees
one function only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from orchestrator_core.analysis.findings import CodeFinding
from orchestrator_core.analysis.insecure.fixes import BY_TEST
from orchestrator_core.analysis.insecure.site import Report

_ALWAYS_LOW = {
    # pyCrypto is gone from the index since 2024; whoever writes `from Crypto...` now means PyCryptodome, which is maintained.
    # Its weak ciphers and modes have findings of their own.
    "B413": "low",
    # The import of telnetlib or ftplib; the connection has a finding of its own.
    "B401": "low",
    "B402": "low",
}
_CLOSER_CWE = {
    # bandit files these under a neighbour: running Python under shells (78), unescaped pages under code (94), weak hashes under ciphers.
    **dict.fromkeys(("B102", "B307"), "CWE-95"),
    **dict.fromkeys(("B701", "B702"), "CWE-79"),
    **dict.fromkeys(("B303", "B324"), "CWE-328"),
    "B506": "CWE-502",
}
_OWN_KNOWS_BETTER = {
    # mako: `Template(x)` is flagged even with default_filters=["h"]; the own rule looks at where the text comes from.
    "B702": "low",
    # The import of xmlrpc, also where defusedxml repairs it; what parses and serves has findings of its own.
    "B411": "low",
    # Every model that is loaded by name; those whose own code runs have a finding of their own.
    "B615": "low",
    # Any call with shell=True, also of functions that are no subprocess; the own rule knows those of subprocess.
}

_LOW_UNLESS_CONFIRMED = frozenset(("B108",))
"""Any constant below /tmp, also a folder to unpack into or to mount; own rules confirm those that are opened or made."""


def graded(findings: Iterable[CodeFinding], report: Report) -> Iterator[CodeFinding]:
    """The findings with their fixes, and those that the flow cleared at low."""
    for finding in findings:
        known = replace(finding, fix=BY_TEST.get(finding.rule, ""), cwe=_CLOSER_CWE.get(finding.rule, finding.cwe))
        confirmed = finding.line in report.confirmed.get(finding.rule, ())
        harmless = not confirmed and (
            finding.rule in _LOW_UNLESS_CONFIRMED or finding.line in report.harmless.get(finding.rule, ())
        )
        if finding.severity != "low" and (harmless or finding.rule in _ALWAYS_LOW or finding.rule in _OWN_KNOWS_BETTER):
            known = replace(known, severity="low", confidence=min(known.confidence, 0.3))
        yield known
