"""Replacing what was found, and putting it back."""
