"""`quarry cost`: what an environment costs before it is there, and what would be cheaper."""
