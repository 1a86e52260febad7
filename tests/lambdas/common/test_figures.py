import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.figures import counted, us_dollars


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (0, "0.00"),
        (1234.5, "1,234.50"),
        (-3.2, "-3.20"),
        (0.01, "0.01"),
        (0.009999, "0.0100"),
        (0.0042, "0.0042"),
        (0.00042, "0.00042"),
        (-0.0042, "-0.0042"),
        (0.000001, "0.000001"),
        (0.0000001, "< 0.000001"),
        (-0.0000001, "> -0.000001"),
    ],
)
def test_money_is_told(amount: float, told: str) -> None:
    assert us_dollars(amount) == told


@given(st.floats(min_value=1e-12, max_value=1e9))
def test_an_amount_is_never_told_as_nothing(amount: float) -> None:
    assert float(us_dollars(amount).removeprefix("< ").replace(",", "")) > 0


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0 hours"), (1, "1 hour"), (1.0, "1 hour"), (1.5, "1.5 hours"), (2, "2 hours"), (1000.0, "1,000 hours")],
)
def test_things_are_counted(number: float, told: str) -> None:
    assert counted(number, "hour") == told
