"""``orchestrate approvals list --watch``: each question as it is asked, and what becomes of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from orchestrator.cli.approval_pages import document_of, ended, standing, what
from orchestrator.cli.memory_access import store_to_read
from orchestrator.cli.termination import Terminated
from orchestrator_core.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.cli.invocation import Invocation
    from orchestrator_security.approvals.approvals import ApprovalDesk
    from orchestrator_security.approvals.question import Entry

POLL_S = 1.0
_AT_ONCE = 1_000
"""Questions that are looked at in one poll; more than a person will answer."""


def watched(invocation: Invocation, limit: int) -> None:
    """Show the questions that wait, at most ``limit``, and then what changes; returns on Ctrl-C.

    A store that does not exist yet is waited for, and one that is removed meanwhile is not made anew.

    Raises:
        StoreError: the store cannot be read.
    """
    known: dict[str, Entry] = {}
    most = limit
    invocation.output.note("Watching for questions. Ctrl-C ends it.")
    try:
        while not invocation.output.unread:
            with store_to_read(invocation) as orchestrator:
                while orchestrator is not None and invocation.database_path.is_file():
                    _shown(invocation, orchestrator.security.approvals, known, most)
                    most = _AT_ONCE
                    if invocation.output.unread:
                        break
                    time.sleep(POLL_S)
            time.sleep(POLL_S)
    except Terminated:
        raise
    except KeyboardInterrupt:
        return  # it is how a watch ends


def _shown(invocation: Invocation, desk: ApprovalDesk, known: dict[str, Entry], most: int) -> None:
    """Tell what is not ``known``, at most the newest ``most`` of it, and what became of the rest."""
    now = {entry.question.id: entry for entry in desk.waiting(limit=_AT_ONCE)}
    for number in [number for number in known if number not in now]:
        del known[number]
        try:
            _tell(invocation, desk.get(number))
        except UsageError:
            continue  # its row has been removed
    news = [entry for number, entry in now.items() if number not in known or known[number].status != entry.status]
    for entry in reversed(news[:most]):
        _tell(invocation, entry)
    known.update(now)


def _tell(invocation: Invocation, entry: Entry) -> None:
    question = entry.question
    if invocation.output.as_json:
        invocation.output.answer(json.dumps(document_of(entry)))
        return
    if entry.status != "waiting":
        invocation.output.answer(f"{question.id}  {ended(entry)}")
        return
    tainted = " (tainted)" if question.tainted else ""
    said = f": {question.reason or question.request}" if question.reason or question.request else ""
    invocation.output.answer(f"{question.id}  {standing(entry)}  {question.agent} wants {what(entry)}{tainted}{said}")
