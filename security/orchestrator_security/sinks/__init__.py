"""Text that is bound for a place that would execute it."""
