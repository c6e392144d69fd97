"""What the rest of Magnus may ask of the dashboards room."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Dashboards(Protocol):
    """Renders self-contained pages from the store."""

    def write(self, *, hours: float, now: float) -> Path:
        """Write ``dashboard_YYYYMMDD_HHMMSS.html`` and ``dashboard_latest.html``; returns the dated one's path."""
        ...

    def refresh_latest(self, *, hours: float, now: float) -> Path:
        """Write only ``dashboard_latest.html``, atomically."""
        ...
