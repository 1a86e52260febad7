"""What an alias's candidates become in a region, under each residency policy."""

import pytest

from lambdas.catalogue.models import (
    ModelEndedError,
    ModelNotInCatalogueError,
    ModelNotInRegionError,
    Residency,
    catalogue,
    find,
    resolve,
    resolve_candidates,
    retired,
)

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
MICRO = "amazon.nova-micro-v1:0"
LITE = "amazon.nova-lite-v1:0"
NOVA_2 = "amazon.nova-2-lite-v1:0"
EMBED = "cohere.embed-v4:0"


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


def test_a_profile_cannot_be_narrowed_to_a_region_that_it_does_not_serve() -> None:
    with pytest.raises(KeyError, match="eu-west-1"):
        find(HAIKU).profiles[0].called_from("eu-west-1")


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


@pytest.mark.parametrize("model_id", ["nope", "", MICRO.upper(), f" {MICRO}", "amazon.nova-micro-v1", f"{MICRO}\n"])
def test_an_unknown_model_is_told_what_there_is(model_id: str) -> None:
    with pytest.raises(ModelNotInCatalogueError, match=f"no model .*it has .*{MICRO}"):
        find(model_id)


@pytest.mark.parametrize("model_id", [f"us.{MICRO}", f"global.{HAIKU}", "amazon.nova-micro-v1:0:128k"])
def test_a_profile_or_variant_is_told_the_model_to_name(model_id: str) -> None:
    with pytest.raises(ModelNotInCatalogueError, match=r"name (amazon\.nova-micro|anthropic\.claude-haiku)"):
        find(model_id)


@pytest.mark.parametrize(
    ("model_id", "day", "replacement"),
    [
        ("amazon.titan-text-express-v1", "2025-08-15", MICRO),
        ("anthropic.claude-v2", "2025-07-21", "anthropic.claude-sonnet-4-6"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "2026-09-10", HAIKU),
        ("anthropic.claude-3-sonnet-20240229-v1:0", "2026-07-30", "anthropic.claude-sonnet-4-6"),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "2026-07-30", "anthropic.claude-sonnet-4-6"),
        ("us.anthropic.claude-3-5-sonnet-20240620-v1:0", "2026-07-30", "anthropic.claude-sonnet-4-6"),
    ],
)
def test_the_original_workshops_models_are_told_their_end_and_their_heir(
    model_id: str, day: str, replacement: str
) -> None:
    for call in (lambda: find(model_id), lambda: resolve_candidates([MICRO, model_id], region="us-east-1")):
        with pytest.raises(ModelEndedError, match=f"end of life on {day}; use {replacement} instead"):
            call()


@pytest.mark.parametrize("model_id", sorted(retired()))
def test_every_heir_lives(model_id: str) -> None:
    heir = find(retired()[model_id].replacement)

    assert heir.lifecycle.end_of_life is None
    assert heir.kind == "chat"


def test_all_candidates_that_can_be_called_in_their_order() -> None:
    found = resolve_candidates([HAIKU, NOVA_2, MICRO], region="eu-west-2")

    assert [resolved.callable_id for resolved in found] == [f"eu.{HAIKU}", MICRO]


def test_a_wrong_candidate_is_told_even_behind_a_right_one() -> None:
    with pytest.raises(ModelNotInCatalogueError, match="nope"):
        resolve_candidates([MICRO, "nope"], region="us-east-1")


def test_if_none_can_be_called_each_says_why() -> None:
    with pytest.raises(ModelNotInRegionError, match=f"{NOVA_2} cannot.*; {MICRO} cannot"):
        resolve_candidates([NOVA_2, MICRO], region="eu-central-2")


def test_no_candidates_are_none_that_can_be_called() -> None:
    with pytest.raises(ModelNotInRegionError, match="no candidates"):
        resolve_candidates([], region="us-east-1")


def test_facts_are_at_hand_under_short_names() -> None:
    model = find(HAIKU)

    assert (model.context_tokens, model.max_output_tokens, model.agreement) == (200_000, 64_000, "marketplace")
    assert model.anthropic_form
    assert model.features is not None
    assert model.features.json_schema
    assert model.parameters.exclusive == (("temperature", "top_p"),)
    embedding = find(EMBED)
    assert (embedding.max_output_tokens, embedding.features, embedding.capabilities.dimensions[0]) == (0, None, 1536)


def test_facts_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        catalogue()[MICRO].name = "other"  # type: ignore[misc]  # the point
