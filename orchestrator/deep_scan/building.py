"""The deep scan that the settings describe."""

from __future__ import annotations

from orchestrator.deep_scan.idle import IdleScan
from orchestrator.deep_scan.memory_names import MemoryNames
from orchestrator.deep_scan.recorder import DeepScanRecorder
from orchestrator.deep_scan.scanning import DeepScanning
from orchestrator.observability.contract import Recorder
from orchestrator_core.clock import Clock
from orchestrator_core.own_thread import Around, as_it_is
from orchestrator_core.records import Redact, Redacted
from orchestrator_core.settings import SecuritySettings
from orchestrator_core.storage.database import Database
from orchestrator_security.audit.decision_log import decision_write
from orchestrator_security.building import redacted_entities
from orchestrator_security.contract import ScanContext, ScanVerdict
from orchestrator_security.decision import Judgement
from orchestrator_security.pii.deep.deep_engine import DeepEngine
from orchestrator_security.pii.deep.engine import presidio_installed, shared_engine
from orchestrator_security.pii.deep.scanner import replaced_words
from orchestrator_security.pii.deep.stored_text import DeepRedactor
from orchestrator_security.policy.reading import PolicySource
from orchestrator_security.redaction.placeholder import KeyedNaming


class DeepScan:
    """Everything of the deep scan that an Orchestrator holds."""

    def __init__(self, scanning: DeepScanning, idle: IdleScan, *, waited: bool) -> None:
        self.scanning = scanning
        self._idle = idle
        self._waited = waited

    def around(self, recorder: Recorder) -> Recorder:
        """The recorder with the queue around it."""
        return DeepScanRecorder(recorder, self.scanning, waited=self._waited, recorded=self._idle.touch)

    def close(self) -> None:
        """Stop the background work; what waits stays queued."""
        self._idle.close()


def build_deep_scan(
    database: Database,
    settings: SecuritySettings,
    *,
    policy: PolicySource,
    hash_key: bytes,
    redact: Redact,
    clock: Clock,
    waited: bool = False,
    around: Around = as_it_is,
    engine: DeepEngine | None = None,
) -> DeepScan:
    """The deep scan of a store.

    ``policy`` and ``hash_key`` are the guard's, so that both replace the same things by the same names. ``waited`` says that the guard
    runs the deep engine itself before anything is stored. ``engine`` is the process's own where none is given.
    """
    naming = KeyedNaming(hash_key)
    judgement = Judgement(policy, naming.value_hash, clock.now)
    deep = None
    if settings.deep_scan == "auto" and (engine is not None or presidio_installed()):
        words = replaced_words(redacted_entities(settings), everything="*" in settings.redact_pii)
        deep = DeepRedactor(
            engine or shared_engine(),
            naming,
            lambda hit, value, context: hit.kind in words and judgement.replaces(hit, value, context),
        )

    def told(row: str, reason: str) -> None:
        verdict = ScanVerdict("flag", Redacted(""), incomplete=(f"presidio ({reason})",), policy=policy.policy.name)
        in_memory = ScanContext(direction="memory", agent="")
        write = decision_write(verdict, in_memory, at=clock.now(), execution_id=row)
        database.execute([(write.sql, write.params)])

    memory_names = MemoryNames(database, naming.value_hash)
    scanning = DeepScanning(database, deep, clock=clock, redact=redact, told=told, memory_names=memory_names)
    return DeepScan(scanning, IdleScan(scanning.drain, around=around), waited=waited)
