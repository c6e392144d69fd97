"""Views that act for anybody who asks (CWE-285, 306, 307, 352, 620, 639, 862): hints, since the check may stand elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.site import Family, Site

_FIX = "Ask who it is and what they may do, by a decorator or a dependency, before acting."
_GUARDED = ("admin", "delete", "remove", "destroy", "internal", "manage", "settings", "config", "promote", "grant", "transfer", "refund",
    "impersonate", "shutdown", "webhook", "hook", "restart", "wipe", "backup", "export", "accounts", "users",
    "user", "billing", "payment", "orders")  # fmt: skip
_CHECKS = ("login", "auth", "permission", "require", "user", "admin", "role", "owner", "token", "session", "jwt", "api_key", "apikey",
    "credential", "forbidden", "unauthorized", "401", "403", "depends", "security", "guard", "access", "policy", "can_", "is_staff",
    "principal", "identity", "tenant", "signature", "verify", "protect", "passes_test")  # fmt: skip
_LIMITS = (
    "limit",
    "throttl",
    "attempt",
    "lockout",
    "axes",
    "captcha",
    "brute",
    "fail",
    "backoff",
    "blocked",
    "locked",
    "tries",
)
_OWNERS = ("current_user", "user", "owner", "owner_id", "user_id", "account", "tenant", "has_object_permission", "has_perm", "permission",
    "check_object_permissions", "authorize", "can_", "is_admin", "get_jwt_identity", "claims", "identity")  # fmt: skip
_BY_NUMBER = (
    "get_or_404",
    "get_object_or_404",
    "get",
    "find_one",
    "first_or_404",
    "get_by_id",
    "find_by_id",
    "filter_by",
    "filter",
)
_CHANGES = ("delete", "commit", "save", "remove", "update_one", "delete_one", "insert_one", "bulk_create", "drop")


def _handler(site: Site) -> None:
    node = site.node
    if not site.where.answers or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    paths, verbs = _route(node)
    names = [name.lower() for name in _words(node)]
    inside = [n.lower() for part in node.body for n in _words(part)]
    _unguarded(site, node, paths, names)
    _others_records(site, node, inside)
    _changes_by_link(site, verbs, node)
    if any(
        n in ("authenticate", "check_password", "check_password_hash", "verify_password", "checkpw") for n in inside
    ):
        if (
            "login" in (site.where.name + " ".join(paths)).lower()
            or "sign" in site.where.name.lower()
            or "authenticate" in inside
        ):
            known = " ".join((*names, *site.evaluator.names.imported, *site.evaluator.names.imported.values())).lower()
            if not any(word in known for word in _LIMITS):
                site.found(
                    "unlimited-attempts", "Passwords may be tried without limit", "low", 307, "Limit attempts per account and address.",
                    confidence=0.3,
                )  # fmt: skip
    elif any(n in ("set_password", "generate_password_hash") for n in inside) and "change" in site.where.name.lower():
        site.found(
            "unproved-change", "A password is changed without asking for the old one", "low", 620, "Ask for the present password.",
            confidence=0.4,
        )  # fmt: skip


def _route(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[list[str], set[str]]:
    paths, verbs = [], set()
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            paths += [text for argument in decorator.args[:1] if (text := constant_text(argument))]
            name = last_name(decorator.func)
            if name in ("get", "post", "put", "patch", "delete"):
                verbs.add(name.upper())
            elif name == "route":
                methods = next((k.value for k in decorator.keywords if k.arg == "methods"), None)
                listed = getattr(methods, "elts", None)
                verbs |= {constant_text(e) or "" for e in listed} if listed is not None else {"GET"}
    return paths, verbs


def _unguarded(site: Site, node: ast.FunctionDef | ast.AsyncFunctionDef, paths: list[str], names: list[str]) -> None:
    if not paths:
        return
    parts = set(
        (" ".join(paths) + " " + node.name).lower().replace("/", " ").replace("_", " ").replace("-", " ").split()
    )
    if not parts & set(_GUARDED) or parts & {"login", "register", "signup", "health", "static", "public"}:
        return
    parts |= {path.lower() for path in paths}
    others = [
        n for n in names if n not in parts and n.strip("_") not in ("user", "users", "user_id", "admin", "userid")
    ]
    # A class of records named User is no check of who asks.
    others = [
        n for n in others if n not in ("get_user", "delete_user", "user_service", "userservice", node.name.lower())
    ]
    if not any(word in n for n in others for word in _CHECKS):
        site.found("unguarded-view", "A view acts without asking who wants it", "low", 862, _FIX, confidence=0.3)


def _others_records(site: Site, node: ast.FunctionDef | ast.AsyncFunctionDef, inside: list[str]) -> None:
    """A record is fetched by the number in the address, and nobody asks whose it is."""
    parameters = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)} - {
        "self",
        "request",
        "db",
        "session",
    }
    if not parameters or any(n == o or n.startswith(("can_", "current_")) for n in inside for o in _OWNERS):
        return
    for inner in (i for part in node.body for i in ast.walk(part)):
        if (
            isinstance(inner, ast.Call)
            and last_name(inner.func) in _BY_NUMBER
            and isinstance(inner.func, ast.Attribute | ast.Name)
            and any(
                isinstance(a, ast.Name) and a.id in parameters
                for a in (*inner.args, *(k.value for k in inner.keywords if k.arg in ("id", "pk", "_id", "uuid")))
            )
            and (isinstance(inner.func, ast.Name) or _of_records(inner.func))
        ):
            site.found(
                "anybodys-record", "A record is fetched by its number, whoever's it is", "low", 639,
                "Ask for the record of the user that is logged in.", confidence=0.3, at=inner,
            )  # fmt: skip
            return


def _of_records(func: ast.Attribute) -> bool:
    name = last_name(func.value) or last_name(getattr(func.value, "func", func))
    return (
        name in ("query", "objects", "session", "db", "filter", "all")
        or name[:1].isupper()
        or name.endswith(("repo", "s"))
    )


def _changes_by_link(site: Site, verbs: set[str], node: ast.AST) -> None:
    if verbs != {"GET"}:
        return
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.Call)
            and isinstance(inner.func, ast.Attribute)
            and inner.func.attr in _CHANGES
            and site.dotted(inner.func).partition(".")[0] not in ("requests", "httpx", "os", "shutil")
        ):
            site.found(
                "change-by-link", "A link that somebody follows changes something", "low", 352, "Use POST with a CSRF token.",
                confidence=0.4, at=inner,
            )  # fmt: skip
            return


def _assigned(site: Site) -> None:
    node = site.node
    if not isinstance(node, ast.Assign) or last_name(node.targets[0]) not in (
        "permission_classes",
        "authentication_classes",
    ):
        return
    values = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else []
    open_to_all = any(last_name(v) == "AllowAny" for v in values) or (
        not values and isinstance(node.value, ast.List | ast.Tuple)
    )
    if open_to_all:
        site.found("unguarded-view", "This view is open to everybody", "low", 862, _FIX, confidence=0.4)


def _decorated(site: Site) -> None:
    if any(last_name(e) == "AllowAny" for a in site.call.args for e in getattr(a, "elts", [a])):
        site.found("unguarded-view", "This view is open to everybody", "low", 862, _FIX, confidence=0.4)


def _setting(site: Site) -> None:
    """``"DEFAULT_PERMISSION_CLASSES": [...AllowAny]`` of the REST framework."""
    value = getattr(site.node, "value", None)
    if isinstance(value, ast.Dict):
        for key, inner in zip(value.keys, value.values, strict=True):
            if constant_text(key) == "DEFAULT_PERMISSION_CLASSES" and any(
                (constant_text(e) or "").endswith("AllowAny") for e in getattr(inner, "elts", ())
            ):
                site.found("unguarded-view", "All views are open to everybody", "medium", 862, _FIX, confidence=0.6)


def _words(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Attribute):
            if inner.attr != "session" or last_name(inner.value) != "db":
                yield inner.attr
        elif isinstance(inner, ast.keyword | ast.arg):
            yield inner.arg or ""
        elif isinstance(inner, ast.Constant) and inner.value in (401, 403):
            yield str(inner.value)
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str) and len(inner.value) < 40:
            yield inner.value


FAMILY = Family(methods={"permission_classes": _decorated}, assignments=(_assigned, _setting), functions=(_handler,))
