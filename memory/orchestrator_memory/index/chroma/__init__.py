"""Chroma as a derived index: embedded in the store's folder, or a server."""
