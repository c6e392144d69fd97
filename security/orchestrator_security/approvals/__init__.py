"""A person's yes before something dangerous: the question, who may answer it, and the wait."""
