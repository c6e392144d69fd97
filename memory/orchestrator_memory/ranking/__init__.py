"""How candidates are ordered: views, features and one linear model. Pure functions over arrays."""
