"""A question that needs a person's yes, in words, on the screen and as a document."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.cli.screen import Screen
    from orchestrator_security.approvals.question import Entry


def document_of(entry: Entry) -> dict[str, Any]:
    """A question with what became of it, for ``--json``."""
    import msgspec

    question = msgspec.structs.asdict(entry.question)
    return {
        **question,
        "status": entry.status,
        "asker_pid": entry.asker_pid,
        "decided_at": entry.decided_at,
        "decided_by": entry.by,
        "note": entry.note,
    }


def ended(entry: Entry) -> str:
    """What became of a question, in words."""
    if entry.status == "gone":
        return "asker is gone"
    by = f" by {entry.by}" if entry.by else ""
    return f"{entry.status}{by}"


def asker(entry: Entry) -> str:
    """Who asked, and is or is not there any more."""
    return f"process that asked ({entry.asker_pid})" if entry.asker_pid else "process that asked"


def what(entry: Entry) -> str:
    """What the agent wants to do."""
    return entry.question.capability or "the call"


def standing(entry: Entry) -> str:
    """How long it can still be answered, or what became of it."""
    left_s = max(0.0, entry.question.expires_at - time.time())
    return f"{left_s:.0f} s left" if entry.status == "waiting" else ended(entry)


def list_page(screen: Screen, entries: list[Entry], everything: bool) -> None:
    """The questions in a table."""
    if not entries:
        screen.line("Nothing has been asked yet." if everything else "Nothing waits for an answer.")
        return
    rows = [
        (
            entry.question.id,
            standing(entry),
            entry.question.agent,
            # The agent's own word for it stands in the last column: who reads it must know that the agent may be misled.
            what(entry) + (" (tainted)" if entry.question.tainted else ""),
            entry.question.reason or entry.question.request,
        )
        for entry in entries
    ]
    screen.table(("id", "status", "agent", "wants", "for"), rows)


def page(screen: Screen, entry: Entry) -> None:
    """All of one question."""
    question = entry.question
    screen.heading(f"Approval {question.id}")
    screen.pairs(
        (
            ("status", f"the {asker(entry)} has ended" if entry.status == "gone" else ended(entry)),
            ("agent", question.agent),
            ("wants", what(entry)),
            ("asked because", question.cause),
            ("the agent says", question.reason),
            ("request", question.request),
            ("tainted", "yes: the agent has read text from strangers" if question.tainted else "no"),
            ("caller", question.caller),
            ("session", question.session),
            ("call", question.execution_id),
            ("asked", _when(question.asked_at)),
            ("answer by", _when(question.expires_at)),
            ("decided", _when(entry.decided_at)),
            ("note", entry.note),
        )
    )


def _when(at: float | None) -> str:
    if at is None:
        return ""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    except (ValueError, OverflowError, OSError):
        return f"{at:g}"
