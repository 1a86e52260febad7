"""`quarry check`: which models the account may call, and how to mend what it may not."""
