"""Words spelt in letters that only look like theirs: full-width and styled forms, letters of other alphabets, floods of marks.

Honest text holds full-width punctuation and single letters (Chinese, Japanese), words of one alphabet beside words of another, and a few
marks on a letter (Vietnamese, Hebrew with points, Thai, Indic scripts). A word of compatibility letters, a word of two alphabets, or
three and more combining marks on Latin letters in a row is neither (Unicode TS 39, mixed-script confusables).
"""

from __future__ import annotations

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_security.scanner import Hit

# Mathematical alphabets, circled, parenthesised and squared letters, regional indicators apart (flags).
_STYLED = (
    r"\U0001d400-\U0001d6a5\u24b6-\u24e9\u249c-\u24b5\U0001f110-\U0001f12b\U0001f130-\U0001f149\U0001f150-\U0001f169"
    r"\U0001f170-\U0001f189\u2100-\u214f\u1d00-\u1d25\u1d2c-\u1d6a\ua730-\ua731\u02b0-\u02b8\u02e0-\u02e4\u2c7c\ua7f8-\ua7fa\u0262\u026a\u0274\u0280\u028f\u0299\u029c\u029f"
)
_STYLED_WORD = rf"[{_STYLED}]{{3,}}+"
# Cyrillic, Greek, Armenian and Cherokee letters with a Latin twin.
_TWINS = (
    r"\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u04cf\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405\u0423\u0433\u043f\u043a\u043c\u0442\u0432\u043d\u0438\u0437\u0457"
    r"\u03b1\u03b5\u03b9\u03bf\u03c1\u03c5\u03c7\u03ba\u03bd\u03c4\u03b7\u03c9\u03c3\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03f2\u03f3"
    r"\u0561-\u0586\u13a0-\u13f4\u0251\u0261\u0269\u1e9f"
)
# Between Latin letters, or before them. After them stand honest endings: Russian inflects foreign words.
_MIXED = rf"[A-Za-z][{_TWINS}]{{1,20}}+[A-Za-z]|(?<!\w)[{_TWINS}]{{1,20}}+[A-Za-z]{{2}}"
_ANY_TWIN = rf"[{_TWINS}]"
# Marks that stack on any letter; not those that scripts write with.
_MARK = r"\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_FLOOD = rf"[{_MARK}]{{4,}}+|(?:[A-Za-z][{_MARK}]{{1,3}}){{4,}}+"
_UNUSUAL = f"[{_STYLED}{_TWINS}{_MARK}\uff21-\uff3a\uff41-\uff5a]"
_FEW_PLACES = 200
_FULL_WIDTH = r"[\uff21-\uff3a\uff41-\uff5a]"
_A_WORD, _SENTENCE = 6, 24
_EAST_ASIAN = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]"


def disguised(text: str) -> list[Hit]:
    """Hits for words in disguise. One pass of a character class each; nothing for ASCII."""
    hits: list[Hit] = []
    if compiled(_UNUSUAL).search(text) is None:
        return hits
    for source, rule, message in (
        (_STYLED_WORD, "styled-letters", "words in full-width or styled letters"),
        (_FLOOD, "stacked-marks", "letters under a flood of combining marks"),
    ):
        _add(
            hits,
            [match.span() for match, _ in zip(compiled(source).finditer(text), range(_FEW_PLACES), strict=False)],
            rule,
            message,
        )
    if _full_width(text):
        places = [
            match.span() for match, _ in zip(compiled(_FULL_WIDTH).finditer(text), range(_FEW_PLACES), strict=False)
        ]
        _add(hits, places[:1] + places[-1:], "full-width", "words in full-width letters")
    if compiled(_ANY_TWIN).search(text):
        mixed = [match.span() for match, _ in zip(compiled(_MIXED).finditer(text), range(_FEW_PLACES), strict=False)]
        _add(
            hits,
            [place for place in mixed if not _unit(text, *place)],
            "mixed-alphabets",
            "letters of two alphabets in one word",
        )
    return hits


def _full_width(text: str) -> bool:
    """Whether words are spelt in full-width letters: six of them, or a sentence's worth where such letters are at home."""
    found = sum(1 for _, _ in zip(compiled(_FULL_WIDTH).finditer(text), range(_SENTENCE), strict=False))
    return found >= _SENTENCE or (found >= _A_WORD and compiled(_EAST_ASIAN).search(text) is None)


def _unit(text: str, start: int, end: int) -> bool:
    """Whether the letters are a formula or a unit: ``kΩ``, ``Δx``, ``αβ-test``, ``σ_max``: one foreign letter with at most one Latin."""
    while start > 0 and text[start - 1].isalpha():
        start -= 1
        if end - start > 40:
            return False
    while end < len(text) and text[end].isalpha() and end - start <= 40:
        end += 1
    latin = sum(letter.isascii() for letter in text[start:end])
    return latin < 2 or (end - start) < 4


def _add(hits: list[Hit], places: list[tuple[int, int]], rule: str, message: str) -> None:
    if places:
        hits.append(
            Hit(
                f"encoding.{rule}",
                "disguise",
                places[0][0],
                places[-1][1],
                severity="medium",
                message=f"{message} in {len(places)} places" if len(places) > 1 else message,
                cwe="CWE-1007",
                owasp_llm="LLM01",
            )
        )
