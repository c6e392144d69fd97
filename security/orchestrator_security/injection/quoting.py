"""Whether a developer speaks about an order rather than giving it: quoted, fenced or pasted, with words of the trade around it."""

from __future__ import annotations

from orchestrator_core.analysis.lazy_patterns import compiled

_FRAME = (
    r"(?i)\b(?:explain (?:why|this|what|to)|what does|what is this|why (?:does|is|did)|class of attack|test data|review "
    "(?:the|this|our)|is (?:it|this) (?:ok|safe|dangerous|malicious|a|an)|"
    r"payloads?|vulnerab\w{1,8}|malicious|suspicious|dangerous|attackers?|owasp|injection|red[ -]team\w{0,4}|line \d{1,6}|"
    "log (?:line|entry|query)|reported|error message|"
    "the (?:string|phrase|sentence|prompt|text|message|words?)|i18n|blog post|slides?|paper|documentation|changelog|"
    "classif(?:y|ies)|detects?|refactor|rename|implement|function|"
    r"variable|constant|column|stack ?trace|traceback|webhook|bug|ticket|json|yaml|parse|fuzz\w{0,4})\b"
)
_WORKSHOP = (
    r"(?i)\b(?:pytest|(?:unit |add a |write a |the )tests?|test that|regex(?:es)?|scanner|detector|classifier|saniti[sz]er|"
    "dataset|benchmark|fixtures?|false positives?|"
    "guardrails?|docstring|readme|commit|pull request|middleware|repo(?:sitory)?|python|typescript|rust|prompt injections?|"
    "jailbreak (?:detection|attempts?)|"
    "(?:our|my) (?:chatbot|agent|bot|app|moderation|filter|scanner|model|tool|tokeni[sz]er|parser|code|tests?|team)|"
    "staging|deploys?|api|docs|logs?|middleware|scikit-learn|"
    r"chat template|config\.\w{2,5}|[\w/]{1,40}\.(?:py|md|yaml|yml|json|toml|ts|js)|endpoint|user story|migrations?|prompt "
    r"template)\b"
)
_QUOTED = (
    r"```[^`]*+(?:```|\Z)|~~~[^~]*+(?:~~~|\Z)|`[^`\n]++`|\"[^\"\n]{3,}+\"|“[^”]{3,}+”|«[^»]{3,}+»|"
    r"(?<![A-Za-z0-9])'[^'\n]{3,}+'(?![A-Za-z0-9])"
)
_ASIDE = r"(?m)^(?: {4}|\t|>)[^\n]*+$"
_INTRODUCED = r"\A[^\n]{8,400}:[ \t]*\n"
_CLOSING = r"\n[^\n]{8,300}\?[ \t]*\Z"


def own_words(text: str) -> str | None:
    """What the writer says in their own words where they quote something and speak of their trade; None where they do not."""
    outside = compiled(_QUOTED).sub(" … ", text)
    outside = compiled(_ASIDE).sub(" … ", outside)
    introduction = compiled(_INTRODUCED).match(outside)
    if introduction is not None and _framed(introduction[0]) and not outside.startswith(" …"):
        closing = compiled(_CLOSING).search(outside, introduction.end() - 1)
        outside = introduction[0] + (closing[0] if closing else "")
    if outside != text and _framed(outside):
        return outside
    return None


def _framed(text: str) -> bool:
    return compiled(_FRAME).search(text) is not None or compiled(_WORKSHOP).search(text) is not None
