"""The operator's command line: thin commands over lambdas/ and stacks/config.py."""
