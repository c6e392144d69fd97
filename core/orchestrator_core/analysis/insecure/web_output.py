"""Pages that hold a stranger's text as markup (CWE-79, CWE-91), headers that hold line breaks (CWE-113)."""

from __future__ import annotations

import ast
import re
from functools import cache

from orchestrator_core.analysis.insecure.handlers import is_routed
from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, HTML, LINE, UNKNOWN, XML
from orchestrator_core.records import Severity

_FIX = "Escape it with markupsafe.escape or html.escape, or show it through an autoescaped template."


_DECODERS = (
    "urllib.parse.unquote",
    "urllib.parse.unquote_plus",
    "urllib.parse.unquote_to_bytes",
    "html.unescape",
    "unquote",
    "unquote_plus",
)


@cache
def _page_tag() -> re.Pattern[str]:
    return re.compile(
        r"</?(?:html|head|body|title|h[1-6]|p|div|span|a|b|i|em|strong|ul|ol|li|table|tr|td|th|form|input|img|script|style|iframe|br|hr|"
        r"button|textarea|option|select|label|pre|code|nav|section|article|header|footer|svg)(?:[\s>/]|$)",
        re.IGNORECASE,
    )


@cache
def _any_tag() -> re.Pattern[str]:
    return re.compile(r"</[A-Za-z_]")


def _markup(site: Site) -> None:
    """``Markup`` and ``mark_safe`` say that a text is harmless. bandit flags constants through variables as well."""
    node = site.argument(0)
    level = site.level(node, HTML)
    site.judged(("B308", "B703", "B704"), harmless=level == 0)
    site.by_level(level, "markup-text", "A text is declared harmless markup", 79, _FIX)
    if level == UNKNOWN:
        site.found("markup-text", "A text is declared harmless markup", "medium", 79, _FIX, confidence=0.5)


def _page(site: Site) -> None:
    node = site.argument(0, "content", "response", "body", "text")
    kind = " ".join(
        filter(
            None, map(site.text, (site.keyword("content_type"), site.keyword("mimetype"), site.keyword("media_type")))
        )
    )
    if kind and "html" not in kind and "xml" not in kind:
        return
    if isinstance(node, ast.Dict):
        return
    if (
        site.last == "Response"
        and not kind
        and (site.uses("fastapi", "starlette", "rest_framework") and not site.uses("flask"))
    ):
        return
    if "aiohttp" in site.name and "html" not in kind:
        return
    if site.level(node, HTML) >= FROM_OUTSIDE or (site.level(node, HTML) == HANDED_IN and has_tags(node)):
        site.by_level(site.level(node, HTML), "page-text", "A page is made with a text", 79, _FIX)


def _written(site: Site) -> None:
    """tornado's ``self.write`` and ``self.wfile.write``; a line of a log that is written by hand."""
    name = site.dotted(site.call.func)
    _logged(site, name)
    if name in ("self.write", "self.finish", "self.wfile.write", "response.write", "resp.write") and site.call.args:
        node = site.call.args[0]
        if not isinstance(node, ast.Dict) and site.level(node, HTML) >= FROM_OUTSIDE:
            site.found(
                "page-text", "A page is made with a text that comes from outside", "high", 79, _FIX, confidence=0.8
            )


def _logged(site: Site, name: str) -> None:
    node = site.argument(0)
    if not isinstance(node, ast.BinOp | ast.JoinedStr) or site.level(node, LINE) < HANDED_IN:
        return
    where = f"{site.where.name} {name}".lower()
    last = node.right if isinstance(node, ast.BinOp) else node.values[-1] if node.values else None
    if (constant_text(last) or "").endswith("\n") and any(word in where for word in ("log", "audit", "journal")):
        message = "A line of a log holds a text that may hold line breaks"
        site.found("log-lines", message, "low", 117, "Write repr(text), or remove \\r and \\n.", confidence=0.5)


def _returned(site: Site) -> None:
    node = site.node.value if isinstance(site.node, ast.Return) else None
    if isinstance(node, ast.Tuple) and node.elts:
        if any(_tells_other_type(part) for part in node.elts[1:]):
            return
        node = node.elts[0]
    if node is None or isinstance(node, ast.Dict | ast.List | ast.Constant):
        return
    if isinstance(node, ast.Call) and last_name(node.func) == "json":
        return  # a dictionary is sent as JSON
    if site.where.answers == "html":
        made = site.value(node).made
        if site.level(node, HTML) >= FROM_OUTSIDE and not made.startswith(
            ("json", "flask.jsonify", "dict", "flask.redirect")
        ):
            if (
                isinstance(node, ast.Call)
                and site.dotted(node.func).rpartition(".")[2]
                in ("redirect", "make_response", "Response", "send_file", "send_from_directory", "get", "abort")
                and not made.startswith("flask.request")
            ):
                return
            # Without a route it is not sure that the text is a page at all.
            sure = (
                is_routed(site.where.node, site.where.in_class)
                or isinstance(node, ast.JoinedStr | ast.BinOp)
                or has_tags(node)
            )
            message = "A view answers with a text that comes from outside"
            site.found("page-text", message, "high" if sure else "low", 79, _FIX, confidence=0.8 if sure else 0.4)
        return
    if isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call) and site.level(node, HTML) >= HANDED_IN:
        if has_tags(node):
            level = site.level(node, HTML)
            site.by_level(level, "page-text", "Markup is put together with a text", 79, _FIX)
        elif has_tags(node, any_tag=True) and site.level(node, XML) >= HANDED_IN:
            site.by_level(
                site.level(node, XML),
                "xml-text",
                "XML is put together with a text",
                91,
                "Escape it with xml.sax.saxutils.escape, or build elements with a library.",
            )


