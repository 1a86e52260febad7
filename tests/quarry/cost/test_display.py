"""What people are shown."""

import pytest

from quarry.cost.display import bar


@pytest.mark.parametrize(
    ("value", "most", "shown"),
    [
        (10, 10, "█" * 24),
        (5, 10, "█" * 12),
        (0, 10, ""),
        (0, 0, ""),
        (1, 24 * 8, "▏"),
        (9, 24 * 8, "█▏"),
    ],
)
def test_bars_are_as_long_as_values(value: float, most: float, shown: str) -> None:
    assert bar(value, most) == shown
