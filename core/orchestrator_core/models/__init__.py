"""The border to local models."""
