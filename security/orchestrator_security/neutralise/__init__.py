"""Text made harmless for the place that would execute it."""
