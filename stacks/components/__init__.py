"""Reusable constructs. Each knows one thing and takes objects, keyword-only."""
