"""Retries that learn from an execution history."""
