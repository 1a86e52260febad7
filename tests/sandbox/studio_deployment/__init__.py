"""Workshops on a sandbox of their own: run by `make test-studio`, and left out of all other runs."""
