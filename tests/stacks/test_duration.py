"""Durations in environment files."""

from datetime import timedelta

import pytest

from stacks.duration import between, parse


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_duration_is_read(text: str, duration: timedelta) -> None:
    assert parse(text) == duration


@pytest.mark.parametrize("text", ["", "30", "d", "0d", "-1d", "1.5h", "30 d", "30D", "1y", "９d", "9999999d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="30m, 12h, 30d or 2w"):
        parse(text)


def test_bounds_belong_to_what_is_accepted() -> None:
    assert between("1h", "2d", "60m") == "60m"
    assert between("1h", "2d", "48h") == "48h"
    for text in ("59m", "49h"):
        with pytest.raises(ValueError, match="from 1h to 2d"):
            between("1h", "2d", text)
