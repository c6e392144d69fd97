"""Cleaning and checking that can be got round: tags cut by pattern, quotes replaced, half a pattern (CWE-116, 180, 184, 625)."""

from __future__ import annotations

import ast

from orchestrator_core.analysis.insecure.names import constant_text, is_constant, last_name
from orchestrator_core.analysis.insecure.site import Family, Site
from orchestrator_core.analysis.insecure.values import HANDED_IN, HTML

_CLEAN = "Escape with html.escape, or clean with nh3; patterns miss odd spellings of tags."
_QUOTE = "Pass values as parameters, or quote with the function of the library that reads the text."
_WHOLE = "Use fullmatch, and name each range of letters: [A-Za-z]."
_ESCAPERS = ("escape", "quote", "clean", "sanitize", "sanitise", "strip_tags", "filter")
_QUOTES = {"'": ("\\'", "''", "", "&#39;x"), '"': ('\\"', ""), "<script>": ("",), "<": ("",), "../": ("",), "..": ("",), ";": ("",),
           "--": ("",), "script": ("",), "<script": ("",), "javascript:": ("",), "&&": ("",), "|": ("",)}  # fmt: skip
_CLEANS = ("esc", "clean", "sanit", "safe", "quote", "filter", "strip", "scrub", "purify")
_CHECKS = ("valid", "is_", "check", "verify", "ok", "allowed", "match", "safe", "accept", "permit", "ensure", "guard")


def _substituted(site: Site) -> None:
    pattern = (site.text(site.argument(0, "pattern")) or "").lower()
    replaced = site.argument(1, "repl") if site.last in ("sub", "subn") else None
    tags = (
        "<script" in pattern or "<[^>]" in pattern or "<.*?>" in pattern or "<.+?>" in pattern or "</script" in pattern
    )
    if tags and (site.last == "compile" or is_constant(replaced, "", " ")):
        site.found(
            "loose-cleaner",
            "Tags are cut out by a pattern, which can be got round",
            "medium",
            116,
            _CLEAN,
            confidence=0.6,
        )


def _replaced(site: Site) -> None:
    """``x.replace("'", "''")`` by hand, in a function that cleans by its name; ``replace("<", "&lt;", 1)`` anywhere."""
    old, new = site.text(site.argument(0)), site.text(site.argument(1))
    if old is None or new is None or len(site.call.args) < 2:
        return
    if is_constant(site.argument(2, "count"), 1) and old in ("<", "'", '"', "&", "..", "../", ";", "\n", "\r"):
        site.found(
            "loose-cleaner", "Only the first of several signs is replaced", "medium", 116, _CLEAN, confidence=0.7
        )
    elif new in _QUOTES.get(old.lower(), ()) and any(word in site.where.name.lower() for word in _CLEANS):
        grave = not new and len(old) > 1
        message = "Signs are replaced by hand, which can be got round"
        site.found("loose-cleaner", message, "medium" if grave else "low", 116, _QUOTE, confidence=0.5)


def _normalized(site: Site) -> None:
    """``normalize("NFKC", escape(x))``: full-width signs become real ones after the escaping."""
    text = site.argument(1, "unistr")
    if (site.text(site.argument(0)) or "NFK").startswith("NFK"):
        _late(site, text)
    if isinstance(text, ast.Call) and any(word in last_name(text.func).lower() for word in _ESCAPERS):
        late = True
    else:
        late = isinstance(text, ast.Name) and any(
            w in site.value(text).made.lower() for w in ("escape", "quote", "clean")
        )
    if late and (site.text(site.argument(0)) or "").startswith("NFK"):
        message = "A text is normalised after it was escaped, which brings signs back"
        site.found("late-normalising", message, "medium", 180, "Normalise first, then escape.")


_SIGNS = ("..", "/", "\\", "<", ">", "'", '"', ";", "|", "`", "$(", "://")


def _checked_before(site: Site, text: ast.AST | None) -> bool:
    """Whether signs were looked for in a text that is decoded or normalised only here."""
    scope, line = site.where.node, getattr(site.node, "lineno", 0)
    if not isinstance(text, ast.Name) or scope is None or not site.may_look("late-decoding"):
        return False
    for inner in ast.walk(scope):
        if (
            isinstance(inner, ast.Assign)
            and inner.lineno < line
            and any(last_name(t) == text.id for t in inner.targets)
        ):
            return False
    return any(
        isinstance(inner, ast.Compare)
        and inner.lineno <= line
        and len(inner.ops) == 1
        and isinstance(inner.ops[0], ast.In | ast.NotIn)
        and any(sign in (constant_text(inner.left) or "") for sign in _SIGNS)
        and isinstance(inner.comparators[0], ast.Name)
        and inner.comparators[0].id == text.id
        for inner in ast.walk(scope)
    )


