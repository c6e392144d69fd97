"""Secrets of the environment that are sent away, shown or printed (CWE-200, CWE-526)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import SECRET

_FIX = "Send single values that are meant for the other end, never the environment."
_VERBS = ("post", "put", "patch", "request", "get", "urlopen", "sendall", "send", "sendto")
_PRIVATE_FILES = (".ssh/", "/etc/shadow", "/etc/passwd", ".aws/credentials", ".netrc", ".kube/config", ".docker/config.json",
    "id_rsa", ".gnupg", ".git-credentials",
                  "Login Data", "cookies.sqlite", ".config/gcloud", ".npmrc", ".pypirc", "wallet.dat")  # fmt: skip


def _sent(site: Site) -> None:
    name = site.dotted(site.call.func)
    if site.last in ("get", "send", "put", "request") and not (
        name.startswith(
            ("requests.", "httpx.", "aiohttp.", "urllib3.", "socket.", "sock.", "s.", "session.", "client.", "queue")
        )
    ):
        return
    values = [
        *site.call.args,
        *(
            k.value
            for k in site.call.keywords
            if k.arg not in ("headers", "auth", "timeout", "verify", "cert", "proxies")
        ),
    ]
    for value in values:
        level = _holds(site, value)
        if level >= 3:
            site.found(
                "environment-sent",
                "The whole environment, secrets included, is sent away",
                "high",
                200,
                _FIX,
                confidence=0.9,
            )
            return
        if level == 2 and value is not (site.call.args[0] if site.call.args else None):
            site.found(
                "environment-sent", "A secret of the environment is sent as data", "medium", 200, _FIX, confidence=0.5
            )
            return


def _holds(site: Site, node: ast.AST) -> int:
    level = site.level(node, SECRET)
    if level or not isinstance(node, ast.Call | ast.Dict | ast.DictComp | ast.ListComp):
        return level
    return max(
        (
            _holds(site, inner)
            for inner in ast.iter_child_nodes(node)
            if isinstance(inner, ast.expr) and inner is not getattr(node, "func", None)
        ),
        default=0,
    )


def _returned(site: Site) -> None:
    node = site.node.value if isinstance(site.node, ast.Return) else None
    if node is not None and site.where.answers and _holds(site, node) >= 3:
        site.found(
            "environment-shown", "Whoever asks is shown the whole environment, secrets included", "high", 200, _FIX
        )


def _printed(site: Site) -> None:
    """The whole environment, or one secret of it as it is."""
    for argument in site.call.args:
        parts = (
            [p.value for p in argument.values if isinstance(p, ast.FormattedValue)]
            if isinstance(argument, ast.JoinedStr)
            else [argument]
        )
        parts += [argument.left, argument.right] if isinstance(argument, ast.BinOp) else []
        if any(isinstance(p, ast.Name | ast.Subscript | ast.Call) and not isinstance(getattr(p, "slice", None), ast.Slice)
               and site.level(p, SECRET) == 2 and last_name(getattr(p, "func", p)) not in ("len", "bool") for p in parts):  # fmt: skip
            message = "A secret of the environment is written where others may read"
            site.found(
                "secret-in-log", message, "medium", 532, "Leave it out, or tell only whether it is set.", confidence=0.6
            )
            return
    if any(_holds(site, argument) >= 3 for argument in site.call.args):
        site.found(
            "environment-shown",
            "The whole environment, secrets included, is written where others may read",
            "medium",
            526,
            _FIX,
        )


def _read(site: Site) -> None:
    path = site.argument(0, "file", "path")
    text = constant_text(path) or (site.value(path).head if path is not None else "")
    if not text and isinstance(path, ast.Call):
        text = " ".join(t for a in ast.walk(path) if (t := constant_text(a)))
    if any(part in text for part in _PRIVATE_FILES):
        grave = any(
            site.uses(package)
            for package in ("requests", "httpx", "socket", "urllib", "aiohttp", "smtplib", "paramiko")
        )
        site.found(
            "private-file",
            "A file with keys or passwords of the user is read",
            "high" if grave else "low",
            200,
            "Ask the user for what is needed.",
            confidence=0.6,
        )


FAMILY = Family(
    calls={
        "print": _printed,
        **dict.fromkeys(
            ("flask.jsonify", "jsonify", "django.http.JsonResponse", "fastapi.responses.JSONResponse"), _printed
        ),
        "open": _read,
        "os.path.expanduser": _read,
        "pathlib.Path": _read,
    },
    methods={**dict.fromkeys(_VERBS, _sent), **dict.fromkeys(("info", "debug", "warning", "error"), _printed)},
    returns=(_returned,),
)
