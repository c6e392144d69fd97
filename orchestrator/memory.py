"""The public face of the memory room."""

from __future__ import annotations

from orchestrator.facade import get_orchestrator
from orchestrator_core.records import RecalledMemory as RecalledMemory
from orchestrator_memory.manager import MemoryManager as MemoryManager


def get_memory_manager() -> MemoryManager:
    """The memory of the default Orchestrator's store.

    Raises:
        StoreError: the store cannot be used.
    """
    return get_orchestrator().memory
