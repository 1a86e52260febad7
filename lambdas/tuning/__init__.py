"""Tuning: data sets and their rules, the pipeline from a request to a promoted model, and what ends what it made."""
