"""Queries that are known by their shape wherever they go: filters of directories, paths of XML, ends of SQL (CWE-89, 90, 643)."""

from __future__ import annotations

import ast
import re
from functools import cache

from orchestrator_core.analysis.insecure.names import constant_text
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import HANDED_IN, LDAP, SQL, XPATH

_DIRECTORY = "Escape values with ldap.filter.escape_filter_chars, or ldap3.utils.conv.escape_filter_chars."
_PATH = "Keep the path constant and bind values as XPath variables: tree.xpath('//u[@n=$n]', n=name)."
_BIND = "Keep the query constant and bind values as parameters; choose names of columns from a fixed list."
_MAX_HEAD = 200


@cache
def _filter() -> re.Pattern[str]:
    """``(&(objectClass=person)(uid=``, ``(mail=``: what nothing but a filter of a directory begins with."""
    return re.compile(
        r"\s*+\((?:[&|!]\s*+\(|(?:uid|cn|sn|mail|ou|dc|dn|o|member|memberOf|memberUid|objectClass|objectCategory|sAMAccountName|"
        r"userPrincipalName|givenName|displayName|employeeNumber|employeeID|telephoneNumber|uidNumber|distinguishedName|userid)"
        r"\s?[~<>]?=)",
        re.IGNORECASE,
    )


@cache
def _steps() -> re.Pattern[str]:
    """``//user[name='``, ``/accounts/account[@id=``."""
    return re.compile(r"\.{0,2}//?[\w:*@.-]{0,60}(?://?[\w:*@.-]{1,60}){0,20}\[[^\]\n]{0,100}(?:=|\()\s?['\"]?$")


@cache
def _clause() -> re.Pattern[str]:
    """What is added to a query: ``" WHERE name = '"``, ``" ORDER BY "``."""
    return re.compile(
        r"\s*+(?:WHERE|AND|OR|HAVING)\s[\w.\"`]{1,60}\s?(?:=|<|>|<=|>=|LIKE|IN|!=|<>)\s?[('\"%]*$|\s*+(?:ORDER|GROUP) BY $"
    )


def _head(node: ast.AST) -> str:
    """The constant text that a sum, an f-string, a ``%`` or a ``format`` begins with, up to the first value."""
    for _ in range(_MAX_HEAD):
        if isinstance(node, ast.BinOp):
            node = node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            break
    if isinstance(node, ast.JoinedStr):
        node = node.values[0] if node.values else node
    text = constant_text(node) or ""
    for sign in ("%s", "{"):
        text = text.partition(sign)[0]
    return text[:_MAX_HEAD]


def _shaped(site: Site) -> None:
    head = _head(site.node)
    begins = head.lstrip()[:1]
    if begins == "(" and _filter().match(head):
        level = site.level(site.node, LDAP)
        site.by_level(level, "ldap-text", "A directory search is put together from a text", 90, _DIRECTORY)
    elif begins in ("/", ".") and "[" in head and _steps().match(head):
        level = site.level(site.node, XPATH)
        browser = site.uses("selenium", "playwright", "parsel", "scrapy", "appium")
        site.by_level(
            level,
            "xpath-text",
            "An XPath query is put together from a text",
            643,
            _PATH,
            handed_in="low" if browser else "medium",
        )
    elif begins in ("W", "A", "O", "H", "G") and site.level(site.node, SQL) >= HANDED_IN and _clause().match(head):
        site.by_level(site.level(site.node, SQL), "sql-text", "A query is put together from a text", 89, _BIND)


FAMILY = Family(texts=(_shaped,))
