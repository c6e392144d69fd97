"""What each process keeps in its own memory to search, derived from the store and rebuilt from it at any time."""
