"""What happened: spans, records and rollups."""
