"""How many tokens a text has, from below and from above, without a tokenizer. Pure.

Two bounds for two uses: the upper one budgets a prompt into a window, the lower one proves that a server dropped a part
of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")

MESSAGE_OVERHEAD_TOKENS = 12
"""Role names and separators that a chat template puts around one message."""

# Tokenizers differ in a few characters (a zero-width space as a word break, a fused abbreviation): stay a tenth below.
_MARGIN = 0.9
# Below this many words the bound says nothing that a template's own tokens could not explain.
_SMALLEST_PROOF = 24


def most_tokens(text: str) -> int:
    """A cautious upper estimate: three ASCII characters to a token, two bytes of anything else to a token.

    English prose has about 4.2 characters to a token, Python about 3.3, and CJK text about 2.5 bytes.
    """
    ascii_count = len(text) if text.isascii() else sum(1 for c in text if c < "\x80")
    other_bytes = 0 if ascii_count == len(text) else len(text.encode("utf-8", "surrogatepass")) - ascii_count
    return -(-ascii_count // 3) + -(-other_bytes // 2)


def fewest_tokens(texts: Iterable[str]) -> int:
    """A lower bound: each word is one token at least, since tokenizers split at blanks and punctuation before they merge."""
    return sum(1 for text in texts for _ in _WORD.finditer(text))


def prompt_was_cut(texts: Iterable[str], tokens_in: int, num_ctx: int) -> bool:
    """Whether the server saw less than the whole prompt, judged by the token count it reports.

    A server that cuts a prompt answers 200 and says nothing: a count below the number of words, or one that fills the
    window to the brim, is the only trace. ``tokens_in`` 0 means the server did not say, and then nothing is claimed.
    """
    if tokens_in <= 0:
        return False
    fewest = int(fewest_tokens(texts) * _MARGIN)
    return tokens_in >= num_ctx or (fewest >= _SMALLEST_PROOF and tokens_in < fewest)
