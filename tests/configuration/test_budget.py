"""The section budget: bounds and what is wrong with it."""

from typing import Any

import pytest
from pydantic import ValidationError

from configuration.budget import Budget


def test_a_budget_is_an_amount_and_by_default_tells_and_stops() -> None:
    budget = Budget.model_validate({"monthly_usd": 200})

    assert (budget.alert_at, budget.stop_at, budget.monthly_micro_dollars) == ([50, 80, 100], 100, 200_000_000)
    assert Budget.model_validate({"monthly_usd": 0.5, "stop_at": None}).stop_at is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"monthly_usd": 0}, "greater than 0"),
        ({"monthly_usd": True}, "valid number"),
        ({"monthly_usd": "200"}, "valid number"),
        ({"alert_at": [80, 50]}, r"\[80, 50\] is not accepted: expected percentages that rise, each once"),
        ({"alert_at": [50, 50]}, "percentages that rise"),
        ({"alert_at": [0]}, "greater than or equal to 1"),
        ({"alert_at": [1, 2, 3, 4, 5, 6]}, "at most 5"),
        ({"stop_at": 0}, "greater than or equal to 1"),
        ({"stops_at": 100}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Budget.model_validate({"monthly_usd": 200, **changes})
