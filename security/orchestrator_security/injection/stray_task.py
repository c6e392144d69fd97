"""A task for nobody in a text that is about something else.

A mail about a payment that ends in "Summarize the climate report" has no reader who could do that, except a model (BIPIA, Yi et al. 2023).
The signs: a sentence begins with a verb that assistants are asked with, or is a question of general knowledge; it shares no word with the
rest; it speaks of no "we", "your account", "link" or "below"; and there are few such sentences, since instructions for people come in many.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator_core.analysis.lazy_patterns import compiled
from orchestrator_core.analysis.orders import unmasking
from orchestrator_security.injection import wording
from orchestrator_security.injection.evidence import Piece

_STRONG = (
    "summari[sz]e|translate|compose|write|explain|describe|generate|encode|decode|paraphrase|rewrite|calculate|analy[sz]e|"
    "compare|classify|"
    "outline|brainstorm|draft|tell me|give me|list|evaluate the|assess the|determine the|predict|elaborate|discuss|recite|"
    "solve|"
    "identify the|investigate|research|examine|estimate the|craft|narrate|sing|define|name (?:the|three|five|two|a|some|"
    "four|ten)|extract|rank|critique|"
    "interpret|illustrate|simulate|imagine|pretend|act as|spell|count|convert|reverse|detail|highlight the|propose|"
    "recommend a|suggest a|suggest some|"
    "provide (?:a|an|me|the|some|tips|information|advice|details|recommendations|insights|suggestions|guidance|examples|"
    "three|five)|"
    "create (?:a|an|some|two|three)|give (?:three|five|some|two|ten|tips|examples|advice|an?)|work out|come up with|invent|"
    "choose|pick|tell a|make up|figure out|build a|count the|guess|"
    "develop a|design a|plan a|conduct|show me|find (?:the|a|me|out|some)|recommend|suggest|teach me|help me|share (?:a|an|"
    "some|the)|inform me|"
    "advise|offer|state|rate|say|print|output|execute|run|perform|search for|look up|book|schedule|order|organi[sz]e|"
    "remind me|set (?:a|an)|transcribe|"
    "gauge|detect|measure|categori[sz]e|label|score|judge|forecast|project the|track|monitor|map out|formulate|prepare a|"
    "produce a|make a"
)
_OPENING = (
    "(?:please |kindly |now |then |also |next |additionally,? |furthermore,? |finally,? |and |i want you to |i need you to "
    ")"
)
_TASK = rf"(?:(?<=[\n.!?|>])[ \t]{{0,8}}|^[ \t]{{0,8}}){_OPENING}{{0,2}}(?:{_STRONG})(?= )[^\n.!?|]{{8,220}}"
_QUESTION = (
    r"(?:(?<=[\n.!|>])[ \t]{0,8}|^[ \t]{0,8})(?:what|who|which|when|where|how|why|is|are|does|did|can) (?:[a-z']{1,14} "
    r")[^\n.!?|]{6,200}\?"
)
_ADDRESSED = (
    r"\b(?:you|your|yours|we|our|us|i|my|below|here|attached|attachment|this|these|link|click|button|them|him|her|they|it|"
    "tomorrow|today|above|page|section|"
    "following|ours|team|"
    "file|server|command|install|api|config|function|method|class|module|package|repo|repository|directory|folder|branch|"
    "database|"
    r"table|column|tests?|bug|issue|release|version|variable|parameter|endpoint|users?)\b"
)
_WORD = r"[a-z]{4,}"
_QUOTED = r"\"[^\"\n]*+\"|'[^'\n]*+'|“[^”\n]*+”"
_COMMON = frozenset(
    [
        "that",
        "this",
        "with",
        "from",
        "have",
        "will",
        "your",
        "about",
        "into",
        "what",
        "which",
        "when",
        "where",
        "there",
        "their",
        "they",
        "them",
        "then",
        "than",
        "been",
        "were",
        "also",
        "more",
        "most",
        "some",
        "such",
        "only",
        "other",
        "over",
        "under",
        "after",
        "before",
        "please",
        "could",
        "would",
        "should",
        "does",
        "each",
        "very",
        "just",
        "like",
        "make",
        "made",
        "using",
        "used",
        "between",
        "during",
        "main",
        "latest",
        "recent",
        "current",
        "information",
        "details",
        "provide",
        "tell",
        "give",
        "list",
        "write",
        "summarize",
        "explain",
        "describe",
        "find",
        "create",
        "generate",
        "analyze",
        "translate",
        "compose",
        "identify",
        "suggest",
        "recommend",
        "calculate",
        "following",
        "best",
        "good",
        "great",
        "well",
        "many",
        "much",
        "time",
        "today",
        "year",
        "years",
        "world",
        "people",
        "thank",
        "thanks",
        "dear",
        "regards",
    ]
)
_GENERAL = ("what ", "who ", "which ", "when ", "where ", "how ", "why ")
_ENOUGH_WORDS = 4
_LONG = 35
_TASKS_MAX = 3
_TEXT_MAX = 40_000
_LEAST_WORDS = 2
_EVEN, _SHARE = 0.7, 0.12
_LEAST, _MOST = 0.2, 0.9
_LIKELY_ODDS = 1.6
"""What such a sentence counts where its wording says nothing, what one of its log-odds adds, and the bounds."""


def stray_tasks(text: str, wordings: wording.Described) -> list[Piece]:
    """One piece of evidence where there is a task, or a question, that the rest of the text has nothing to do with."""
    lowered = text[:_TEXT_MAX].lower()
    tasks = _some(_TASK, lowered)
    if len(tasks) <= _TASKS_MAX:
        for task in tasks:
            if (_begins_a_sentence(text, task) or _at_the_edge(lowered, task)) and _astray(lowered, task):
                return [_stray("stray-task", task[0])]
    questions = _some(_QUESTION, lowered)
    if len(questions) <= _TASKS_MAX:
        for question in questions:
            alone = (
                len(questions) == 1 and len(question[0]) >= _LONG and question[0].strip().startswith(_GENERAL)
            ) or _at_the_edge(lowered, question)
            if alone and _astray(lowered, question, least=1):
                return [_stray("stray-question", question[0])]
    return _worded_so(wordings)


def _worded_so(wordings: wording.Described) -> list[Piece]:
    """The sentence most likely to be such a task by its wording, where no other knows what it is about."""
    if len(wordings.sentences) < 2:
        return []
    odds, best = wordings.strongest("task")
    if odds < _LIKELY_ODDS:
        return []
    sentence = wordings.sentences[best]
    rest = wordings.sentences[:best] + wordings.sentences[best + 1 :]
    if compiled(_ADDRESSED).search(" ".join(_after_opening(sentence.words))):
        return []
    own = {_stem(word) for word in sentence.words if len(word) >= 4} - _COMMON
    others = {_stem(word) for one in rest for word in one.words if len(word) >= 4}
    if len(others) < _ENOUGH_WORDS or not own or own & others:
        return []
    return [
        Piece("injection.stray-task", "prompt_injection", "stray", min(_MOST, 0.5 + _SHARE * (odds - _LIKELY_ODDS)))
    ]


def _after_opening(words: Sequence[str]) -> Sequence[str]:
    return words[2:] if words[1:2] == ("me",) else words


_FENCE = r"```[^\n`]{0,30}\n([^`]*+)```"
_HARMFUL = (
    r"os\.system|subprocess|requests\.(?:post|get)|socket|os\.fork|/etc/|/boot|rm -rf|pynput|keyboard|clipboard|pbpaste|"
    "cookies?|shutil|nc -e|scapy|fernet|encrypt|"
    "imagegrab|pyautogui|screenshot|tcpdump|sniff|winreg|iptables|blockinput|kill|reboot|shutdown|urlopen|urllib|smtplib|"
    r"paramiko|ftplib|base64|exec\(|eval\(|"
    r"while true|os\.remove|unlink|format c|wget|curl|powershell|chmod|passwd|getpass|history|webbrowser|selenium|cv2|"
    "camera|microphone|pyaudio"
)
_WORKING_TEXT = (
    r"\b(?:install|npm|pip|server|repository|function|api|config|import|module|library|build|docker|class|django|react|"
    r"command|readme|version|bug|error)\b"
)


def stray_code(text: str) -> list[Piece]:
    """Evidence from a block of code: what it does, and that nothing around it speaks of software."""
    if "```" not in text:
        return []
    lowered = text[:_TEXT_MAX].lower()
    fence = compiled(_FENCE).search(lowered)
    if fence is None:
        return []
    pieces = []
    if compiled(_HARMFUL).search(fence[1]):
        pieces.append(Piece("injection.code-to-insert", "prompt_injection", "code", 0.15))
    around = f"{lowered[: fence.start()]} {lowered[fence.end() :]}"
    if not compiled(_WORKING_TEXT).search(around) and len(compiled(_WORD).findall(around)) >= _ENOUGH_WORDS:
        pieces.append(Piece("injection.code-to-insert", "prompt_injection", "code", 0.25))
    return pieces


def _stray(name: str, task: str) -> Piece:
    odds = wording.described(unmasking.plain(task)).log_odds("task")
    weight = min(_MOST, max(_LEAST, _EVEN + _SHARE * odds))
    return Piece(f"injection.{name}", "prompt_injection", "stray", weight)


def _some(source: str, text: str) -> list[re.Match[str]]:
    return [match for match, _ in zip(compiled(source).finditer(text), range(_TASKS_MAX + 1), strict=False)]


def _begins_a_sentence(text: str, match: re.Match[str]) -> bool:
    """Whether it is written with a capital: a line of a wrapped paragraph, and of code, mostly is not."""
    return text[match.start() : match.start() + 10].lstrip()[:1].isupper()


def _at_the_edge(text: str, match: re.Match[str]) -> bool:
    return not text[: match.start()].strip() or not text[match.end() :].strip(" \t\n.?!'\"")


def _astray(text: str, match: re.Match[str], least: int = _LEAST_WORDS) -> bool:
    said = re.sub(rf"^\s*{_OPENING}{{0,2}}", "", match[0])
    said = re.sub(r"^(?:tell me|give me|show me|teach me|help me|inform me|remind me|provide me)\b", "", said)
    if compiled(_ADDRESSED).search(compiled(_QUOTED).sub(" ", said)):
        return False
    own = {_stem(word) for word in compiled(_WORD).findall(said)} - _COMMON
    if len(own) < least:
        return False
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    others = {_stem(word) for word in compiled(_WORD).findall(rest)}
    return len(others) >= _ENOUGH_WORDS and own.isdisjoint(others)


def _stem(word: str) -> str:
    return word if word in _COMMON else word[:5]
