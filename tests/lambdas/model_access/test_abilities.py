"""What an alias's models have in common."""

from lambdas.chat.candidates import Candidate
from lambdas.model_access import abilities

MICRO = Candidate.of("amazon.nova-micro-v1:0")
LITE = Candidate.of("amazon.nova-lite-v1:0")
HAIKU = Candidate.of("us.anthropic.claude-haiku-4-5-20251001-v1:0")
EMBED = Candidate.of("amazon.titan-embed-text-v2:0")


def test_one_model_tells_what_it_takes() -> None:
    told = abilities.of([HAIKU])

    assert told.kind == "chat"
    assert {"temperature", "top_p", "top_k", "max_tokens", "stop", "reasoning_effort"} >= set(told.parameters)
    assert "images" in told.features
    assert told.max_output_tokens == HAIKU.model.max_output_tokens
    price = HAIKU.price
    assert price is not None
    assert told.prices[HAIKU.base_model_id].input == price["input"]


def test_of_several_only_what_all_can_is_told() -> None:
    told = abilities.of([LITE, MICRO])

    assert "images" in abilities.of([LITE]).features
    assert "images" not in told.features
    assert "tools" in told.features
    assert set(told.prices) == {LITE.base_model_id, MICRO.base_model_id}
    assert told.max_output_tokens == LITE.model.max_output_tokens


def test_a_parameter_that_the_family_refuses_is_not_told() -> None:
    for candidate in (MICRO, LITE, HAIKU):
        rules = candidate.model.parameters
        told = abilities.of([candidate]).parameters
        assert ("temperature" in told, "top_p" in told, "top_k" in told) == (
            rules.temperature is not None,
            rules.top_p is not None,
            bool(rules.top_k),
        )
        assert ("reasoning_effort" in told) == candidate.has("reasoning")


def test_what_embeds_takes_nothing_of_a_chat() -> None:
    told = abilities.of([EMBED])

    assert (told.kind, told.parameters, told.max_output_tokens) == ("embedding", [], 0)
