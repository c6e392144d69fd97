"""Scanners of other packages."""
