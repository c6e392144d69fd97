"""What a call leaves behind and what it is given."""
