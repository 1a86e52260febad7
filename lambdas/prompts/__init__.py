"""Named, versioned prompts: a caller names one and gives values for its variables."""
