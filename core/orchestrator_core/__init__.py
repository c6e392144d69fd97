"""The ground every room stands on: words, storage, models and code analysis."""
