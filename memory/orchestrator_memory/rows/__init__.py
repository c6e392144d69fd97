"""Memories as rows: where each goes, how it is read, when it expires."""
