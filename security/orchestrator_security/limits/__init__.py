"""How often, how many at once and how much agents may run."""
