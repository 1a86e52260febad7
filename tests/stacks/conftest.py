"""Configurations to vary from."""

from tests.varying import vary

__all__ = ["vary"]
