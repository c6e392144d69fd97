"""Docstrings and Markdown."""
