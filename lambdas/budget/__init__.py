"""What an environment spends in a month, counted as it is spent, and where that stops."""
