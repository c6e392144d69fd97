"""Records that take in whatever a request names (CWE-915)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, TYPE

_FIX = "Name the fields that a visitor may set."


def _unpacked(site: Site) -> None:
    """``User(**request.json)`` and ``query.update(**data)``."""
    for keyword in site.call.keywords:
        if keyword.arg is not None or site.level(keyword.value, TYPE) < FROM_OUTSIDE:
            continue
        name = last_name(site.call.func)
        if (
            site.uses("pydantic")
            and name[:1].isupper()
            and not site.uses("sqlalchemy", "django", "flask_sqlalchemy", "models")
        ):
            continue  # it checks what it takes in
        if name[:1].isupper() or name in (
            "create",
            "update",
            "update_or_create",
            "get_or_create",
            "insert",
            "filter",
            "filter_by",
        ):
            site.found(
                "any-field", "A record takes in every field that a request names", "medium", 915, _FIX, confidence=0.7
            )
            return


def _set(site: Site) -> None:
    """``for name, value in data.items(): setattr(record, name, value)`` with data that is handed in."""
    name = site.argument(1)
    if isinstance(name, ast.Name) and site.level(name, TYPE) == HANDED_IN:
        scope = site.where.node
        looped = scope is not None and any(
            isinstance(i, ast.For) and any(isinstance(t, ast.Name) and t.id == name.id for t in ast.walk(i.target))
            for i in ast.walk(scope)
        )
        site.found("any-field", "Which attribute is set is handed in", "low", 915, _FIX, confidence=0.5 if looped else 0.3)  # fmt: skip


def _updated(site: Site) -> None:
    """``user.__dict__.update(request.json)`` and ``collection.update_one(..., {"$set": request.json})``."""
    name = site.dotted(site.call.func)
    if name.endswith("__dict__.update") or (name.startswith("vars()")):
        if any(
            site.level(a, TYPE) >= HANDED_IN
            for a in (*site.call.args, *(k.value for k in site.call.keywords if k.arg is None))
        ):
            outside = any(site.level(a, TYPE) >= FROM_OUTSIDE for a in site.call.args)
            message = "A record takes in every field that it is handed"
            site.found("any-field", message, "medium" if outside else "low", 915, _FIX, confidence=0.6)
    elif site.last in ("update_one", "update_many", "find_one_and_update", "insert_one"):
        for argument in site.call.args:
            values = (
                argument.values if isinstance(argument, ast.Dict) else [argument] if site.last == "insert_one" else []
            )
            if any(isinstance(v, ast.Name | ast.Attribute | ast.Call) and _is_whole(site, v) for v in values):
                site.found("any-field", "A record takes in every field that a request names", "medium", 915, _FIX)
                return


def _is_whole(site: Site, node: ast.AST) -> bool:
    made = site.value(node).made
    return site.level(node, TYPE) >= FROM_OUTSIDE and made.removesuffix("()").endswith(
        (".json", ".get_json", ".form", ".to_dict", ".data")
    )


def _class(site: Site) -> None:
    """``fields = "__all__"`` in the ``Meta`` of a form or serializer, ``extra = "allow"`` of a model of a request."""
    node = site.node
    if not isinstance(node, ast.ClassDef):
        return
    bases = " ".join(last_name(base) for base in node.bases)
    for inner in node.body:
        if isinstance(inner, ast.ClassDef) and inner.name == "Meta" and ("Form" in bases or "Serializer" in bases):
            for statement in inner.body:
                if isinstance(statement, ast.Assign) and (
                    (last_name(statement.targets[0]) == "fields" and constant_text(statement.value) == "__all__")
                    or (
                        last_name(statement.targets[0]) == "exclude"
                        and not any(s for s in inner.body if _gives(s, "fields"))
                    )
                ):
                    whole = constant_text(statement.value) == "__all__"
                    site.found(
                        "any-field",
                        "Every field of the record can be set",
                        "medium" if whole else "low",
                        915,
                        _FIX,
                        at=statement,
                    )


def _gives(statement: ast.stmt, name: str) -> bool:
    return isinstance(statement, ast.Assign) and last_name(statement.targets[0]) == name


FAMILY = Family(
    every_call=(_unpacked,),
    calls={"setattr": _set},
    methods=dict.fromkeys(("update", "update_one", "update_many", "find_one_and_update", "insert_one"), _updated),
    classes=(_class,),
)
