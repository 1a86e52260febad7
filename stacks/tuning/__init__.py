"""Tuning: from a data set to a tuned model under an alias, and what takes away all that was made on the way."""
