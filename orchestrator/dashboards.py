"""The public face of the dashboards room."""

from __future__ import annotations

from orchestrator.facade import generate_dashboard as generate_dashboard
