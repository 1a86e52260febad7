"""How many requests of each key failed today, from an access log as it is, as it breaks, and as it is denied."""

import json
from typing import Any

import pytest
from botocore.exceptions import PaginationError

from configuration.config import Config
from quarry.deployed.deployment import Deployment
from quarry.workshop.failed_requests import FailedRequests
from tests.quarry.fakes import FakeAws
from tests.quarry.workshop.account import FakeStudio, refused

DAY = 86_400
MIDNIGHT = 20_000.0 * DAY
NOON = MIDNIGHT + DAY / 2


@pytest.fixture
def failed(studio: FakeStudio, config: Config) -> FailedRequests:
    return FailedRequests(Deployment(config))


def test_the_log_is_read_on_from_where_it_was_and_anew_each_day(studio: FakeStudio, failed: FailedRequests) -> None:
    studio.log.lines = [(NOON - 50_000, "k1", "500"), (NOON - 10, "k1", "500"), (NOON - 5, "k2", "429")]

    assert failed.by_key(now=NOON) == {"k1": 1, "k2": 1}
    # A line that came late, and those that were there already, once each.
    studio.log.lines.append((NOON + 3, "k2", "400"))
    assert failed.by_key(now=NOON + 5) == {"k1": 1, "k2": 2}
    assert studio.log.asked == [MIDNIGHT * 1000, (NOON - 600) * 1000]
    assert failed.by_key(now=NOON + DAY) == {}


def test_a_clock_that_is_as_far_ahead_as_aws_accepts_loses_no_line(studio: FakeStudio, failed: FailedRequests) -> None:
    assert failed.by_key(now=NOON + 300) == {}
    studio.log.lines = [(NOON + 5, "k1", "429")]

    assert failed.by_key(now=NOON + 310) == {"k1": 1}


def test_the_minutes_around_midnight_belong_to_their_own_days(studio: FakeStudio, failed: FailedRequests) -> None:
    studio.log.lines = [(MIDNIGHT - 1, "k1", "500"), (MIDNIGHT, "k1", "429"), (MIDNIGHT + 1, "k1", "429")]

    assert failed.by_key(now=MIDNIGHT - 0.001) == {"k1": 3}
    assert failed.by_key(now=MIDNIGHT) == {"k1": 2}
    assert failed.by_key(now=MIDNIGHT + 5) == {"k1": 2}
    assert studio.log.asked[1:] == [MIDNIGHT * 1000] * 2


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "not JSON",
        '{"path":"/v1/"x","status":"404","keyId":"k1","requestId":"9"}',
        "[]",
        "null",
        '"4"',
        json.dumps({"keyId": "k1", "requestId": "9"}),
        json.dumps({"status": "429", "requestId": "9"}),
        json.dumps({"status": "429", "keyId": "k1"}),
        json.dumps({"status": 429, "keyId": "k1", "requestId": "9"}),
        json.dumps({"status": "429", "keyId": None, "requestId": "9"}),
        json.dumps({"status": "429", "keyId": ["k1"], "requestId": "9"}),
        json.dumps({"status": "429", "keyId": "k1", "requestId": {}}),
    ],
)
def test_what_is_no_line_of_the_log_is_passed_over(studio: FakeStudio, failed: FailedRequests, odd: str) -> None:
    studio.log.odd = [odd]
    studio.log.lines = [(NOON, "k2", "429")]

    assert failed.by_key(now=NOON) == {"k2": 1}
    assert failed.problem is None


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (refused("AccessDeniedException", "FilterLogEvents"), "they need logs:FilterLogEvents"),
        (refused("ResourceNotFoundException", "FilterLogEvents"), "deleted by hand"),
        (refused("ThrottlingException", "FilterLogEvents", "Rate exceeded"), "Rate exceeded"),
        (PaginationError(message="The same next token was received twice: x"), "same next token"),
    ],
)
def test_a_log_that_cannot_be_read_is_told_and_counted_when_it_can(
    studio: FakeStudio, failed: FailedRequests, error: Exception, says: str
) -> None:
    studio.log.lines, studio.log.fails = [(NOON - 5, "k1", "429"), (NOON - 4, "k1", "500")], error

    assert failed.by_key(now=NOON) is None
    assert failed.problem
    assert says in failed.problem

    studio.log.fails = None
    assert failed.by_key(now=NOON + 5) == {"k1": 2}
    assert failed.problem is None


def test_a_stage_that_is_denied_is_told(aws: FakeAws, failed: FailedRequests, monkeypatch: pytest.MonkeyPatch) -> None:
    def get_stage(**_: str) -> dict[str, Any]:
        raise refused("AccessDeniedException", "GetStage")

    monkeypatch.setattr(aws, "get_stage", get_stage)

    assert failed.by_key(now=NOON) is None
    assert failed.problem
    assert "they need apigateway:GET" in failed.problem


def test_a_stage_without_an_access_log_is_told(
    aws: FakeAws, failed: FailedRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "get_stage", lambda **_: {"stageName": "v1"})

    assert failed.by_key(now=NOON) is None
    assert failed.problem
    assert "no access log" in failed.problem


def test_thousands_of_pages_are_read_to_their_end(studio: FakeStudio, failed: FailedRequests) -> None:
    studio.log.lines = [(MIDNIGHT + number, f"k{number % 3}", "429") for number in range(9_000)]

    assert failed.by_key(now=NOON) == {"k0": 3_000, "k1": 3_000, "k2": 3_000}
