"""How forgetting goes on from memories to everything else of a store that holds them."""
