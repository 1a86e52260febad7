"""No environment's alias begins with a model that is about to end.

The only test that looks at the calendar: it turns red on a day on which nobody changed anything, and that is its use.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec
import pytest

from configuration.config import Config
from configuration.environment_file import load, names
from lambdas.catalogue.models import FoundationModel, find
from tests.closing_lines import NOTICE

FAILS_WITHIN: Final = timedelta(days=60)
TOLD_WITHIN: Final = timedelta(days=120)
TODAY: Final = date(2026, 11, 21)
MICRO: Final = "amazon.nova-micro-v1:0"


def first_models(config: Config) -> dict[str, FoundationModel]:
    """Return alias -> the model that it names first, whether or not the region has it."""
    return {
        alias: find(candidates[0] if isinstance(candidates[0], str) else candidates[0].base)
        for alias, candidates in config.models.aliases.items()
    }


def ending(models: dict[str, FoundationModel], *, today: date, within: timedelta) -> list[str]:
    """Return a line for each alias whose model ends before ``within`` has passed."""
    return [
        f"{alias}: {model.model_id} ends on {model.lifecycle.end_of_life}"
        for alias, model in models.items()
        if model.lifecycle.end_of_life and model.lifecycle.end_of_life - today < within
    ]


def micro_that_ends(day: date | None) -> dict[str, FoundationModel]:
    model = find(MICRO)
    return {"fast": msgspec.structs.replace(model, lifecycle=msgspec.structs.replace(model.lifecycle, end_of_life=day))}


@pytest.mark.parametrize("environment", names())
def test_no_alias_begins_with_a_model_that_ends_soon(
    environment: str, record_property: Callable[[str, object], None]
) -> None:
    today = datetime.now(UTC).date()
    models = first_models(load(environment))

    for line in ending(models, today=today, within=TOLD_WITHIN):
        record_property(NOTICE, f"{environment}: {line}")

    assert ending(models, today=today, within=FAILS_WITHIN) == [], "name its successor first"


@pytest.mark.parametrize(
    ("days", "tells", "fails"),
    [(-1, True, True), (0, True, True), (59, True, True), (60, True, False), (119, True, False), (120, False, False)],
)
def test_it_tells_and_fails_by_how_long_the_model_lives(days: int, tells: bool, fails: bool) -> None:
    models = micro_that_ends(TODAY + timedelta(days=days))

    assert bool(ending(models, today=TODAY, within=TOLD_WITHIN)) is tells
    assert bool(ending(models, today=TODAY, within=FAILS_WITHIN)) is fails


def test_a_model_without_an_end_is_fine() -> None:
    assert ending(micro_that_ends(None), today=TODAY, within=TOLD_WITHIN) == []


def test_the_line_says_which_alias_and_when() -> None:
    (line,) = ending(micro_that_ends(date(2026, 12, 1)), today=TODAY, within=TOLD_WITHIN)

    assert line == f"fast: {MICRO} ends on 2026-12-01"


def test_only_the_first_candidate_counts() -> None:
    config = load("dev")

    assert first_models(config)["fast"].model_id == config.models.aliases["fast"][0]
