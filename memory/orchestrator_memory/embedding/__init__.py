"""Vectors of memories: the queue that makes them and the table that keeps them."""
