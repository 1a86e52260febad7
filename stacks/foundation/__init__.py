"""What an environment has as a whole: its end, its budget, and where its owner is told of both."""
