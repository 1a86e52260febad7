"""The endpoint that applications call."""
