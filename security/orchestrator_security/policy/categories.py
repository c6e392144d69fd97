"""The kinds of things that scanners find: the first column of a policy's table."""

from __future__ import annotations

CATEGORIES: dict[str, str] = {
    "size": "more text than is scanned",
    "encoding": "text that is no valid Unicode",
    "control": "control characters",
    "tags": "Unicode tag characters, which no screen shows and models read",
    "terminal": "terminal sequences such as colours",
    "bidi": "characters that turn the order of others around",
    "invisible": "zero-width and other invisible characters",
    "disguise": "words spelt in letters that only look like theirs",
    "prompt_injection": "orders to a model in text that should be data",
    "jailbreak": "attempts to talk a model out of its rules",
    "prompt_extraction": "requests for a model's own instructions",
    "canary": "a planted mark that should not have come out",
    "sql_injection": "SQL in a value that is bound for a statement",
    "xss": "script in a value that is bound for a page",
    "command_injection": "shell syntax in a value that is bound for a command line",
    "path_traversal": "a path that leaves its folder",
    "template_injection": "template syntax in a value that is bound for a template",
    "secret": "passwords, keys and tokens",
    "pii": "personal data",
    "insecure_code": "code with a known weakness",
    "unscanned_code": "code that does not parse, or is in a language that is not scanned",
    "incomplete": "a scanner that could not finish",
}
"""Category and what it stands for. Scanners of other packages may add theirs."""
