"""`quarry chat`: a conversation in the terminal."""
