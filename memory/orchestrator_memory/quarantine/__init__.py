"""Stored instructions, recognised and set aside."""
