"""A stranger's text inside a model's instructions, and a model's answer that is obeyed (CWE-1427, OWASP LLM01)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import FROM_OUTSIDE, HANDED_IN, TEMPLATE

_FIX = "Keep the instructions constant, and pass the text as a message of the user."
_INSTRUCTS = ("system", "developer")
_BUILT = (ast.JoinedStr, ast.BinOp, ast.Call)


def _message(site: Site) -> None:
    node = site.node
    if not isinstance(node, ast.Dict):
        return
    entries = {constant_text(key): value for key, value in zip(node.keys, node.values, strict=True)}
    role, content = entries.get("role"), entries.get("content")
    if content is not None and constant_text(role) in _INSTRUCTS:
        _judge(site, content)


def _instructed(site: Site) -> None:
    for name in ("system", "instructions", "system_prompt", "system_instruction", "system_message"):
        node = site.keyword(name)
        if node is not None:
            _judge(site, node)


def _first(site: Site) -> None:
    if site.call.args or site.keyword("content"):
        node = site.argument(0, "content")
        if node is not None:
            _judge(site, node)


def _judge(site: Site, node: ast.AST) -> None:
    level = site.level(node, TEMPLATE)
    if level >= FROM_OUTSIDE or (level == HANDED_IN and (isinstance(node, _BUILT) or site.value(node).head)):
        message = "A model's instructions hold a text"
        site.by_level(level, "prompt-text", message, 1427, _FIX)


FAMILY = Family(
    methods={**dict.fromkeys(("create", "generate_content", "Agent", "GenerativeModel", "AssistantAgent", "messages", "run"), _instructed),
             **dict.fromkeys(("SystemMessage", "from_template", "SystemMessagePromptTemplate", "from_messages"), _first)},
    mappings=(_message,),
)  # fmt: skip
