"""How many examples Hypothesis tries: all in `make test`, a share in `make test-fast`, where someone waits."""

import os

from hypothesis import HealthCheck, settings

# What a test without a number of its own tries; the other numbers are for this one.
ALL = 100

# The same examples every time, and no judgement by the clock of a busy machine.
settings.register_profile(
    "quarry", max_examples=ALL, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fast", settings.get_profile("quarry"), max_examples=ALL // 5)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quarry"))


def examples(number: int) -> settings:
    """Return the settings of a test that needs ``number`` examples, of which a faster profile tries a share."""
    return settings(max_examples=number * settings().max_examples // ALL)
