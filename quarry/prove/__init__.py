"""`quarry prove`: what only an account can tell, and what it tells."""
