"""Where settings come from: files, environment and arguments, with the place of each value."""
