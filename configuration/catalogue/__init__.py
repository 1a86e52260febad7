"""The catalogue's sources, models.yaml and prices.yaml, with what checks and compiles them for the functions."""
