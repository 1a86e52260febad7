"""Starting a room's apps: all at once, with patience for throttles."""

from itertools import count

import pytest

from configuration.studio.participants import Participant
from quarry.workshop import apps
from quarry.workshop.apps import AT_ONCE, Apps
from quarry.workshop.studio import StudioDomain
from tests.quarry.workshop.account import DOMAIN, FakeStudio

PEOPLE = [Participant(f"participant-{number:02}", f"Participant {number}") for number in range(3 * AT_ONCE)]
MINUTES = 20


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> FakeStudio:
    """A domain whose clock goes on by a second with each look at it."""
    seconds = count()
    monkeypatch.setattr(apps, "monotonic", lambda: float(next(seconds)))
    monkeypatch.setattr(apps, "sleep", lambda _seconds: None)
    return FakeStudio()


def start(studio: FakeStudio) -> dict[str, str]:
    domain = StudioDomain(domain_id=DOMAIN, client=studio)
    return Apps(domain, instance_type="ml.t3.medium", seconds=5, minutes=MINUTES).start(PEOPLE, lambda _text: None)


def test_no_app_waits_for_another_to_be_in_service(studio: FakeStudio) -> None:
    studio.together = len(PEOPLE)

    assert start(studio) == {}
    assert set(studio.apps.values()) == {"InService"}
    assert len(studio.created) == len(PEOPLE)


def test_a_throttled_start_is_tried_again(studio: FakeStudio) -> None:
    studio.throttled = 2 * len(PEOPLE)

    assert start(studio) == {}
    assert len(studio.created) == len(PEOPLE)


def test_who_waits_when_the_time_is_over_is_told(studio: FakeStudio) -> None:
    studio.together = len(PEOPLE) + 1

    assert start(studio) == {
        one.id: f"It is still Pending after {MINUTES} minutes; start again to go on waiting." for one in PEOPLE
    }


def test_who_was_never_started_is_told(studio: FakeStudio) -> None:
    studio.throttled = 10**9

    assert set(start(studio).values()) == {
        f"It is not started yet after {MINUTES} minutes; start again to go on waiting."
    }