def _tells_other_type(node: ast.AST) -> bool:
    """``{"Content-Type": "text/plain"}`` behind the text: a browser shows no markup of it."""
    return isinstance(node, ast.Dict) and any(
        (constant_text(key) or "").lower() == "content-type"
        and (text := constant_text(value)) is not None
        and "html" not in text
        and "xml" not in text
        for key, value in zip(node.keys, node.values, strict=True)
    )


def has_tags(node: ast.AST | None, *, any_tag: bool = False) -> bool:
    """Whether a literal inside an expression holds a tag of a page; ``any_tag`` takes those of any XML."""
    if node is None:
        return False
    pattern = _any_tag() if any_tag else _page_tag()
    return any(
        isinstance(inner, ast.Constant)
        and isinstance(inner.value, str)
        and "<" in inner.value
        and pattern.search(inner.value[:5000])
        for inner in ast.walk(node)
    )


def _assigned(site: Site) -> None:
    node = site.node
    if not isinstance(node, ast.Assign) or node.value is None:
        return
    value, target = node.value, node.targets[0]
    if isinstance(value, ast.JoinedStr | ast.BinOp) or (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "format"
    ):
        if has_tags(value) and site.level(value, HTML) >= FROM_OUTSIDE:
            site.found(
                "page-text",
                "Markup is put together with a text that comes from outside",
                "medium",
                79,
                _FIX,
                confidence=0.7,
            )
        elif has_tags(value, any_tag=True) and not has_tags(value) and site.level(value, XML) >= HANDED_IN:
            site.by_level(
                site.level(value, XML),
                "xml-text",
                "XML is put together with a text",
                91,
                "Escape it with xml.sax.saxutils.escape, or build elements with a library.",
            )
    # A header of the answer, set by its name.
    if isinstance(target, ast.Subscript):
        name = site.dotted(target.value)
        if (
            name.endswith("headers")
            or ("response" in name.lower() and not name.endswith(("session", "data")))
            or "HttpResponse()" in name
        ):
            level = site.level(value, LINE)
            if level >= FROM_OUTSIDE:
                site.found(
                    "header-text",
                    "A header holds a text that comes from outside and may hold line breaks",
                    "medium",
                    113,
                    "Remove \\r and \\n, or accept only known values.",
                    confidence=0.6,
                )


def _header(site: Site) -> None:
    name = site.dotted(site.call.func)
    own = site.last == "send_header"  # of `http.server`, which writes what it is given
    if len(site.call.args) < 2 or not (own or "header" in name.lower()):
        return
    value = site.call.args[1]
    level = site.level(value, LINE)
    if level >= FROM_OUTSIDE or (level == HANDED_IN and _is_decoded(site, value)):
        _broken_header(site, "medium")
    elif level == HANDED_IN and own:
        _broken_header(site, "low")


def _is_decoded(site: Site, value: ast.AST) -> bool:
    """Whether ``%0d%0a`` became a line break: ``"/home?lang=" + unquote(lang)``."""
    return any(
        (isinstance(inner, ast.Call) and site.dotted(inner.func) in _DECODERS)
        or (isinstance(inner, ast.Name) and site.value(inner).made.removesuffix("()") in _DECODERS)
        for inner in ast.walk(value)
    )


def _broken_header(site: Site, severity: Severity) -> None:
    message = "A header holds a text that may hold line breaks"
    site.found(
        "header-text", message, severity, 113, "Remove \\r and \\n, or accept only known values.", confidence=0.6
    )


def _template(site: Site) -> None:
    """A template in the program that shows a value with ``|safe``."""
    text = site.text(site.argument(0, "source")) or ""
    if "safe" not in text and "autoescape false" not in text:
        return
    if "|safe" in text.replace(" ", "") or "autoescape false" in text or "autoescape off" in text:
        given = [*site.call.args[1:], *(k.value for k in site.call.keywords)]
        level = max((site.level(value, HTML) for value in given), default=0)
        site.found(
            "markup-text", "A template shows a value without escaping it", "high" if level >= FROM_OUTSIDE else "medium", 79,
            "Leave |safe out.", confidence=0.7,
        )  # fmt: skip


def _unsafe(site: Site) -> None:
    """streamlit's ``markdown(text, unsafe_allow_html=True)``."""
    if is_constant(site.keyword("unsafe_allow_html"), True) and site.call.args:
        site.by_level(site.level(site.call.args[0], HTML), "page-text", "A page is made with a text", 79, _FIX)


FAMILY = Family(
    calls=dict.fromkeys(
        ("markupsafe.Markup", "flask.Markup", "jinja2.Markup", "Markup", "django.utils.safestring.mark_safe", "mark_safe",
         "django.utils.safestring.SafeString", "django.utils.html.mark_safe", "django.utils.safestring.SafeText",
             "jinja2.utils.markupsafe.Markup",
         "django.utils.html.html_safe"),
        _markup,
    ),
    methods={
        **dict.fromkeys(("HttpResponse", "HTMLResponse", "make_response", "Response", "HttpResponseBadRequest",
            "HttpResponseNotFound", "HttpResponseServerError"), _page),
        **dict.fromkeys(("markdown", "caption"), _unsafe),
        **dict.fromkeys(("render_template_string", "from_string", "Template"), _template),
        **dict.fromkeys(("write", "finish"), _written),
        **dict.fromkeys(("send_header", "set_header", "add_header", "add", "setdefault"), _header),
    },
    assignments=(_assigned,),
    returns=(_returned,),
)  # fmt: skip
