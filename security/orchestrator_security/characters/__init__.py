"""Characters that hide something, broken encoding and size."""
