"""Small real SentenceTransformers for tests; see ``__main__``."""
