"""Seven agents that need no LLM, because they do real work with real tools on any Python project."""
