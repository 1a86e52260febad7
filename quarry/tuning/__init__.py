"""``quarry tune``: data sets, what tuning costs, runs and what they leave behind."""
