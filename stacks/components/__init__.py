"""Constructs that several capabilities use."""
