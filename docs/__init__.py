"""Documents, and what writes the generated part of one of them."""
