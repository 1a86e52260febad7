"""What is deployed: the stacks' outputs, the endpoint's address and key, what AWS refuses."""
