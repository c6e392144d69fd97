"""The line: one call, straight through its seven stages."""
