"""A domain of Studio in which two people work."""

import pytest

from tests.lambdas.studio.fakes import FakeStudio

ANA, BEN = PEOPLE = ["ana-lima", "ben-ode"]


@pytest.fixture
def studio() -> FakeStudio:
    """Two who take part, at work."""
    made = FakeStudio()
    for name in PEOPLE:
        made.participant(name)
    return made
