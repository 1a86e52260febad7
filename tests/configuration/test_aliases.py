"""What candidates become in a region under a residency."""

import pytest

from configuration.aliases import CustomCandidate, NoTargetError, targets
from lambdas.catalogue.models import ModelNotInCatalogueError

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
MICRO = "amazon.nova-micro-v1:0"
CUSTOM = CustomCandidate(arn="arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl", base=MICRO)


def test_all_that_can_be_called_are_kept_in_their_order() -> None:
    found = targets([HAIKU, CUSTOM, MICRO], region="us-east-1", residency="geography")

    assert [target.callable_id for target in found] == [f"us.{HAIKU}", CUSTOM.arn, MICRO]


def test_those_that_cannot_be_called_are_passed_over() -> None:
    found = targets([HAIKU, MICRO], region="us-east-1", residency="in_region")

    assert [target.callable_id for target in found] == [MICRO]


def test_a_custom_model_is_bound_to_its_region() -> None:
    with pytest.raises(NoTargetError, match="us-east-1 only, not in us-west-2"):
        targets([CUSTOM], region="us-west-2", residency="global")


def test_if_none_can_be_called_each_says_why() -> None:
    with pytest.raises(NoTargetError, match=f"{HAIKU} cannot.*; .*only, not in us-west-2"):
        targets([HAIKU, CUSTOM], region="us-west-2", residency="in_region")


def test_an_unknown_model_is_told_even_behind_a_good_one() -> None:
    with pytest.raises(ModelNotInCatalogueError, match="nope"):
        targets([MICRO, "nope"], region="us-east-1", residency="geography")
