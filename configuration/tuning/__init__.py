"""The section `tuning` of an environment file, what has to hold of it, and the names that its stack gives."""
