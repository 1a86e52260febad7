"""What calls cost."""

import pytest

from lambdas.catalogue import prices
from lambdas.catalogue.models import ModelEndedError, ModelNotInCatalogueError, catalogue, find
from lambdas.catalogue.prices import Price, price

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"


def test_a_price_by_how_the_model_is_called() -> None:
    assert price(HAIKU, scope="global") == Price(input=1, output=5, cache_read=0.1, cache_write=1.25)
    assert price(HAIKU, scope="geography") == Price(input=1.1, output=5.5, cache_read=0.11, cache_write=1.375)


def test_what_cannot_be_called_so_has_no_price() -> None:
    assert price(HAIKU, scope="in_region") is None


def test_a_price_that_nobody_knows_is_none() -> None:
    assert price("anthropic.claude-sonnet-4-6", scope="in_region") is None


def test_rerankers_are_paid_by_the_thousand_queries() -> None:
    assert price("cohere.rerank-v3-5:0", scope="in_region") == Price(thousand_queries=2)


def test_a_price_in_tiers_has_the_parts_of_each() -> None:
    haiku = price("anthropic.claude-haiku-5-5", scope="global")

    assert haiku is not None
    assert prices.parts(haiku) == {
        "input": 0.1,
        "output": 0.5,
        "cache_read": 0.01,
        "cache_write": 0.125,
        "thousand_queries": None,
        "long_prompt_over_tokens": 100_000,
        "long_prompt_input": 0.5,
        "long_prompt_output": 2.5,
        "long_prompt_cache_read": 0.05,
        "long_prompt_cache_write": 0.625,
    }


def test_a_price_without_tiers_has_one() -> None:
    assert set(prices.parts(Price(input=1, output=5))) == {
        "input", "output", "cache_read", "cache_write", "thousand_queries"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model_id", "error"), [("nope", ModelNotInCatalogueError), ("anthropic.claude-v2", ModelEndedError)]
)
def test_a_model_that_is_none_has_no_price_to_ask_for(model_id: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        price(model_id, scope="global")


def test_which_price_calls_through_a_profile_have() -> None:
    scopes = {profile.scope: prices.scope_of(profile) for profile in find(HAIKU).profiles}

    assert prices.scope_of(None) == "in_region"
    assert scopes.pop("global") == "global"
    assert set(scopes.values()) == {"geography"}


@pytest.mark.parametrize("model_id", sorted(catalogue()))
def test_output_costs_no_less_than_input_and_cached_input_less(model_id: str) -> None:
    known = prices.of_model(model_id)
    assert known is not None
    for one in (known.in_region, known.geography, known.global_):
        if one and one.output is not None:
            assert one.input is not None
            assert one.output >= one.input
            assert one.cache_read is None or one.cache_read < one.input
