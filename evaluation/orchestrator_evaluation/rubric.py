"""What is judged and what each label means, in words. A change of any word here is a new ``VERSION``."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from orchestrator_evaluation.scoring import LABELS

VERSION = "1"

FINDINGS_KEY = "a_findings"
MAX_FINDINGS = 2
MAX_FINDING_CHARS = 160


class Quality(Struct, frozen=True):
    """One criterion with an anchor for each label, from 0 (worst) to 4."""

    name: str
    question: str
    anchors: tuple[str, str, str, str, str]


class Rubric(Struct, frozen=True):
    """The criteria for one kind of output, in the order in which they are asked for."""

    kind: str
    qualities: tuple[Quality, ...]

    def key(self, quality: Quality) -> str:
        """The JSON key of a quality. Some servers sort a schema's keys: these sort into the wanted order, after the findings."""
        return f"{'bcdefghij'[self.qualities.index(quality)]}_{quality.name}"

    def schema(self) -> dict[str, Any]:
        """The JSON schema of an answer: findings first, then one label per quality."""
        finding = {"type": "string", "maxLength": MAX_FINDING_CHARS}
        properties: dict[str, Any] = {FINDINGS_KEY: {"type": "array", "items": finding, "maxItems": MAX_FINDINGS}}
        properties |= {self.key(quality): {"type": "string", "enum": list(LABELS)} for quality in self.qualities}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def text(self) -> str:
        """The rubric as a judge reads it."""
        blocks = []
        for quality in self.qualities:
            anchors = "\n".join(f"  {label} = {anchor}" for label, anchor in zip(LABELS, quality.anchors, strict=True))
            blocks.append(f"{self.key(quality)}: {quality.question}\n{anchors}")
        return "\n".join(blocks)


TEXT = Rubric(
    "text",
    (
        Quality(
            "instruction",
            "Does OUTPUT do what REQUEST asks for, in the form it asks for?",
            (
                "refuses, fails, or answers another question",
                "touches the subject but misses what was asked",
                "answers a part, or ignores a stated limit or form",
                "answers what was asked with a small deviation",
                "does exactly what was asked, in the form asked for",
            ),
        ),
        Quality(
            "correctness",
            "Are the statements in OUTPUT right?",
            (
                "wrong in its main statement",
                "several errors, or one that misleads the reader",
                "right in the main, with an error that matters",
                "right, with a detail that is doubtful",
                "right as far as it can be checked",
            ),
        ),
        Quality(
            "completeness",
            "Is everything there that REQUEST needs?",
            (
                "nothing usable is there",
                "most is missing or cut off",
                "about half is there, or it ends before it is done",
                "a minor point is missing",
                "everything needed is there, without padding",
            ),
        ),
        Quality(
            "clarity",
            "Can the reader follow OUTPUT at once?",
            (
                "not readable",
                "hard to follow, repetitive or without order",
                "understandable with effort",
                "clear, with rough places",
                "clear, ordered and to the point",
            ),
        ),
    ),
)

CODE = Rubric(
    "code",
    (
        Quality(
            "correctness",
            "Does the code do what REQUEST asks for?",
            (
                "does not run, or does something else",
                "fails on the ordinary case",
                "works on the ordinary case, fails on a common edge case",
                "works, with a rare edge case left out",
                "works on every input that REQUEST implies",
            ),
        ),
        Quality(
            "security",
            "Could an attacker use the code?",
            (
                "exploitable by whoever supplies its input",
                "a serious weakness under common conditions",
                "a weakness that needs special conditions",
                "sound, with a hardening step left out",
                "handles untrusted input safely, or takes none",
            ),
        ),
        Quality(
            "readability",
            "Do names, layout and comments let a stranger read it?",
            (
                "cannot be read",
                "misleading or meaningless names, or broken layout",
                "readable with effort",
                "readable, with a few weak names or places",
                "reads like prose",
            ),
        ),
        Quality(
            "maintainability",
            "Can it be changed safely?",
            (
                "every change breaks something",
                "long, nested or repeated code, hidden state",
                "some repetition or coupling",
                "small parts, a little repetition",
                "small parts with one task each, nothing repeated",
            ),
        ),
        Quality(
            "performance",
            "Is the work it does in proportion to the task?",
            (
                "cannot finish on ordinary input",
                "wasteful by an order of growth",
                "wasteful by a constant factor that matters",
                "adequate",
                "as good as the task allows",
            ),
        ),
    ),
)


def rubric_for(kind: str) -> Rubric:
    """The rubric for a kind of output: ``code``, or the text rubric for everything else."""
    return CODE if kind == "code" else TEXT
