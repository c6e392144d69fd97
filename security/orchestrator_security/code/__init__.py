"""Insecure code in what agents write."""
