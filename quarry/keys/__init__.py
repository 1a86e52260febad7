"""`quarry keys` and `quarry usage`: API keys, what they may do, what they did."""
