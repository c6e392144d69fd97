"""Credentials, by their formats and by what they are assigned to."""
