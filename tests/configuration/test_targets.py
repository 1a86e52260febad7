"""What candidates become in a region, under each residency policy."""

from contextlib import suppress
from dataclasses import replace

import pytest

from configuration.models import CustomModel, Residency
from configuration.targets import ModelNotInRegionError, NoTargetError, Target, resolve, targets
from lambdas.catalogue.models import ModelEndedError, ModelNotInCatalogueError, catalogue
from lambdas.catalogue.prices import PriceScope
from lambdas.chat.candidates import Candidate

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
MICRO = "amazon.nova-micro-v1:0"
LITE = "amazon.nova-lite-v1:0"
NOVA_2 = "amazon.nova-2-lite-v1:0"
CUSTOM = CustomModel(arn="arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl", base=MICRO)


@pytest.mark.parametrize("residency", ["in_region", "geography", "global"])
def test_a_model_that_the_region_has_is_called_by_its_own_id_whatever_the_residency(residency: Residency) -> None:
    resolved = resolve(MICRO, region="us-east-1", residency=residency)

    assert (resolved.callable_id, resolved.profile) == (MICRO, None)


@pytest.mark.parametrize(
    ("model_id", "region", "residency", "callable_id"),
    [
        (MICRO, "us-west-2", "geography", f"us.{MICRO}"),
        (MICRO, "us-west-2", "global", f"us.{MICRO}"),  # nearest first, even where anywhere would be allowed
        (HAIKU, "us-east-1", "geography", f"us.{HAIKU}"),
        (HAIKU, "ap-northeast-1", "geography", f"jp.{HAIKU}"),
        (HAIKU, "ap-southeast-2", "geography", f"au.{HAIKU}"),
        (HAIKU, "ap-south-1", "geography", f"in.{HAIKU}"),
        (MICRO, "ap-northeast-1", "geography", f"apac.{MICRO}"),
        (LITE, "ca-central-1", "geography", f"ca.{LITE}"),
        (NOVA_2, "ca-central-1", "geography", f"us.{NOVA_2}"),  # AWS's own geography for Canada
        (NOVA_2, "ap-south-1", "global", f"global.{NOVA_2}"),
        (HAIKU, "sa-east-1", "global", f"global.{HAIKU}"),
        (MICRO, "us-gov-west-1", "in_region", MICRO),
    ],
)
def test_what_is_called(model_id: str, region: str, residency: Residency, callable_id: str) -> None:
    assert resolve(model_id, region=region, residency=residency).callable_id == callable_id


def test_the_default_stays_in_the_geography() -> None:
    with pytest.raises(ModelNotInRegionError):
        resolve(NOVA_2, region="ap-south-1")


@pytest.mark.parametrize(
    ("region", "destinations"),
    [
        ("us-east-1", ("us-east-1", "us-east-2", "us-west-2")),
        ("us-west-1", ("us-east-1", "us-east-2", "us-west-1", "us-west-2")),
        ("ca-central-1", ("ca-central-1", "us-east-1", "us-east-2", "us-west-2")),
    ],
)
def test_destinations_are_those_of_calls_from_the_region(region: str, destinations: tuple[str, ...]) -> None:
    profile = resolve(HAIKU, region=region).profile

    assert profile is not None
    assert profile.destinations == destinations
    assert profile.callable_from == (region,)


def test_a_global_profile_goes_anywhere() -> None:
    profile = resolve(HAIKU, region="sa-east-1", residency="global").profile

    assert profile is not None
    assert profile.destinations == ("*",)


@pytest.mark.parametrize(
    ("model_id", "region", "residency", "message"),
    [
        (HAIKU, "us-east-1", "in_region", f"with residency geography it can, through us.{HAIKU}"),
        (HAIKU, "sa-east-1", "in_region", f"with residency global it can, through global.{HAIKU}"),
        (HAIKU, "sa-east-1", "geography", f"with residency global it can, through global.{HAIKU}"),
        (MICRO, "sa-east-1", "global", "cannot be called in sa-east-1; it can in ap-northeast-1, "),
        (MICRO, "", "global", "cannot be called in ; it can in"),
        (MICRO, "US-EAST-1", "global", "cannot be called in US-EAST-1"),
    ],
)
def test_a_region_without_the_model_is_told_what_would_do(
    model_id: str, region: str, residency: Residency, message: str
) -> None:
    with pytest.raises(ModelNotInRegionError, match=message.replace("(", r"\(")):
        resolve(model_id, region=region, residency=residency)


def test_a_residency_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'local' is not a residency: in_region, geography or global"):
        resolve(MICRO, region="us-east-1", residency="local")  # type: ignore[arg-type]  # what a program might do


@pytest.mark.parametrize(
    ("model_id", "region", "scope"),
    [(MICRO, "us-east-1", "in_region"), (HAIKU, "us-east-1", "geography"), (HAIKU, "sa-east-1", "global")],
)
def test_which_price_applies(model_id: str, region: str, scope: PriceScope) -> None:
    assert resolve(model_id, region=region, residency="global").price_scope == scope


def test_what_a_custom_model_costs_is_what_its_base_costs_in_the_region() -> None:
    target = resolve(CUSTOM, region="us-east-1")

    assert (target.callable_id, target.model.model_id, target.price_scope) == (CUSTOM.arn, MICRO, "in_region")


def test_an_application_inference_profile_is_called_in_the_place_of_what_it_copies() -> None:
    profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl"
    target = replace(resolve(HAIKU, region="us-east-1"), cost_profile_arn=profile)

    assert (target.callable_id, target.own_id, target.price_scope) == (profile, f"us.{HAIKU}", "geography")


@pytest.mark.parametrize("region", ["us-east-1", "ca-central-1", "eu-west-1", "ap-northeast-1", "ap-south-1"])
def test_the_function_finds_out_of_each_entry_what_was_resolved(region: str) -> None:
    found: list[Target] = []
    for model_id in catalogue():
        with suppress(ModelNotInRegionError):
            target = resolve(model_id, region=region, residency="global")
            found += [target, replace(target, cost_profile_arn=f"arn:{model_id}"), replace(target, custom_arn="arn:x")]

    assert len(found) > 10
    for target in found:
        told = Candidate.of(target.entry)
        assert (told.callable_id, told.model, told.price_scope) == (
            target.callable_id,
            target.model,
            target.price_scope,
        )


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


def test_a_model_that_has_ended_is_told_even_behind_a_good_one() -> None:
    with pytest.raises(ModelEndedError, match="end of life"):
        targets([MICRO, "anthropic.claude-v2"], region="us-east-1", residency="geography")
