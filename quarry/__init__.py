"""The operator's command line: thin commands over lambdas/ and configuration/."""
