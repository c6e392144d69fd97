"""Deleting memories so that no byte of them is left."""
