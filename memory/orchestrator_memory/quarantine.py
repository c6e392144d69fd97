"""Stored instructions aimed at a model, and why a text counts as one."""

from __future__ import annotations


def reason(text: str) -> str:
    """Why a text is set aside; empty for one that is not."""
    return ""
