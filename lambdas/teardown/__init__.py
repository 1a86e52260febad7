"""Taking an environment down: what there may be of it, what there is, and how each goes."""
