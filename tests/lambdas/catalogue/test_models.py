"""What an alias becomes in a region."""

import pytest

from lambdas.catalogue.models import (
    ModelNotInCatalogueError,
    ModelNotInRegionError,
    catalogue,
    resolve,
    resolve_first,
)

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
MICRO = "amazon.nova-micro-v1:0"


def test_a_model_that_the_region_has_is_called_by_its_own_id() -> None:
    resolved = resolve(MICRO, region="us-east-1")

    assert (resolved.callable_id, resolved.profile) == (MICRO, None)


def test_elsewhere_its_inference_profile_is_called() -> None:
    resolved = resolve(MICRO, region="us-west-2")

    assert resolved.callable_id == f"us.{MICRO}"
    assert resolved.profile is not None
    assert resolved.profile.destinations == ("us-east-1", "us-east-2", "us-west-2")


def test_some_models_are_only_ever_called_by_profile() -> None:
    assert resolve(HAIKU, region="us-east-1").callable_id == f"us.{HAIKU}"


def test_a_region_without_the_model_is_told_where_it_is() -> None:
    with pytest.raises(ModelNotInRegionError, match="cannot be called in eu-central-2; it can in us-east-1"):
        resolve(HAIKU, region="eu-central-2")


def test_an_unknown_model_is_told_what_there_is() -> None:
    with pytest.raises(ModelNotInCatalogueError, match=MICRO):
        resolve("amazon.titan-text-express-v1", region="us-east-1")


def test_the_first_that_can_be_called_wins() -> None:
    assert resolve_first([HAIKU, MICRO], region="eu-west-2").callable_id == MICRO


def test_a_wrong_candidate_is_told_even_behind_a_right_one() -> None:
    with pytest.raises(ModelNotInCatalogueError, match="nope"):
        resolve_first([MICRO, "nope"], region="us-east-1")


def test_if_none_can_be_called_each_says_why() -> None:
    with pytest.raises(ModelNotInRegionError, match=f"{HAIKU} cannot.*{MICRO} cannot"):
        resolve_first([HAIKU, MICRO], region="eu-central-2")


@pytest.mark.parametrize("model_id", sorted(catalogue()))
def test_profiles_are_of_the_model_they_stand_under(model_id: str) -> None:
    for profile in catalogue()[model_id].profiles:
        assert profile.profile_id.split(".", 1)[1] == model_id
