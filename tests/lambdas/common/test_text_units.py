import pytest

from lambdas.common.text_units import text_units


@pytest.mark.parametrize(("characters", "units"), [(0, 0), (1, 1), (1_000, 1), (1_000.5, 2), (1_001, 2), (25_000, 25)])
def test_a_text_takes_whole_units(characters: float, units: int) -> None:
    assert text_units(characters) == units
