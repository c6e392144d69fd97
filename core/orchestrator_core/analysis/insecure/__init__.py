"""Own rules for insecure Python, one family a file."""
