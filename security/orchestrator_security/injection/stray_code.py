"""Code and commands in a text that is not about software: a block to be inserted, an order to a machine to harm itself.

"Wipe the boot sector" in a warranty card has no reader who would do that, except an agent with a terminal (the attacks on systems of BIPIA,
Yi et al. 2023). In a text that speaks of servers and commands the same words are work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_security.injection.armed_code import armed, prying
from orchestrator_security.injection.evidence import Piece
from orchestrator_security.injection.wording import Described

_ENOUGH_WORDS = 4
_TEXT_MAX = 40_000
_WORD = r"[a-z]{4,}"
_FENCE = r"^[ \t>]{0,8}(?:```|~~~)"
_BLOCK = rf"{_FENCE}[^\n]{{0,30}}\n(.*?)(?:{_FENCE}|\Z)"
_BLOCKS_MAX = 64
_FOREIGN_BLOCKS = 2
"""A text with more blocks is about code."""
_BESIDE = rf"(?:^[^\n]*+\n{{1,2}})?{_BLOCK}(?:\n{{1,2}}[^\n]++)?"
"""A block with the lines beside it: "put this function into the answer" does not make a mail one about software."""
_ARMED, _PRYING, _FOREIGN = 0.55, 0.2, 0.3
"""What a block counts that does harm, that might, and that stands in a text about something else."""
_WORKING_TEXT = (
    r"\b(?:install|npm|pip|server|repository|function|api|config|import|module|library|build|docker|django|react|"
    r"command|readme|version|bug|error|usage|output|options?|strings?|parameters?|arguments?|returns?|default|objects?|datasets?|"
    r"dependencies|github|tables?|columns?|linux|shell|terminal|unix|loop|python|javascript|queue|event handler)\b|`[^`\n]++`"
)


def stray_code(text: str) -> list[Piece]:
    """Evidence from blocks of code: what they do, and that nothing around them speaks of software."""
    if "```" not in text and "~~~" not in text:
        return []
    lowered = text[:_TEXT_MAX].lower()
    blocks = [
        match
        for match, _ in zip(
            compiled(_BLOCK, re.MULTILINE | re.DOTALL).finditer(lowered), range(_BLOCKS_MAX), strict=False
        )
    ]
    if not blocks:
        return []
    weight = _ARMED * any(armed(block[1]) for block in blocks) or _PRYING * any(prying(block[1]) for block in blocks)
    around = compiled(_BESIDE, re.MULTILINE | re.DOTALL).sub(" ", lowered) if len(blocks) <= _FOREIGN_BLOCKS else ""
    if len(compiled(_WORD).findall(around)) >= _ENOUGH_WORDS and not compiled(_WORKING_TEXT).search(around):
        weight += _FOREIGN
    return [Piece("injection.code-to-insert", "prompt_injection", "code", weight)] if weight else []


_OPENING = r"^(?:please |now |then |also |and |next |first |finally )*"
_DESTRUCTIVE = (
    _OPENING
    + r"(?:delete|wipe|erase|remove|destroy|overwrite|format|corrupt|shred|truncate|purge) (?:[a-z]+ ){0,4}?(?:files?|disks?|drives?|"
    r"hard drive|directory|folder|partitions?|boot sector|logs?|"
    r"var|etc|home|root|system32|backups?|databases?|tables?|registry|kernel|memory)\b"
    "|" + _OPENING + r"(?:drop) (?:the |all )?(?:[a-z]+ )?(?:tables?|databases?|schema)\b"
    "|"
    + _OPENING
    + r"(?:shut ?down|reboot|halt|power off|turn off|switch off|disable|stop|kill) (?:(?!your\b)[a-z]+ ){0,4}?(?:servers?|host|firewall|"
    r"antivirus|virus scanner|"
    r"daemon|sshd|processes|defender)\b"
    "|" + _OPENING + r"(?:crash|freeze|hang|block|flood|overload) (?:(?!your\b)[a-z]+ "
    r"){0,4}?(?:servers?|computer|machine|host|system|firewall|antivirus|virus scanner|"
    r"daemon|sshd|processes|network|website|database|defender|updates)\b"
    "|"
    + _OPENING
    + r"(?:sudo )?(?:chmod (?:r )?(?:777|everything|all)|rm (?:rf|r f|fr)|dd if|mkfs|kill (?:9|all|every)|killall|iptables f|fork bomb|"
    r"format c)\b"
    r"|\b(?:rm rf|fork bomb|dd if|chmod 777|chmod r 777|mkfs|dev zero|dev sda|no preserve root)\b"
    "|"
    + _OPENING
    + r"(?:write|create|explain|install|build|deploy|compose|make|give|tell|show|describe|teach|run|open|start)(?: [a-z]+){0,8}? "
    r"(?:keylogger|ransomware|reverse shell|botnet|ddos|fork bomb|phishing (?:mail|email|message|page)|run format|format on drive)\b"
    "|"
    + _OPENING
    + r"(?:set|change|put|turn) (?:[a-z]+ ){0,4}?(?:permissions|system clock|clock|hosts file|root password|registry)\b"
)
_DESTRUCTIVE_WEIGHT, _AT_WORK = 0.55, 1


def harmful_orders(wordings: Described) -> Iterator[Piece]:
    """One piece for an order to a machine against itself, in a text whose other sentences do not speak of software."""
    harms, work = compiled(_DESTRUCTIVE), compiled(_WORKING_TEXT)
    order, at_work = "", 0
    for sentence in wordings.sentences:
        joined = " ".join(sentence.words)
        found = None if order else harms.search(joined)
        if found:
            order = found[0]
        elif work.search(joined):
            at_work += 1
            if at_work == _AT_WORK:
                return
    if order and len(wordings.sentences) > 1:
        yield Piece("injection.harmful-order", "prompt_injection", "harm-order", _DESTRUCTIVE_WEIGHT, order)
