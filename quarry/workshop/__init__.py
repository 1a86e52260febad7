"""`quarry workshop`: notebooks, keys and handouts for the participants of an environment's section studio."""
