"""Orders to a model: from whoever asks it, and hidden in what it reads."""