def _late(site: Site, text: ast.AST | None) -> None:
    if _checked_before(site, text):
        message = "Signs are looked for in a text before it is decoded, which brings new ones"
        site.found("late-decoding", message, "medium", 180, "Decode and normalise first, then check.", confidence=0.7)


def _unescaped(site: Site) -> None:
    """``unquote(secure_filename(x))``, ``html.unescape(escape(x))``: decoding after cleaning."""
    node = site.argument(0)
    _late(site, node)
    if isinstance(node, ast.Call) and any(
        word in last_name(node.func).lower() for word in ("escape", "secure_filename", "clean", "sanitize", "basename", "strip_tags")
    ):  # fmt: skip
        site.found(
            "late-decoding", "A text is decoded after it was cleaned", "medium", 180, "Decode first, then clean."
        )


def _decoded(site: Site) -> None:
    coding = (site.text(site.argument(0, "encoding")) or "").lower().replace("_", "-")
    if coding in ("utf-7", "utf7"):
        site.found("odd-encoding", "UTF-7 hides signs from checks", "medium", 838, "Decode as UTF-8.")
    elif site.text(site.argument(1, "errors")) == "ignore":
        site.found("odd-encoding", "Bytes that are no text are dropped, which may join what was apart", "low", 838,
            'Use errors="strict" or "replace".', confidence=0.3)  # fmt: skip


def _matched(site: Site) -> None:
    """A pattern that decides, and looks at the beginning only, or ends with ``$``, which lets a line break through."""
    pattern = site.text(site.argument(0, "pattern")) or ""
    if "A-z" in pattern:
        site.found(
            "loose-pattern", "The range A-z holds six signs that are no letters", "medium", 20, _WHOLE, confidence=0.8
        )
        return
    if site.last not in ("match", "search") or len(site.call.args) < 2 or not pattern:
        return
    if not any(site.where.name.lower().startswith(word) or f"_{word}" in site.where.name.lower() for word in _CHECKS):
        return
    if site.level(site.call.args[1], HTML) < HANDED_IN and not isinstance(site.call.args[1], ast.Name):
        return
    if site.last == "search" and not pattern.startswith(("^", r"\A")) and not pattern.endswith(("$", r"\Z")):
        return
    if not pattern.endswith(("$", r"\Z")):
        site.found("loose-pattern", "A check looks at the beginning of a text only", "low", 625, _WHOLE, confidence=0.4)
    elif pattern.endswith("$"):
        site.found("loose-pattern", "$ lets a line break at the end through", "low", 625, _WHOLE, confidence=0.3)


def _ended(site: Site) -> None:
    """``mail.endswith("@example.com")``, ``path.endswith(".png")`` in a check by name."""
    text = site.text(site.argument(0)) or ""
    if text.startswith("@") and "." in text:
        site.found("loose-pattern", "The end of an address alone proves nothing about who owns it", "low", 20,
            "Parse the address, and confirm it by a mail.", confidence=0.3)  # fmt: skip


def _contained(site: Site) -> None:
    """``".png" in name``: any name may hold that somewhere."""
    node = site.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.In):
        text = constant_text(node.left) or ""
        if (
            text[:1] == "."
            and text[1:].isalnum()
            and len(text) < 7
            and not isinstance(node.comparators[0], ast.List | ast.Tuple | ast.Set)
        ):
            site.found("loose-pattern", "An extension anywhere in a name proves nothing about the file", "low", 434,
                "Look at the end of the name, and at the content.", confidence=0.3)  # fmt: skip


def _listed(site: Site) -> None:
    """``re.compile("[A-z]+")``."""
    if "A-z" in (site.text(site.argument(0, "pattern")) or ""):
        _matched(site)
    _substituted(site)


_NAMES = tuple(f"{library}.{name}" for library in ("re", "regex") for name in ("match", "search", "fullmatch"))
FAMILY = Family(
    calls={
        **dict.fromkeys(("re.sub", "re.subn", "regex.sub"), _substituted),
        **dict.fromkeys(("re.compile", "regex.compile"), _listed),
        **dict.fromkeys(_NAMES, _matched),
        "unicodedata.normalize": _normalized,
        **dict.fromkeys(("urllib.parse.unquote", "urllib.parse.unquote_plus", "html.unescape"), _unescaped),
    },
    comparisons=(_contained,),
    methods={"replace": _replaced, "decode": _decoded, "endswith": _ended},
)
