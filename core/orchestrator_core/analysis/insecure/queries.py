"""Queries that are put together from texts: SQL (CWE-89), LDAP (90), XPath (643), NoSQL (943)."""

from __future__ import annotations

import ast
import re
from functools import cache

from orchestrator_core.analysis.insecure.names import constant_text
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, LDAP, NOSQL, REGEX, SQL, UNKNOWN, XPATH

_STATEMENTS = ("select ", "insert ", "update ", "delete ", "with ", "drop ", "alter ", "create ", "replace ", "merge ", "truncate ",
               "select\n", "exec ", "union ", "grant ", "call ")  # fmt: skip
_BIND = "Keep the query constant and bind values as parameters; choose names of tables and columns from a fixed list."
_BANDIT = ("B608",)


def _text(site: Site) -> None:
    """Judges what bandit's B608 flags: a text that looks like SQL, however harmless what is put in."""
    start = _beginning(site.node)
    if start is not None and start.lstrip(" \n\t(\r").lower().startswith(_STATEMENTS):
        site.judged(_BANDIT, harmless=site.level(site.node, SQL) == 0)


@cache
def _language() -> re.Pattern[str]:
    """How queries of other kinds begin: definitions of data, Cypher, SPARQL, Flux, Gremlin, AQL, GraphQL, scripts of views."""
    return re.compile(
        r"\s*+(?:(?:DROP|ALTER|CREATE|TRUNCATE)\s(?:TABLE|DATABASE|INDEX|VIEW|USER|ROLE|SCHEMA|KEYSPACE|LOGIN|FUNCTION)\b"
        r"|(?:GRANT|REVOKE)\s\S|EXEC(?:UTE)?\s\S|CALL\s\w|PRAGMA\s|COPY\s|LOAD DATA\s|SHOW\s[A-Z]|DESCRIBE\s|EXPLAIN\s|SET\s\w+\s?="
        r"|(?:OPTIONAL )?MATCH\s?\(|MERGE\s?\(|CREATE\s?\(|UNWIND\s|PREFIX\s|ASK\s?\{|CONSTRUCT\s?\{|SELECT\s(?:DISTINCT\s)?\?"
        r"|from\(bucket|g\.[VE]\(|FOR\s\w+\sIN\s|(?:query|mutation|subscription)\b[^{]{0,40}\{|\{\s?\w+\s?\(|function\s?\(\w*\)\s?\{)"
    )


def _other_language(site: Site) -> None:
    """A query that is put together, wherever it goes; ``SELECT`` and its like are judged where they run."""
    start = _beginning(site.node)
    if start and _language().match(start[:200]):
        sql = start.lstrip()[:6].upper() in (
            "DROP T",
            "DROP D",
            "ALTER ",
            "TRUNCA",
            "GRANT ",
            "REVOKE",
            "CREATE",
            "PRAGMA",
            "COPY T",
        )
        site.by_level(
            site.level(site.node, SQL), "query-text", "A query is put together from a text", 89 if sql else 943, _BIND
        )


def _entry(site: Site) -> None:
    """``{"query_string": {"query": text}}``, ``{"script": {"source": text}}``, ``{"$where": text}`` wherever they go."""
    node = site.node
    if not isinstance(node, ast.Dict):
        return
    for key, value in zip(node.keys, node.values, strict=True):
        name = constant_text(key) or ""
        inner = (
            {constant_text(k): v for k, v in zip(value.keys, value.values, strict=True)}
            if isinstance(value, ast.Dict)
            else {}
        )
        if name == "query_string":
            text, grave = inner.get("query"), "low"
        elif name in ("script", "script_score") and inner:
            text, grave = inner.get("source") or inner.get("inline"), "medium"
        elif name in ("$where", "$function", "$accumulator"):
            text, grave = inner.get("body") or value, "medium"
        else:
            continue
        if text is not None and not isinstance(text, ast.Dict):
            message = "A script or a query of the database is put together from a text"
            site.by_level(
                site.level(text, NOSQL),
                "nosql-script",
                message,
                943,
                _BIND,
                handed_in="low" if grave == "low" else "medium",
            )


