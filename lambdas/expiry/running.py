"""What of an environment runs and costs by the hour."""


def running_usd() -> float:
    """Return what runs now, in US dollars per hour."""
    return 0.0
