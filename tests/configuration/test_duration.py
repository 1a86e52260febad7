"""Durations in environment files."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configuration.duration import between, parse


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("30d", timedelta(days=30)),
        (" 2w ", timedelta(weeks=2)),
        ("36500d", timedelta(days=36500)),
    ],
)
def test_a_duration_is_read(text: str, duration: timedelta) -> None:
    assert parse(text) == duration


@pytest.mark.parametrize("text", ["", "30", "d", "0d", "-1d", "1.5h", "30 d", "30D", "1y", "９d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="30m, 12h, 30d or 2w"):
        parse(text)


def test_more_than_a_hundred_years_is_refused() -> None:
    with pytest.raises(ValueError, match="more than a hundred years"):
        parse("36501d")


@given(number=st.integers(1, 36_500), unit=st.sampled_from("mhd"))
def test_whole_numbers_are_read_exactly(number: int, unit: str) -> None:
    minutes = {"m": 1, "h": 60, "d": 60 * 24}[unit]

    assert parse(f"{number}{unit}") == timedelta(minutes=number * minutes)


@given(text=st.one_of(st.text(max_size=12), st.from_regex(r"[0-9]{1,12}[mhdw]", fullmatch=True)))
def test_any_text_is_refused_or_a_time_that_can_be_shown(text: str) -> None:
    try:
        parsed = parse(text)
    except ValueError as error:
        assert repr(text) in str(error)  # noqa: PT017 - either outcome is right for some texts
    else:
        assert parsed > timedelta()
        assert datetime.now(UTC) + parsed < datetime(2200, 1, 1, tzinfo=UTC)


def test_bounds_belong_to_what_is_accepted() -> None:
    assert between("1h", "2d", "60m") == "60m"
    assert between("1h", "2d", "48h") == "48h"
    for text in ("59m", "49h"):
        with pytest.raises(ValueError, match="from 1h to 2d"):
            between("1h", "2d", text)