def _beginning(node: ast.AST) -> str | None:
    for _ in range(200):
        if isinstance(node, ast.BinOp):
            node = node.left
        elif isinstance(node, ast.JoinedStr):
            if not node.values:
                return None
            node = node.values[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            break
    return constant_text(node)


def _execute(site: Site) -> None:
    query = site.argument(0, "query", "sql", "statement", "operation", "command", "q", "stmt")
    if query is None or isinstance(query, ast.Constant):
        return
    value = site.value(query)
    level = value.levels[SQL]
    if level < HANDED_IN:
        return
    looks = value.head.lstrip(" \n\t(\r").lower().startswith(_STATEMENTS)
    if looks or level >= FROM_OUTSIDE:
        site.by_level(level, "sql-text", "A query is put together from a text", 89, _BIND)
    elif isinstance(query, ast.Name | ast.Attribute):
        # A function that runs what it is given: whoever calls it decides.
        site.found("sql-text", "A query that the caller hands in is run", "low", 89, _BIND, confidence=0.3)
    else:
        site.found(
            "sql-text",
            "A query is put together from a text that the caller hands in",
            "medium",
            89,
            _BIND,
            confidence=0.5,
        )


def _raw(site: Site) -> None:
    """Django's ``raw``, ``extra``, ``RawSQL`` and SQLAlchemy's ``text``: constant ones with bound parameters are harmless."""
    levels = [
        site.level(a, SQL)
        for a in (
            *site.call.args[:1],
            *(k.value for k in site.call.keywords if k.arg in ("where", "select", "sql", "order_by", "tables")),
        )
    ]
    level = max(levels, default=0)
    site.judged(("B610", "B611", "B608"), harmless=level == 0)
    site.by_level(level, "sql-text", "A query is put together from a text", 89, _BIND)


def _bound(site: Site) -> None:
    """``simple_bind_s(dn, "")``: a directory takes an empty password for a visitor without a name, and says yes."""
    password = site.argument(1, "cred", "who_password", "password")
    if site.uses("ldap") and (
        (password is not None and constant_text(password) == "") or (not site.call.args and not site.call.keywords)
    ):
        site.found(
            "empty-password",
            "The directory asks for no password",
            "medium",
            287,
            "Bind with a password that is not empty.",
        )
    _name(site)


def _name(site: Site) -> None:
    """Whoever binds: ``Connection(server, f"uid={user},ou=people")``, ``simple_bind_s(dn, password)``."""
    node = site.argument(1 if site.last == "Connection" else 0, "user", "who")
    if node is not None and "=" in site.value(node).head and site.uses("ldap", "ldap3"):
        site.by_level(site.level(node, LDAP), "ldap-text", "A directory's name is put together from a text", 90,
            "Escape values with escape_dn_chars or escape_rdn.")  # fmt: skip


def _ldap(site: Site) -> None:
    if site.last in ("search", "paged_search") and not site.uses("ldap", "ldap3"):
        return
    for position, name in ((0, "search_base"), (1, "search_filter"), (2, "filterstr")):
        node = site.argument(position, name, "filterstr", "search_filter")
        if node is not None and isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call | ast.Name):
            level = site.level(node, LDAP)
            if level >= HANDED_IN and (position or level >= FROM_OUTSIDE or not isinstance(node, ast.Name)):
                fix = "Escape values with ldap.filter.escape_filter_chars (filters) or escape_dn_chars (names)."
                site.by_level(level, "ldap-text", "A directory search is put together from a text", 90, fix)
                return


_BUILT = (ast.JoinedStr, ast.BinOp, ast.Call, ast.Name)


def _xpath(site: Site) -> None:
    query = site.argument(0, "path", "_path", "xpath", "query")
    if not isinstance(query, _BUILT) or site.level(query, XPATH) < HANDED_IN:
        return
    if isinstance(query, ast.Name) and site.level(query, XPATH) < FROM_OUTSIDE and not site.value(query).head:
        return
    if site.last in ("find", "findall", "findtext", "iterfind") and not site.uses("lxml", "xml", "defusedxml"):
        return
    fix = "Keep the path constant and bind values as XPath variables: tree.xpath('//u[@n=$n]', n=name)."
    site.by_level(site.level(query, XPATH), "xpath-text", "An XPath query is put together from a text", 643, fix)


_OPERATORS = frozenset(("$where", "$function", "$accumulator", "mapReduce", "$expr"))


