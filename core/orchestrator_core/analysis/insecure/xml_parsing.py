"""XML whose entities read files or fill the memory (CWE-611, CWE-776)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import is_constant
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.records import Severity

_FIX = "Parse with defusedxml; lxml: XMLParser(resolve_entities=False, no_network=True)."
_BANDIT = ("B313", "B314", "B315", "B316", "B317", "B318", "B319", "B320")


def _own_file(site: Site) -> bool:
    """Whether the program names the file itself: nobody else wrote what is in it. bandit asks about any file."""
    own = site.last in ("parse", "iterparse") and bool(site.text(site.argument(0, "source", "file")))
    if own:
        site.judged(_BANDIT, harmless=True)
    return own


def _standard(site: Site) -> None:
    if not _own_file(site):
        site.found(
            "xml-entities",
            "An XML parser of the standard library expands entities",
            "medium",
            776,
            _FIX,
            confidence=0.6,
        )


def _sax(site: Site) -> None:
    """Harmless where the program itself switches external entities off."""
    if _own_file(site):
        return
    if _features_off(site):
        site.judged(_BANDIT, harmless=True)
        return
    site.found(
        "xml-entities", "An XML parser of the standard library expands entities", "medium", 611, _FIX, confidence=0.6
    )


def _features_off(site: Site) -> bool:
    function = site.where.node or site.evaluator.module
    off = [
        inner
        for inner in (ast.walk(function) if function is not None else ())
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "setFeature"
        and len(inner.args) == 2
        and "external_ges" in site.dotted(inner.args[0]) + (site.text(inner.args[0]) or "").replace("-general-entities", "external_ges")
    ]  # fmt: skip
    return bool(off) and all(is_constant(inner.args[1], False, 0) for inner in off)


def _lxml(site: Site) -> None:
    parser = site.argument(1, "parser")
    if parser is None:
        if _own_file(site):
            return
        site.found(
            "xml-entities",
            "lxml resolves entities unless its parser is told not to",
            "medium",
            611,
            _FIX,
            confidence=0.6,
        )
        return
    made = site.value(parser).made or site.dotted(parser)
    if "HTMLParser" in made or "defused" in made:
        site.judged(_BANDIT, harmless=True)


def _lxml_parser(site: Site) -> None:
    entities = site.keyword("resolve_entities")
    safe = is_constant(entities, False, 0) or site.text(entities) == "internal"
    if (
        not safe
        or is_constant(site.keyword("no_network"), False)
        or is_constant(site.keyword("load_dtd"), True)
        or is_constant(site.keyword("huge_tree"), True)
    ):
        severity: Severity = (
            "high"
            if is_constant(entities, True)
            or is_constant(site.keyword("no_network"), False)
            or is_constant(site.keyword("load_dtd"), True)
            else "medium"
        )
        site.found("xml-entities", "This parser resolves entities", severity, 611, _FIX)


def _feature(site: Site) -> None:
    if len(site.call.args) == 2 and is_constant(site.call.args[1], True, 1):
        name = site.dotted(site.call.args[0]) + (site.text(site.call.args[0]) or "")
        if (
            "external_ges" in name
            or "external-general-entities" in name
            or "external_pes" in name
            or "external-parameter" in name
        ):
            site.found("xml-entities", "External entities are switched on", "high", 611, _FIX)


def _to_python(site: Site) -> None:
    if is_constant(site.keyword("disable_entities"), False):
        site.found("xml-entities", "Entities are switched on", "high", 776, "Leave disable_entities on.")


_ET = ("xml.etree.ElementTree", "xml.etree.cElementTree", "cElementTree", "ElementTree")
FAMILY = Family(
    calls={
        **{f"{module}.{name}": _standard for module in _ET for name in ("parse", "fromstring", "iterparse", "XML", "XMLParser",
            "XMLPullParser", "fromstringlist", "XMLID")},
        **dict.fromkeys(("xml.dom.minidom.parse", "xml.dom.minidom.parseString", "xml.dom.pulldom.parse",
            "xml.dom.pulldom.parseString", "minidom.parseString", "minidom.parse",
                         "xml.dom.expatbuilder.parse", "xml.parsers.expat.ParserCreate"), _standard),
        **dict.fromkeys(("xml.sax.parse", "xml.sax.parseString", "xml.sax.make_parser"), _sax),
        **{f"{module}.{name}": _lxml for module in ("lxml.etree", "lxml.objectify") for name in ("parse", "fromstring", "XML",
            "iterparse")},
        "lxml.etree.XMLParser": _lxml_parser, "lxml.etree.ETCompatXMLParser": _lxml_parser, "xmltodict.parse": _to_python,
    },
    methods={"setFeature": _feature},
)  # fmt: skip
