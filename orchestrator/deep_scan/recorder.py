"""A recorder that queues each call for the deep scan in the call's own transaction, or marks it where the line has waited for that.

A call that waited in vain, since Presidio is absent or did not finish, is not marked: what was withheld was not looked at.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from orchestrator.deep_scan.rows import DEEP
from orchestrator.deep_scan.scanning import DeepScanning
from orchestrator.observability.contract import CallRecord, Recorder
from orchestrator_core.records import Redacted, Write
from orchestrator_security.pii.deep.deep_engine import DeepScanUnfinished
from orchestrator_security.pii.deep.scanner import DeepPiiScanner

_MARK = f"UPDATE executions SET scan_level = '{DEEP}' WHERE id = ?"
_MARK_MEMORIES = f"UPDATE memories SET scan_level = '{DEEP}' WHERE id = ?"
_UNFINISHED = f"incomplete.{DeepPiiScanner.name}"
_WITHHELD = "<withheld: "
_TASK = "task-"
"""A call's memory has this and the call's id as its own id (see ``episodes``)."""


class DeepScanRecorder:
    """Wraps a recorder. ``waited``: the guard runs the deep engine before anything is stored. ``recorded`` is called after each call."""

    def __init__(
        self, recorder: Recorder, scanning: DeepScanning, *, waited: bool, recorded: Callable[[], None]
    ) -> None:
        self._recorder = recorder
        self._scanning = scanning
        self._waited = waited
        self._recorded = recorded

    def write(self, record: CallRecord) -> str:
        """Commit one call; see ``contract.Recorder``."""
        execution_id = record.result.execution_id
        if not self._waited:
            return self._queued(record)
        context, whole = self._looked_at(record.context)
        record = replace(record, context=context)
        if not (whole and self._scanning.active) or _in_vain(record):
            return self._queued(record)
        marked = replace(
            record,
            required=(*record.required, Write(_MARK, (execution_id,))),
            optional=(*record.optional, Write(_MARK_MEMORIES, (_TASK + execution_id,))) if record.optional else (),
        )
        left_out = self._recorder.write(marked)
        if record.optional:
            self._recorded()  # a lesson, or a memory that merged into another, has its level from there
        return left_out

    def _queued(self, record: CallRecord) -> str:
        later = self._scanning.later(record.result.execution_id)
        left_out = self._recorder.write(replace(record, required=(*record.required, *later)) if later else record)
        if later:
            self._recorded()
        return left_out

    def _looked_at(self, context: Redacted) -> tuple[Redacted, bool]:
        """The context, and whether it was looked at. The guard sees each value by itself; what tells what it is may be its key."""
        try:
            return Redacted(self._scanning.cleaned(context)), True
        except DeepScanUnfinished as error:
            return Redacted(msgspec.json.encode(f"<withheld: {len(context)} characters, {error}>").decode()), False


def _in_vain(record: CallRecord) -> bool:
    """Whether the deep engine did not finish with some text of the call, which then is withheld."""
    if any(finding.rule_id == _UNFINISHED for finding in record.result.findings):
        return True
    said = record.result.error.message if record.result.error else ""
    return any(_WITHHELD in text for text in (record.request, record.output, record.context, said))
