"""Whole records and their secrets, handed to whoever asks (CWE-200)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.site import Family, Site

_FIX = "Name the fields that the other end may see."
_NEVER = ("password", "password_hash", "hashed_password", "passwd", "pwd_hash", "ssn", "credit_card", "card_number", "cvv", "secret_key",
    "private_key", "api_secret", "mfa_secret", "totp_secret")  # fmt: skip
_ANSWERS = ("jsonify", "JsonResponse", "JSONResponse", "json_response", "make_response")


def _returned(site: Site) -> None:
    node = site.node.value if isinstance(site.node, ast.Return) else None
    if node is None or not site.where.answers:
        return
    _judge(site, node)


def _answered(site: Site) -> None:
    if site.where.answers:
        return  # seen at the return
    for argument in (*site.call.args, *(k.value for k in site.call.keywords)):
        _judge(site, argument)


def _judge(site: Site, node: ast.AST) -> None:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Dict):
            pairs = [(constant_text(key) or "", value) for key, value in zip(inner.keys, inner.values, strict=True)]
        elif isinstance(inner, ast.Call) and last_name(inner.func) in _ANSWERS:
            pairs = [(k.arg or "", k.value) for k in inner.keywords]
        elif (isinstance(inner, ast.Attribute) and inner.attr == "__dict__") or (
            isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "vars"
        ):
            _report(site, "A whole record is sent, with everything that it holds")
            return
        else:
            continue
        if any(key.lower() in _NEVER and isinstance(value, ast.Attribute | ast.Subscript) for key, value in pairs):
            _report(site, "A secret of a record is sent to whoever asks")
            return


def _report(site: Site, message: str) -> None:
    site.found("shown-record", message, "medium", 200, _FIX, confidence=0.6)


def _class(site: Site) -> None:
    """A serializer or a model of an answer that lists a password."""
    node = site.node
    if not isinstance(node, ast.ClassDef):
        return
    bases = " ".join(last_name(base) for base in node.bases)
    if "Serializer" in bases:
        fixed = any(isinstance(i, ast.Constant) and i.value == "write_only" for i in ast.walk(node)) or any(
            isinstance(i, ast.keyword) and i.arg == "write_only" for i in ast.walk(node)
        )
        for inner in ast.walk(node):
            if (
                not fixed
                and isinstance(inner, ast.Assign)
                and last_name(inner.targets[0]) == "fields"
                and any(constant_text(e) in _NEVER for e in getattr(inner.value, "elts", ()))
            ):
                site.found(
                    "shown-record", "A secret of a record is sent to whoever asks", "medium", 200, _FIX, at=inner
                )
    elif "BaseModel" in bases and node.name.endswith(("Out", "Response", "Read", "Public", "Reply")):
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and last_name(statement.target) in _NEVER:
                site.found(
                    "shown-record", "A secret of a record is sent to whoever asks", "medium", 200, _FIX, at=statement
                )


FAMILY = Family(returns=(_returned,), methods=dict.fromkeys(_ANSWERS, _answered), classes=(_class,))
