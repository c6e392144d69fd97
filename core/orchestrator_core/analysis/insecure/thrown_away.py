"""Results that nobody looks at: checks that decide nothing, cleaned texts that are dropped, matches taken for granted (CWE-252, 476)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, SHELL

_CHECKED = "Act on the result: if not compare_digest(...): raise."
_KEPT = "Keep the result: text = escape(text)."
_LOOKED = "Look whether there is a result first: if found is None: ..."

# These say yes or no and never raise for a no; `verify` of cryptography, PyNaCl and argon2 raises, and is fine by itself.
_ANSWERS = frozenset((
    "hmac.compare_digest", "secrets.compare_digest", "bcrypt.checkpw", "werkzeug.security.check_password_hash",
    "flask_bcrypt.check_password_hash", "django.contrib.auth.hashers.check_password", "os.access", "isinstance", "issubclass",
    "django.utils.http.url_has_allowed_host_and_scheme", "django.utils.crypto.constant_time_compare", "re.match", "re.fullmatch",
    "re.search", "django.contrib.auth.authenticate", "os.path.exists", "os.path.isfile", "all", "any",
))  # fmt: skip
_ANSWER_METHODS = frozenset((
    "compare_digest", "check_password_hash", "check_password", "checkpw", "is_relative_to", "startswith", "endswith", "isdigit",
    "isalnum", "isdecimal", "isalpha", "isidentifier", "isnumeric", "has_perm", "has_permission", "has_object_permission",
    "url_has_allowed_host_and_scheme", "is_safe_url", "constant_time_compare", "verify_password", "is_valid_password",
    "is_authenticated", "issubset", "issuperset", "is_private", "is_global",
))  # fmt: skip
_CLEANERS = frozenset((
    "html.escape", "markupsafe.escape", "shlex.quote", "re.sub", "re.escape", "os.path.basename", "os.path.realpath", "os.path.abspath",
    "os.path.normpath", "werkzeug.utils.secure_filename", "urllib.parse.quote", "bleach.clean", "nh3.clean", "unicodedata.normalize",
))  # fmt: skip
_TEXT_METHODS = frozenset(
    ("replace", "strip", "lstrip", "rstrip", "lower", "casefold", "translate", "removeprefix", "encode")
)
_OF_MATCHES = frozenset(("group", "groups", "groupdict", "span", "start", "end"))
_MATCHERS = frozenset(("match", "fullmatch", "search"))


def _alone(site: Site) -> None:
    call = site.node
    if not isinstance(call, ast.Call):
        return
    name = site.dotted(call.func)
    last = last_name(call.func)
    if (
        name in _ANSWERS
        or last in _ANSWER_METHODS
        or (last == "verify" and name.startswith(("passlib.", "pwd_context.")))
    ):
        site.found("unused-check", "A check is made and nobody looks at what it says", "medium", 252, _CHECKED)
    elif name in _CLEANERS or (
        last in _TEXT_METHODS and isinstance(call.func, ast.Attribute) and _is_text_method(site, call, last)
    ):
        site.found(
            "unused-result", "A cleaned text is dropped, and the old one goes on", "medium", 252, _KEPT, confidence=0.6
        )


def _is_text_method(site: Site, call: ast.Call, last: str) -> bool:
    """``name.replace("..", "")`` of a text: a window's ``lower`` and a path's ``replace`` do something else."""
    if last == "replace":
        return len(call.args) >= 2 and all(isinstance(constant_text(a), str) for a in call.args[:2])
    receiver = getattr(call.func, "value", None)
    least = FROM_OUTSIDE if last in ("lower", "encode") else HANDED_IN  # a window is lowered as well
    return not call.keywords and len(call.args) <= 1 and site.level(receiver, SHELL) >= least


def _grouped(site: Site) -> None:
    """``re.match(p, text).group(1)``, ``Model.query.filter_by(...).first().name``: where there is none, the program ends."""
    inner = getattr(site.call.func, "value", None)
    if isinstance(inner, ast.Call) and last_name(inner.func) in _MATCHERS and isinstance(inner.func, ast.Attribute):
        message = "A match is taken for granted: what does not match ends in an error"
        site.found("taken-for-granted", message, "low", 476, _LOOKED, confidence=0.5)


FAMILY = Family(alone=(_alone,), methods=dict.fromkeys(_OF_MATCHES, _grouped))
