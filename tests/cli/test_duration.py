"""Durations as people type them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarry import duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", timedelta(minutes=30)),
        ("8h", timedelta(hours=8)),
        (" 14d ", timedelta(days=14)),
        ("2w", timedelta(weeks=2)),
        ("36500d", timedelta(days=36500)),
    ],
)
def test_units(text: str, expected: timedelta) -> None:
    assert duration.parse(text) == expected


@pytest.mark.parametrize(("text", "problem"), [("8", "is not a duration"), ("36501d", "more than a hundred years")])
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        duration.parse(text)


@given(number=st.integers(1, 36_500), unit=st.sampled_from("mhd"))
def test_whole_numbers_are_read_exactly(number: int, unit: str) -> None:
    minutes = {"m": 1, "h": 60, "d": 60 * 24}[unit]

    assert duration.parse(f"{number}{unit}") == timedelta(minutes=number * minutes)


@given(text=st.one_of(st.text(max_size=12), st.from_regex(r"[0-9]{1,12}[mhdw]", fullmatch=True)))
def test_any_text_is_refused_or_a_time_that_can_be_shown(text: str) -> None:
    try:
        parsed = duration.parse(text)
    except ValueError as error:
        assert repr(text) in str(error)  # noqa: PT017 - either outcome is right for some texts
    else:
        assert parsed > timedelta()
        assert datetime.now(UTC) + parsed < datetime(2200, 1, 1, tzinfo=UTC)
