"""Sessions of mail and files whose other end is not verified unless a context is given (CWE-295).

``smtplib``, ``imaplib``, ``poplib`` and ``ftplib`` use ``ssl._create_stdlib_context`` where they get none, which is
``_create_unverified_context`` in Python 3.11 to 3.13: it checks neither certificate nor host name. Only a hint, since many take
the plain call for the secure one.
"""

from __future__ import annotations

from orchestrator_core.analysis.insecure.names import is_constant
from orchestrator_core.analysis.insecure.site import Family, Site

_FIX = "Pass context=ssl.create_default_context()."
_MADE = ("smtplib.SMTP()", "imaplib.IMAP4()", "poplib.POP3()")


def _hint(site: Site) -> None:
    site.found(
        "unchecked-certificate",
        "Without a context the other end's certificate is not checked",
        "low",
        295,
        _FIX,
        confidence=0.5,
    )


def _session(site: Site) -> None:
    context = site.argument(-1, "context", "ssl_context")
    if context is None or is_constant(context, None):
        if any(k.arg is None for k in site.call.keywords):
            return
        _hint(site)


def _upgraded(site: Site) -> None:
    """``smtp.starttls()``, ``pop.stls()``; other libraries' methods of that name check by themselves."""
    if not site.uses("smtplib", "imaplib", "poplib") and not site.dotted(site.call.func).startswith(_MADE):
        return
    if not site.call.args:
        _session(site)


FAMILY = Family(
    calls=dict.fromkeys(("smtplib.SMTP_SSL", "imaplib.IMAP4_SSL", "poplib.POP3_SSL", "ftplib.FTP_TLS"), _session),
    methods=dict.fromkeys(("starttls", "stls"), _upgraded),
)
