"""Answers made without a framework, and markup outside of views: WSGI, CGI, mails, ``__html__`` (CWE-79, 113, 601)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from orchestrator_core.analysis.insecure.names import constant_text
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, HOST, HTML, LINE
from orchestrator_core.analysis.insecure.web_output import has_tags

_FIX = "Escape it with html.escape or markupsafe.escape."
_LINE = "Remove \\r and \\n, or accept only known values."
_AWAY = "Redirect to a fixed path, or accept only addresses without a host."
_BUILT = (ast.JoinedStr, ast.BinOp, ast.Call)


def _started(site: Site) -> None:
    """``start_response(status, [("Location", environ["QUERY_STRING"])])``."""
    headers = site.argument(1, "headers", "response_headers")
    for pair in getattr(headers, "elts", ()):
        if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
            _sent(site, constant_text(pair.elts[0]) or "", pair.elts[1])


def _sent(site: Site, name: str, value: ast.AST) -> None:
    found = site.value(value)
    if name.lower() == "location" and not found.head.startswith(("https://", "/")) and found.levels[HOST] >= HANDED_IN:
        site.by_level(found.levels[HOST], "chosen-redirect", "A redirect goes to an address", 601, _AWAY)
    elif found.levels[LINE] >= FROM_OUTSIDE:
        message = "A header holds a text that comes from outside and may hold line breaks"
        site.found("header-text", message, "medium", 113, _LINE, confidence=0.6)


def _headers(site: Site) -> None:
    """``Response(status=302, headers={"Location": url})``."""
    headers = (
        site.keyword("headers")
        if site.last in ("Response", "HttpResponse", "HTTPException", "PlainTextResponse")
        else None
    )
    if isinstance(headers, ast.Dict):
        for key, value in zip(headers.keys, headers.values, strict=True):
            _sent(site, constant_text(key) or "", value)


def _returned(site: Site) -> None:
    """What a WSGI program gives, ``[page.encode()]``, and what an object says of itself as markup."""
    node = site.node.value if isinstance(site.node, ast.Return) else None
    arguments = getattr(getattr(site.where.node, "args", None), "args", ())
    if node is None:
        return
    if any(argument.arg == "start_response" for argument in arguments) and has_tags(node):
        site.by_level(site.level(node, HTML), "page-text", "A page is made with a text", 79, _FIX)
    elif site.where.name == "__html__" and isinstance(node, _BUILT) and has_tags(node) and not _all_quoted(node):
        site.found("markup-text", "An object's text is declared harmless markup", "medium", 79, _FIX, confidence=0.5)


def _all_quoted(node: ast.AST) -> bool:
    parts = list(_parts(node))
    return all(
        isinstance(p, ast.Constant) or (isinstance(p, ast.Call) and "escape" in ast.unparse(p.func)) for p in parts
    )


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield part.value if isinstance(part, ast.FormattedValue) else part
    elif isinstance(node, ast.BinOp):
        yield from _parts(node.left)
        yield from _parts(node.right)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        yield from node.args
    else:
        yield node


def _printed(site: Site) -> None:
    for argument in site.call.args:
        if has_tags(argument) and site.level(argument, HTML) >= FROM_OUTSIDE and site.uses("cgi", "os", "sys"):
            site.found(
                "page-text", "A page is made with a text that comes from outside", "high", 79, _FIX, confidence=0.7
            )
            return


def _mailed(site: Site) -> None:
    """``MIMEText(f"<p>{name}</p>", "html")``, ``message.add_alternative(page, subtype="html")``, ``send_mail(html_message=...)``."""
    kind = site.text(site.argument(1, "_subtype", "subtype", "mimetype")) or ""
    node = site.keyword("html_message") or site.keyword("html") or site.keyword("html_body")
    if node is None and "html" in kind:
        node = site.argument(0, "_text", "content")
    if node is not None and (has_tags(node) or site.level(node, HTML) >= FROM_OUTSIDE):
        site.by_level(site.level(node, HTML), "mail-markup", "A mail's page is made with a text", 79, _FIX)


def _formatted(site: Site) -> None:
    """``format_html(f"<b>{x}</b>")``: what is put in before is not escaped."""
    node = site.argument(0, "format_string")
    if isinstance(node, _BUILT):
        site.by_level(site.level(node, HTML), "markup-text", "A text is declared harmless markup", 79,
            "Pass the values as arguments of format_html.")  # fmt: skip


def _lookup(site: Site) -> None:
    """mako escapes only where it is told to."""
    if site.keyword("default_filters") is None:
        site.found("unescaped-templates", "Templates do not escape what they show", "medium", 79,
            'Pass default_filters=["h"].', confidence=0.6)  # fmt: skip


def _protocol(site: Site) -> None:
    r"""``sock.sendall(("GET " + path + " HTTP/1.1\\r\\n").encode())``: a line of a protocol with a text in it."""
    node = site.argument(0, "data")
    if node is None or site.level(node, LINE) < HANDED_IN or not isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call):
        return
    if any(isinstance(i, ast.Constant) and isinstance(i.value, str | bytes) and ("\r\n" in i.value if isinstance(i.value,
        str) else b"\r\n" in i.value)
           for i in ast.walk(node)):  # fmt: skip
        site.by_level(site.level(node, LINE), "protocol-line", "A command of a protocol holds a text that may end its line", 93,
            "Refuse values with \\r or \\n, or use a library of the protocol.")  # fmt: skip


FAMILY = Family(
    calls={
        "print": _printed, **dict.fromkeys(("mako.lookup.TemplateLookup", "TemplateLookup"), _lookup),
        **dict.fromkeys(("django.utils.html.format_html", "format_html"), _formatted),
    },
    methods={
        "start_response": _started,
        **dict.fromkeys(("Response", "HttpResponse", "HTTPException", "PlainTextResponse"), _headers),
        **dict.fromkeys(("MIMEText", "add_alternative", "set_content", "attach_alternative", "send_mail", "EmailMessage", "Mail",
            "Message"), _mailed),
        **dict.fromkeys(("send", "sendall", "write"), _protocol),
    },
    returns=(_returned,),
)  # fmt: skip