def _nosql(site: Site) -> None:
    """Mongo: a whole document from a request may hold operators, and ``$where`` runs a script."""
    query = site.argument(0, "filter", "query", "spec")
    if query is None or not (
        site.uses("pymongo", "mongoengine", "flask_pymongo", "motor", "bson") or _looks_like_mongo(site)
    ):
        return
    fix = "Take single values as text, str(value), and build the query's structure yourself."
    if not isinstance(query, ast.Dict):
        if site.level(query, NOSQL) >= FROM_OUTSIDE or (
            isinstance(query, ast.Call) and site.level(query, NOSQL) >= HANDED_IN
        ):
            site.by_level(site.level(query, NOSQL), "nosql-document", "A database query is a document", 943, fix)
        return
    for key, value in zip(query.keys, query.values, strict=True):
        level = site.level(value, NOSQL)
        if constant_text(key) in _OPERATORS:
            site.by_level(level, "nosql-script", "A script for the database is put together from a text", 943, fix)
        elif isinstance(value, ast.Dict) and any(
            constant_text(k) == "$regex" and site.level(v, REGEX) >= HANDED_IN
            for k, v in zip(value.keys, value.values, strict=True)
        ):
            site.found(
                "nosql-pattern",
                "A pattern for the database is handed in",
                "medium",
                943,
                "Use re.escape.",
                confidence=0.5,
            )
        elif isinstance(value, ast.Dict) and any(
            constant_text(k) not in ("$in", "$eq", None) and site.level(v, NOSQL) >= FROM_OUTSIDE
            for k, v in zip(value.keys, value.values, strict=True)
        ):
            continue
        elif key is None and level >= HANDED_IN:
            site.by_level(level, "nosql-document", "A database query is a document", 943, fix)
        elif level >= FROM_OUTSIDE and not isinstance(value, ast.Dict):
            # A form's fields are text; JSON may hold {"$ne": null} in the place of one.
            if _from_json(site, value):
                site.found(
                    "nosql-document",
                    "A query's value comes from JSON, which may hold operators",
                    "medium",
                    943,
                    fix,
                    confidence=0.6,
                )
            else:
                site.found("nosql-document", "A query's value comes from a request", "low", 943, fix, confidence=0.4)
        elif level == HANDED_IN and isinstance(value, ast.Name):
            site.found(
                "nosql-document",
                "A query's value is handed in as it is and may hold operators",
                "low",
                943,
                fix,
                confidence=0.3,
            )


def _looks_like_mongo(site: Site) -> bool:
    name = site.dotted(site.call.func)
    return site.last in _ONLY_MONGO or (
        name.startswith(("db.", "mongo.", "collection.", "self.db.", "client."))
        and site.last in ("aggregate", "remove")
    )


def _from_json(site: Site, node: ast.AST) -> bool:
    made = site.value(node).made or site.dotted(node)
    origins = site.value(node).origins
    texts = [made, *(site.evaluator.variables[o].made for o in origins if o in site.evaluator.variables)]
    return any("json" in text or "loads" in text or "data" in text or "body" in text for text in texts)


_MONGO = ("find", "find_one", "update_one", "update_many", "delete_one", "delete_many", "find_one_and_update", "find_one_and_delete",
          "find_one_and_replace", "count_documents", "replace_one", "aggregate", "update", "remove", "count")  # fmt: skip
_ONLY_MONGO = frozenset(name for name in _MONGO if "_" in name)
"""Names that nothing else gives its methods."""


def _condition(site: Site) -> None:
    """A condition that an object-relational mapper takes as a text: ``filter("name = '%s'" % name)``."""
    node = site.argument(0)
    if isinstance(node, ast.JoinedStr | ast.BinOp) or (
        isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format"
    ):
        start = _beginning(node)
        if start is not None and any(sign in start.lower() for sign in ("=", "<", ">", " like ", " in ", " is ")):
            site.by_level(site.level(node, SQL), "sql-text", "A query is put together from a text", 89, _BIND)


def _find(site: Site) -> None:
    """A name that XML trees and Mongo's collections share."""
    _xpath(site)
    _nosql(site)


def _order(site: Site) -> None:
    """A value that is put into a query's text by hand with quotes around a placeholder is caught by the text rule; this is ``text()``."""
    if site.call.args and site.level(site.call.args[0], SQL) > UNKNOWN:
        _raw(site)


FAMILY = Family(
    calls={
        **dict.fromkeys(("sqlalchemy.text", "sqlalchemy.sql.text", "sqlalchemy.sql.expression.text", "sqlalchemy.literal_column"),
            _order),
        **dict.fromkeys(("django.db.models.expressions.RawSQL", "RawSQL", "django.db.models.RawSQL"), _raw),
        **dict.fromkeys(("ldap3.Connection", "Connection"), _name),
        **dict.fromkeys(("pandas.read_sql", "pandas.read_sql_query", "duckdb.sql", "duckdb.query"), _execute),
    },
    methods={
        **dict.fromkeys(("execute", "executemany", "executescript", "exec_driver_sql", "fetch", "fetchrow", "fetchval", "fetch_all",
            "execute_sql", "fetch_one", "execute_query", "execute_query_dict", "iterate"), _execute),
        **dict.fromkeys(("raw", "extra"), _raw),
        **dict.fromkeys(("search", "search_s", "search_st", "search_ext", "search_ext_s", "paged_search"), _ldap),
        **dict.fromkeys(("simple_bind_s", "bind_s", "simple_bind"), _bound),
        **dict.fromkeys(("xpath", "XPath", "find", "findall", "findtext", "iterfind"), _xpath),
        **dict.fromkeys(_MONGO, _nosql),
        "find": _find,
        **dict.fromkeys(("filter", "where", "having"), _condition),
    },
    texts=(_text, _other_language),
    mappings=(_entry,),
)  # fmt: skip
