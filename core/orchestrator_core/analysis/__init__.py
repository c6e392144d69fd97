"""Facts about code, from well-kept tools."""
