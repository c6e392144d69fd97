"""A fake Ollama server for tests: the real one's words, order and bad habits, on a free loopback port."""

from fake_ollama.script import FakeModel, Reply, prompt_hash
from fake_ollama.server import FakeOllama, Seen

__all__ = ["FakeModel", "FakeOllama", "Reply", "Seen", "prompt_hash"]
