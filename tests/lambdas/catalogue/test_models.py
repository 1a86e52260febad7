"""Finding a model by its id, and what those are told that name another thing."""

import pytest

from lambdas.catalogue.models import ModelEndedError, ModelNotInCatalogueError, catalogue, find, retired

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
MICRO = "amazon.nova-micro-v1:0"


def test_a_profile_cannot_be_narrowed_to_a_region_that_it_does_not_serve() -> None:
    with pytest.raises(KeyError, match="eu-west-1"):
        find(HAIKU).profiles[0].called_from("eu-west-1")


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
    with pytest.raises(ModelEndedError, match=f"end of life on {day}; use {replacement} instead"):
        find(model_id)


@pytest.mark.parametrize("model_id", sorted(retired()))
def test_every_heir_lives(model_id: str) -> None:
    heir = find(retired()[model_id].replacement)

    assert heir.lifecycle.end_of_life is None
    assert heir.kind == "chat"


def test_facts_are_at_hand_under_short_names() -> None:
    model = find(HAIKU)

    assert (model.context_tokens, model.max_output_tokens, model.agreement) == (200_000, 64_000, "marketplace")
    assert model.anthropic_form
    assert model.features is not None
    assert model.features.json_schema
    assert model.parameters.exclusive == (("temperature", "top_p"),)
    embedding = find("cohere.embed-v4:0")
    assert (embedding.max_output_tokens, embedding.features, embedding.capabilities.dimensions[0]) == (0, None, 1536)


def test_facts_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        catalogue()[MICRO].name = "other"  # type: ignore[misc]  # the point
