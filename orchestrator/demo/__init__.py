"""A tour of Magnus on a real project: what ``orchestrate demo`` runs."""
