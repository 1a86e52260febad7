"""Whether the account may call the models behind the aliases, and what to do about each that it may not."""
