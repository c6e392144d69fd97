"""Presidio as the deep engine: slower than the inline patterns, with more kinds of numbers, and with names where a model is there."""
