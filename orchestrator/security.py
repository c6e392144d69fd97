"""The public face of the security room."""

from __future__ import annotations

from orchestrator.facade import get_orchestrator
from orchestrator_core.records import Finding as Finding
from orchestrator_security.contract import Guard as Guard
from orchestrator_security.contract import ScanContext as ScanContext
from orchestrator_security.contract import ScanVerdict as ScanVerdict
from orchestrator_security.manager import SecurityManager as SecurityManager
from orchestrator_security.redaction.pieces import PieceRedactor as PieceRedactor
from orchestrator_security.redaction.pieces import PieceRestorer as PieceRestorer
from orchestrator_security.redaction.vault import Vault as Vault
from orchestrator_security.scanner import Hit as Hit
from orchestrator_security.scanner import Scanner as Scanner


def get_security_manager() -> SecurityManager:
    """The security room of the default Orchestrator's store.

    Raises:
        StoreError: the store cannot be used.
    """
    return get_orchestrator().security
