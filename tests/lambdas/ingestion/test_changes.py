"""The queue's messages: read when they are ours, refused when not, and never anything in between."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.ingestion.changes import NotAChangeError, change, first_message
from tests.lambdas.ingestion.fakes import START, record, uploaded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["time", "detail", "object", "key", "first"]), inner)
    ),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("at", "sent", "by"),
    [
        (10.9, 12.0, 11.0),  # within the second that S3 leaves out
        (10.9, 10.95, 10.95),  # sent in the same second: it cannot have happened later
        (10.0, 3600.0, 11.0),  # EventBridge was late
        (99.0, 20.0, 20.0),  # a clock ahead
    ],
)
def test_a_change_has_happened_by_the_earliest_time_that_is_late_enough(at: float, sent: float, by: float) -> None:
    read = change(uploaded("m", at, sent=sent))

    assert read.happened_by == START + timedelta(seconds=by)
    assert (read.message_id, read.data_source) == ("m", None)


def test_a_deletion_is_a_change_too() -> None:
    body: Any = {"detail-type": "Object Deleted"}

    assert change(uploaded("m", 1, **body)).happened_by == change(uploaded("m", 1)).happened_by


@pytest.mark.parametrize(
    "time", ["2026-11-21T12:00:10Z", "2026-11-21T12:00:10+00:00", "2026-11-21T13:00:10+01:00", "2026-11-21T12:00:10.0Z"]
)
def test_times_may_have_zones_and_fractions(time: str) -> None:
    assert change(uploaded("m", 0, sent=99, time=time)).happened_by == START + timedelta(seconds=11)


def test_the_wish_for_a_first_ingestion_counts_from_when_it_was_sent() -> None:
    read = change(record("m", first_message("KB", "DS"), sent=7.25))

    assert read.happened_by == read.sent == START + timedelta(seconds=7.25)
    assert read.data_source == ("KB", "DS")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "null",
        "[]",
        '"text"',
        "{}",
        "[" * 100_000,
        {"first": 1},
        {"first": True},
        {"first": True, "knowledgeBaseId": "KB", "dataSourceId": None},
        {"first": True, "knowledgeBaseId": "KB", "dataSourceId": ""},
        {"time": "2026-11-21T12:00:10Z"},
        {"time": "2026-11-21T12:00:10Z", "detail": []},
        {"time": "2026-11-21T12:00:10Z", "detail": {"object": {"key": 1}}},
        {"Event": "s3:TestEvent"},
    ],
)
def test_other_messages_are_refused(body: Any) -> None:
    with pytest.raises(NotAChangeError):
        change(record("m", body))


@pytest.mark.parametrize("time", [None, 5, "", "yesterday", "2026-11-21T12:00:10", "2026-13-01T00:00:00Z", {}])
def test_an_event_without_a_time_is_refused(time: Any) -> None:
    with pytest.raises(NotAChangeError, match="when it happened"):
        change(uploaded("m", 0, time=time))


@pytest.mark.parametrize("attributes", [None, {}, {"SentTimestamp": "now"}, {"SentTimestamp": "9" * 30}, []])
def test_a_record_that_does_not_say_when_it_was_sent_is_refused(attributes: Any) -> None:
    with pytest.raises(NotAChangeError, match="when it was sent"):
        change({**uploaded("m", 0), "attributes": attributes})


def test_a_time_at_the_end_of_the_calendar_counts_as_when_it_was_sent() -> None:
    read = change(uploaded("m", 0, sent=5, time="9999-12-31T23:59:59.999999Z"))

    assert read.happened_by == read.sent


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_a_time_beyond_the_calendar_is_refused(time: str) -> None:
    with pytest.raises(NotAChangeError, match="when it happened"):
        change(uploaded("m", 0, time=time))


def test_a_refusal_tells_nothing_of_the_message() -> None:
    with pytest.raises(NotAChangeError) as refusal:
        change(record("m", {"secret": "secret"}))

    assert "secret" not in str(refusal.value)


@given(JSON)
def test_any_json_is_read_or_refused(body: Any) -> None:
    try:
        read = change(record("m", json.dumps(body)))
    except NotAChangeError:
        return
    assert read.happened_by <= read.sent
