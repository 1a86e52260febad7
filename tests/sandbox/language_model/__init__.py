"""The platform with a real, small model behind it: run by `make test-model`, and left out of all other runs."""
