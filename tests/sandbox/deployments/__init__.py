"""What deploys more than once: run by `make test-deployments`, and left out of all other runs."""
