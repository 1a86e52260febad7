"""Moving an environment's end, and lifting a budget that is spent."""
