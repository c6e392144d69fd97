"""A recorder that queues each call for the deep scan in the call's own transaction, or marks it where the line has waited for that."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from orchestrator.deep_scan.rows import DEEP
from orchestrator.deep_scan.scanning import DeepScanning
from orchestrator.observability.contract import CallRecord, Recorder
from orchestrator_core.records import Redacted, Write
from orchestrator_security.pii.deep.deep_engine import DeepScanUnfinished

_MARK = f"UPDATE executions SET scan_level = '{DEEP}' WHERE id = ?"
_MARK_MEMORIES = f"UPDATE memories SET scan_level = '{DEEP}' WHERE id = ?"
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
        if self._waited:
            marked = replace(
                record,
                context=self._looked_at(record.context),
                required=(*record.required, Write(_MARK, (execution_id,))),
                optional=(*record.optional, Write(_MARK_MEMORIES, (_TASK + execution_id,))) if record.optional else (),
            )
            left_out = self._recorder.write(marked)
            if record.optional:
                self._recorded()  # a lesson, or a memory that merged into another, has its level from there
            return left_out
        later = self._scanning.later(execution_id)
        left_out = self._recorder.write(replace(record, required=(*record.required, *later)) if later else record)
        if later:
            self._recorded()
        return left_out

    def _looked_at(self, context: Redacted) -> Redacted:
        """The guard sees each value of a context by itself; what tells what it is may be its key."""
        try:
            return Redacted(self._scanning.cleaned(context))
        except DeepScanUnfinished as error:
            return Redacted(msgspec.json.encode(f"<withheld: {len(context)} characters, {error}>").decode())
