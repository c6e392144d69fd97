"""Texts that are secrets whatever they are called (CWE-798): keys in PEM, addresses with a password, tokens of known issuers."""

from __future__ import annotations

import re

_URL = r"^[a-z][a-z0-9+.-]{1,20}://[^:/@\s]{1,64}:[^@/\s]{3,128}@"


def tells_secret(text: str) -> bool:
    """A text that is a secret whatever it is called: a key in PEM, an address with a password, a token of a known provider."""
    if "PRIVATE KEY-----" in text:
        return len(text) > 60
    lowered = text.lower()
    if "?" in text and "://" in text[:10]:
        value = re.search(
            r"[?&](?:api_?key|access_token|auth_token|token|secret|client_secret|password|sig)=([\w.+/-]{12,200})", text
        )
        return (
            value is not None
            and any(sign.isdigit() for sign in value[1])
            and not any(w in lowered for w in ("your", "xxx", "example_"))
        )
    if "://" in text[:24] and "@" in text and len(text) < 400:
        guess = ("<", "{", "your", "user:pass", "user:password", "xxx", "***", "...", "username:password", "%s")
        return re.match(_URL, text) is not None and not any(p in lowered for p in guess)
    if "password=" in lowered or "pwd=" in lowered or "accountkey=" in lowered or "sharedaccesskey=" in lowered:
        value = re.search(r"(?i)(?:password|pwd|accountkey|sharedaccesskey)=([^;\s&'\"]{4,200})", text)
        return value is not None and "=" not in text[: value.start()][-1:] and len(text) < 600 and ("=" in text[: value.start()]
            or ";" in text) \
            and not any(p in value[1].lower() for p in ("<", "{", "your", "%s", "xxx", "***", "...", "?", ":", "$"))  # fmt: skip
    return (
        text.startswith(_ISSUED)
        and re.fullmatch(r"[\w.+/=-]{20,400}", text) is not None
        and any(sign.isdigit() for sign in text)
        and not any(p in lowered for p in ("xxxx", "example", "your"))
    )


_ISSUED = ("AKIA", "ASIA", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "xapp-", "sk_live_",
    "rk_live_",
    "sk-proj-", "sk-ant-", "AIza", "SG.", "hf_", "pypi-AgE", "npm_", "dop_v1_", "shpat_", "sq0csp-", "ya29.", "EAACEdEose0cBA",
        "AGE-SECRET-KEY-1",
    "dapi", "lin_api_", "glsa_", "hvs.", "key-", "sk-")  # fmt: skip
