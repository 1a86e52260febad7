"""`quarry models`: the catalogue held against what Bedrock offers and asks for it."""
