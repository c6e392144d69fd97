"""A stranger's text in tables and mails, where its first sign or a line break is a command (CWE-93, CWE-1236)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, LINE, TYPE

_CELL = "Put a ' before text that begins with = + - @, a tab or a line break."
_MAIL = "Use email.message.EmailMessage, which refuses line breaks in headers."


def _row(site: Site) -> None:
    made = site.dotted(site.call.func)
    if not made.startswith(
        ("csv.writer().", "csv.DictWriter().", "openpyxl.", "writer.", "sheet.", "ws.", "worksheet.")
    ):
        return
    if not site.uses("csv", "openpyxl", "xlsxwriter"):
        return
    if any(site.level(a, TYPE) >= HANDED_IN for a in site.call.args):
        site.found(
            "formula-cell", "A spreadsheet may run a cell that begins with =", "low", 1236, _CELL, confidence=0.4
        )


def _mailed(site: Site) -> None:
    """``smtp.sendmail(sender, to, text)`` with headers that are put together."""
    text = site.argument(2, "msg")
    if text is None:
        return
    value = site.value(text)
    head = value.head.lower()
    if value.levels[LINE] >= HANDED_IN and (
        head.startswith(("from:", "subject:", "to:", "reply-to:")) or _has_header(text)
    ):
        site.by_level(value.levels[LINE], "mail-header", "A mail's header holds a text", 93, _MAIL)


def _has_header(node: ast.AST) -> bool:
    return any(
        isinstance(i, ast.Constant)
        and isinstance(i.value, str)
        and i.value.lstrip().lower().startswith(("from:", "subject:", "to:"))
        for i in ast.walk(node)
    )


def _assigned(site: Site) -> None:
    """``message["Subject"] = request.form["subject"]`` on the old classes, which keep line breaks."""
    node = site.node
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Subscript):
        return
    target = node.targets[0]
    if (constant_text(target.slice) or "").lower() not in ("subject", "from", "to", "reply-to", "cc", "bcc"):
        return
    made = site.dotted(target.value)
    if any(kind in made for kind in ("MIMEText()", "MIMEMultipart()", "Message()")) and "EmailMessage" not in made:
        level = site.level(node.value, LINE)
        if level >= FROM_OUTSIDE:
            site.found(
                "mail-header",
                "A mail's header holds a text that comes from outside",
                "medium",
                93,
                _MAIL,
                confidence=0.5,
            )
        elif level == HANDED_IN:
            site.found(
                "mail-header", "A mail's header holds a text that is handed in", "low", 93, _MAIL, confidence=0.3
            )


FAMILY = Family(
    methods={**dict.fromkeys(("writerow", "writerows", "append", "write", "cell"), _row), "sendmail": _mailed},
    assignments=(_assigned,),
)
