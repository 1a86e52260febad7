"""How long an answer may be whose request does not say: the knobs, and that both functions are told."""

from typing import Any

import pytest

from tests import templates
from tests.varying import Vary


def told(template: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what functions are told of it: the number for all aliases, and those for single ones."""
    functions = [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    variables = [one["Environment"]["Variables"] for one in functions if "Environment" in one]
    names = ("DEFAULT_MAX_TOKENS", "DEFAULT_MAX_TOKENS_OF")
    return [(one[names[0]], one[names[1]]) for one in variables if names[0] in one]


def test_both_functions_are_told_four_thousand_and_of_no_alias_more() -> None:
    assert told(templates.of_environment("dev")["Inference"]) == [("4096", "{}")] * 2


def test_single_aliases_may_have_another_number(vary: Vary) -> None:
    knobs = vary(inference={"default_max_tokens": 1_000, "default_max_tokens_of": {"smart": 8_192}}).inference

    assert (knobs.default_max_tokens, knobs.default_max_tokens_of) == (1_000, {"smart": 8_192})


@pytest.mark.parametrize(
    ("knobs", "says"),
    [
        ({"default_max_tokens": 0}, "greater than or equal to 1"),
        ({"default_max_tokens": "4k"}, "integer"),
        ({"default_max_tokens_of": {"smart": 0}}, "greater than or equal to 1"),
        ({"default_max_tokens_of": {"nope": 9}}, "default_max_tokens_of: 'nope' is not accepted: .* fast, smart"),
        ({"default_max_tokens_of": {"embed": 9}}, "'embed' is not accepted: expected an alias that can chat"),
    ],
)
def test_a_wrong_knob_is_refused(vary: Vary, knobs: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        vary(inference=knobs)
