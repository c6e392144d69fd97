"""The public face of the security room."""

from __future__ import annotations

from orchestrator.facade import get_orchestrator
from orchestrator_core.records import Finding as Finding
from orchestrator_security.contract import Guard as Guard
from orchestrator_security.contract import ScanContext as ScanContext
from orchestrator_security.contract import ScanVerdict as ScanVerdict


def get_security_manager() -> Guard:
    """The guard of the default Orchestrator's store.

    Raises:
        StoreError: the store cannot be used.
    """
    return get_orchestrator().security
