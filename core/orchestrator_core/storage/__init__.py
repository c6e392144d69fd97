"""The one file that is the truth, and how it is written."""
