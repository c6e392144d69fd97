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
    "summari[sz]e|translate|compose|write(?! (?:to|back|soon|us|down|your|here|me (?:when|soon|if|back)))|explain|describe|generate|"
    "encode|decode|paraphrase|rewrite|calculate|analy[sz]e|"
    "compare|classify|"
    "outline|brainstorm|draft (?:a|an|me|some)|tell me(?! (?:if|when|whether|your|which|where you|what you|how you))|give me(?! (?:a "
    "call|a ring|your))|list|correct the|teach|categori[sz]e|read out|book me|evaluate the|assess the|determine the|predict|elaborate|"
    "discuss|recite|"
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
    "(?:please |kindly |now |then |also,? |next |additionally,? |furthermore,? |finally,? |and |i want you to |i need you to |i'd like "
    "you to |"
    "can you (?:please )?|could you (?:please )?|would you (?:please )?|do the following instead: |please do the following instead: )"
)
_ME = (
    r"\b(?:tell|give|show|teach|help|inform|remind|provide|write|make|book|find|order|read|draft|get|suggest|recommend|compose|explain "
    r"to) me\b|\bfor me\b|\b(?:should|can|could|do|would|may) i\b|^(?:is|will) it (?:going to )?"
)
_PEOPLE = (
    r"^(?:(?:tell|give|show|help|send|write) me )?(?:\w+ )?(?:the|this|that|these|those|all|both|any|his|her|their|him|everyone|"
    r"everybody|each other)\b"
)
_GENERAL_OBJECT = (
    r"\b(?:of|between|about|how|why|who|in (?:the )?[a-z]+ (?:order|words)|behind|from \d+|for (?:a|an|my)|\d{2,}|equation|"
    r"sentence|phrase|word|poem|story|song|lyrics|planets|weather|time in|news|using|style|pretend|imagine)\b"
)
_LESSONS = (
    r"\b(?:exercises?|assignments?|homework|worksheets?|quiz|trivia|question \d|questions? \d|puzzle|exam|essay by|hand (?:it )?in|"
    r"interview|survey|faq|course|lesson|study group|lab|todo|to-do|"
    r"action items?|agenda|runbook|tutorial|phrase book|dialogue|sermon|style guide|workout|letter to the editor|unit \d+)\b"
)
_NEAR = 60
_CERTAIN_LESS = 0.2
_DEFINITE_LESS, _LESSON_LESS, _MANY_LESS = 0.4, 0.3, 0.15
"""What a task counts less where it is about one certain thing, in a text for learners or with items, and for each further order in it."""
_FOREIGN = (
    "dimmi (?:come|cosa|qual|chi|perché)|spiegami|raccontami|traduci|scrivi (?:un|una|uno)|explique|raconte[- ]moi|écris (?:un|une|le)|"
    "traduis|erkläre? (?:mir|wie|was|warum|den|die)|"
    "schreibe? (?:ein|eine|einen|mir ein)|übersetze|nenne? (?:mir|drei|fünf|die|den)|explica(?:me)? (?:cómo|qué|por|la|el)|escribe (?:un|"
    "una)|cuéntame|traduce|dime (?:cómo|cuál|qué es)|schrijf een|leg uit|vertaal"
)
_BEGIN = r"(?:(?<=[\n.!?|>])[ \t]{0,8}|^[ \t]{0,8})(?:(?:#|//|--?|[*]|•|info|warn|error|debug) {0,2})?"
_TASK = rf"{_BEGIN}{_OPENING}{{0,2}}(?:{_STRONG}|{_FOREIGN})(?= )[^\n.!?|]{{8,220}}"
_ASKS = (
    "(?!how about|what about|how are|why not|how come|what if|how was|what else)(?:what(?:['’]?s)?|who(?:['’]s)?|which|when|"
    "where(?:['’]s)?|how|why)"
)
_QUESTION = rf"{_BEGIN}(?:{_ASKS}|is|are|does|did|can|will|do) (?:[a-z']{{1,14}} )[^\n.!?|]{{6,200}}\?"
_FIRST_LINE = rf"[ \t]{{0,8}}(?:{_ASKS}) [a-z'’]{{1,14}} [^\n.!?|]{{12,200}}(?=\n)"
_LAST_LINE = rf"(?<=[\n.!?|>])[ \t]{{0,8}}(?:{_ASKS}) [a-z'’]{{1,14}} [^\n.!?|]{{12,200}}\Z"
_TAIL = 240
_ADDRESSED = (
    r"\b(?:you|your|yours|we|our|us|i|my|below|here|attached|attachment|this|these|link|click|button|them|him|her|"
    r"tomorrow|today|tonight|weekend|monday|tuesday|wednesday|thursday|friday|saturday|sunday|above|page|section|following|ours|team)\b"
)
_SOFTWARE = (
    r"\b(?:file|server|command|install|api|config|function|method|class|module|package|repo|repository|directory|folder|branch|database|"
    r"table|column|tests?|bug|issue|release|version|"
    r"variable|parameter|endpoint|users?)\b"
)
_ITSELF = r"\b(?:this|these|the following|following)(?: [a-z]+){0,3}:"
_WORD = r"[^\W\d_]{3,}"
_QUOTED = r"\"[^\"\n]*+\"|'[^'\n]*+'|“[^”\n]*+”"
_COMMON_WORDS = (
    "that this with from have will your about into what which when where there their they them then than been were also "
    "more most some such only other over under after before please could would should does each very just like make made "
    "using used between during main latest recent current information details provide tell give list write summarize "
    "explain describe find create generate analyze translate compose identify suggest recommend calculate following best "
    "good great well many much time today year years world people thank thanks dear regards the and for are who was how "
    "why its has had can did not all any one two get got let may his out own per she too use way yes but via now new see "
    "say set put der die das und ein eine den dem des mit von les une pour dans avec los las una por con del che non gli"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_GENERAL = (
    "what",
    "who",
    "which",
    "when",
    "where",
    "how",
    "why",
    "is it ",
    "is there ",
    "are there ",
    "is a ",
    "can a ",
    "does a ",
)
_ENOUGH_WORDS = 4
_LONG, _LONGER = 15, 35
_TASKS_MAX = 3
_TEXT_MAX = 40_000
_LEAST_WORDS = 2
_SHARED = 4
"""One word in four may stand in the rest of the text as well: some word always does by chance."""
_NAME = r"(?<=[a-z,] )[A-Z][a-z]{2}"
_MADE_UP = (
    r"\b(?:riddles?|poems?|jokes?|haikus?|stor(?:y|ies)|limericks?|songs?|tweets?|slogans?|rhymes?|lullab(?:y|ies)|essays?|"
    r"sonnets?)\b"
)
UNTRUSTED_LEAST = 0.5
_EVEN, _SHARE = 0.7, 0.12
_MOST = 0.9
_LIKELY_ODDS = 2.0
"""What such a sentence counts where its wording says nothing, what one of its log-odds adds, and the most."""


def stray_tasks(text: str, wordings: wording.Described) -> list[Piece]:
    """One piece of evidence where there is a task, or a question, that the rest of the text has nothing to do with."""
    lowered = text[:_TEXT_MAX].lower()
    tasks = _some(_TASK, lowered)
    if len(tasks) <= _TASKS_MAX:
        for task in tasks:
            standing = _begins_a_sentence(text, task) or _at_the_edge(lowered, task) or compiled(_ME).search(task[0])
            if standing and _astray(text, lowered, task):
                return [_stray("stray-task", task[0], _less(lowered, len(tasks)))]
    questions = _questions(lowered)
    if len(questions) <= _TASKS_MAX:
        for question in questions:
            alone = len(questions) == 1 and len(question[0]) >= _LONG and question[0].strip().startswith(_GENERAL)
            if (alone or _at_the_edge(lowered, question)) and _astray(text, lowered, question, question=True):
                less = _less(lowered, len(tasks))
                general = not less and compiled(_GENERAL_OBJECT).search(question[0]) is not None
                less += _CERTAIN_LESS * (not general and " the " in question[0])
                return [_stray("stray-question", question[0], less, UNTRUSTED_LEAST * general)]
    return _worded_so(wordings, lowered, len(tasks))


def _questions(lowered: str) -> list[re.Match[str]]:
    """Questions with their mark, and a first or last line that is one without it."""
    found = _some(_QUESTION, lowered) if "?" in lowered else []
    if not found:
        edges = (
            compiled(_FIRST_LINE).match(lowered),
            compiled(_LAST_LINE).search(lowered, max(0, len(lowered) - _TAIL)),
        )
        found = [edge for edge in edges if edge]
    return found


def _less(lowered: str, tasks: int) -> float:
    """What any task counts less in this text: instructions for people come in many, and lessons and lists are made of them."""
    return _LESSON_LESS * (compiled(_LESSONS).search(lowered) is not None) + _MANY_LESS * max(0, tasks - 1)


def _worded_so(wordings: wording.Described, lowered: str, tasks: int) -> list[Piece]:
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
    weight = (
        0.5
        + _SHARE * (odds - _LIKELY_ODDS)
        - _less(lowered, tasks)
        - _DEFINITE_LESS * _definite(" ".join(sentence.words))
    )
    return [Piece("injection.stray-task", "prompt_injection", "stray", min(_MOST, weight))] if weight > 0 else []


def _after_opening(words: Sequence[str]) -> Sequence[str]:
    return words[2:] if words[1:2] == ("me",) else words


def _stray(name: str, task: str, less: float, least: float = 0.0) -> Piece:
    odds = wording.described(unmasking.plain(task)).log_odds("task")
    said = re.sub(rf"^\s*{_OPENING}{{0,2}}", "", task)
    weight = _EVEN + _SHARE * odds - less - _DEFINITE_LESS * _definite(said)
    return Piece(f"injection.{name}", "prompt_injection", "stray", min(_MOST, max(least, weight)))


def _definite(said: str) -> bool:
    """Whether a task is about one thing that both sides know: "the budget", not "the capital of Peru" and "a poem"."""
    return compiled(_PEOPLE).search(said) is not None and compiled(_GENERAL_OBJECT).search(said[:_NEAR]) is None


def _some(source: str, text: str) -> list[re.Match[str]]:
    return [match for match, _ in zip(compiled(source).finditer(text), range(_TASKS_MAX + 1), strict=False)]


def _begins_a_sentence(text: str, match: re.Match[str]) -> bool:
    """Whether it is written with a capital: a line of a wrapped paragraph, and of code, mostly is not."""
    return text[match.start() : match.start() + 10].lstrip()[:1].isupper()


def _at_the_edge(text: str, match: re.Match[str]) -> bool:
    return not text[: match.start()].strip() or not text[match.end() :].strip(" \t\n.?!'\"")


def _astray(text: str, lowered: str, match: re.Match[str], *, question: bool = False) -> bool:
    said = re.sub(rf"^{_BEGIN}{_OPENING}{{0,2}}", "", match[0])
    asked, mine = compiled(_ME).subn(" ", said)
    asked = compiled(_ITSELF).sub(" ", compiled(_QUOTED).sub(" ", asked))
    if compiled(_ADDRESSED).search(asked.replace("my ", "") if mine else asked):
        return False
    rest = f"{lowered[: match.start()]} {lowered[match.end() :]}"
    if compiled(_SOFTWARE).search(asked) and compiled(_SOFTWARE).search(rest):
        return False
    words = set(compiled(_WORD).findall(asked)) - _COMMON
    own = {_stem(word) for word in words}
    named = compiled(_NAME).search(text[match.start() : match.end()].lstrip()[1:]) is not None
    if len(words) < (
        1 if named or compiled(_MADE_UP).search(asked) or (question and len(match[0]) >= _LONGER) else _LEAST_WORDS
    ):
        return False
    others = {_stem(word) for word in compiled(_WORD).findall(rest)}
    return len(others) >= _ENOUGH_WORDS and len(own & others) * _SHARED <= len(own)


def _stem(word: str) -> str:
    return word if word in _COMMON else word[:5]
