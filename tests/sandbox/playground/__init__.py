"""The playground in a real browser, against a deployment."""
