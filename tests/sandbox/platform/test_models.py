"""`quarry models` against the local AWS, whose list of models was collected apart from the catalogue."""

import json
from typing import Any

from configuration.environment_file import load
from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform

MICRO = "amazon.nova-micro-v1:0"


def refresh(platform: Platform) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code and the differences of `quarry models refresh`."""
    ended = platform.command("models", "refresh")
    assert ended.err == ""
    return ended.code, json.loads(ended.out)["differences"]


def test_what_aliases_name_is_what_the_local_aws_offers(platform: Platform) -> None:
    code, differences = refresh(platform)

    named = {str(candidate) for candidates in load("sandbox").models.aliases.values() for candidate in candidates}
    assert [entry for entry in differences if entry["model"] in named] == []
    # Everything else that differs, differs in one list on purpose: it is not the catalogue's business.
    assert code == (1 if differences else 0)


def test_an_end_that_aws_announces_is_told(platform: Platform, model: ModelScript) -> None:
    model.account([{"model": MICRO, "status": "LEGACY", "endOfLifeTime": "2027-06-30T00:00:00+00:00"}])

    code, differences = refresh(platform)

    told = {entry["fact"]: (entry["catalogue"], entry["aws"]) for entry in differences if entry["model"] == MICRO}
    assert code == 1
    assert told == {"lifecycle.end_of_life": ("-", "2027-06-30"), "lifecycle.status": ("ACTIVE", "LEGACY")}


def test_a_model_that_the_region_loses_is_told(platform: Platform, model: ModelScript) -> None:
    model.account([{"model": MICRO, "regionAvailability": "NOT_AVAILABLE"}])

    _, differences = refresh(platform)

    (told,) = [entry for entry in differences if entry["model"] == MICRO]
    assert (told["kind"], told["fact"]) == ("gone", "in_region us-east-1")


def test_the_list_is_of_the_environments_region(platform: Platform) -> None:
    listed = {entry["id"]: entry for entry in platform.quarry("models", "list")}

    assert listed[MICRO]["callable_id"] == MICRO
