"""An environment's end: when it is, who is told before, what goes first, what is left; and a budget that is spent."""
