"""Code broken on purpose: which changes the unit tests beside it notice (`make mutants`)."""
