"""Training data before anybody pays for it: which formats there are, and whether a file is in one of them."""
