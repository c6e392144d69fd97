"""Personal data, found by patterns that are checked."""
