"""Texts as what they are compared by: words, and traits of style."""
