"""``quarry inventory`` and ``quarry teardown``: what there is of an environment, and its end, proven."""
