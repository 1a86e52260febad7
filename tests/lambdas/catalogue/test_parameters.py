"""Fitting a request to what a model family accepts."""

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.catalogue.models import catalogue, find
from lambdas.catalogue.parameters import OPENAI_NAMES, ParameterRules, Range, fit

CLAUDE_4 = find("anthropic.claude-haiku-4-5-20251001-v1:0").parameters
CLAUDE_5 = find("anthropic.claude-sonnet-5-5").parameters
NOVA = find("amazon.nova-micro-v1:0").parameters
FULL = {"maxTokens": 100, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]}


@pytest.mark.parametrize(
    ("rules", "config", "cleaned", "dropped"),
    [
        (NOVA, FULL, FULL, []),
        (NOVA, {"temperature": 0}, {"temperature": 0.00001}, []),
        (NOVA, {}, {}, []),
        (CLAUDE_4, FULL, {"maxTokens": 100, "temperature": 0.5, "stopSequences": ["END"]}, ["top_p"]),
        (CLAUDE_4, {"topP": 0.9, "temperature": 0.5}, {"temperature": 0.5}, ["top_p"]),
        (CLAUDE_4, {"topP": 0.9}, {"topP": 0.9}, []),
        (CLAUDE_4, {"temperature": 1.7}, {"temperature": 1}, []),
        (CLAUDE_5, FULL, {"maxTokens": 100, "stopSequences": ["END"]}, ["temperature", "top_p"]),
        (CLAUDE_5, {"topP": 0, "temperature": 0}, {}, ["top_p", "temperature"]),
        (ParameterRules(stop_sequences=1), {"stopSequences": ["a", "b"]}, {"stopSequences": ["a"]}, ["stop"]),
        (ParameterRules(stop_sequences=2), {"stopSequences": ["a", "b"]}, {"stopSequences": ["a", "b"]}, []),
        (ParameterRules(stop_sequences=0), {"stopSequences": ["a"], "maxTokens": 1}, {"maxTokens": 1}, ["stop"]),
        (ParameterRules(), {"maxTokens": 1}, {"maxTokens": 1}, []),
        (ParameterRules(exclusive=(("top_p", "temperature"),), temperature=Range(0, 1), top_p=Range(0, 1)),
         FULL, {"maxTokens": 100, "topP": 0.9, "stopSequences": ["END"]}, ["temperature"]),
    ],
)  # fmt: skip
def test_what_is_sent_and_what_is_told(
    rules: ParameterRules, config: dict[str, Any], cleaned: dict[str, Any], dropped: list[str]
) -> None:
    before = copy.deepcopy(config)

    assert fit(rules, config) == (cleaned, dropped)
    assert config == before


def test_exclusive_parameters_that_are_refused_anyway_are_told_once() -> None:
    rules = ParameterRules(exclusive=(("temperature", "top_p"),))

    assert fit(rules, FULL)[1] == ["temperature", "top_p"]


@pytest.mark.parametrize("model_id", sorted(catalogue()))
def test_rules_survive_the_functions_settings(model_id: str) -> None:
    rules = catalogue()[model_id].parameters

    text = json.dumps(msgspec.to_builtins(rules))

    assert msgspec.convert(json.loads(text), ParameterRules) == rules


@pytest.mark.parametrize("broken", [{"temprature": None}, {"temperature": {"minimum": 0}}, {"stop_sequences": "4"}])
def test_rules_that_are_misspelt_are_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(broken, ParameterRules)


@given(
    config=st.fixed_dictionaries(
        {},
        optional={
            "maxTokens": st.integers(1, 10**6),
            "temperature": st.floats(-10, 10),
            "topP": st.floats(-10, 10),
            "stopSequences": st.lists(st.text(min_size=1), max_size=5),
        },
    ),
    model_id=st.sampled_from(sorted(catalogue())),
)
def test_what_is_sent_is_accepted(config: dict[str, Any], model_id: str) -> None:
    rules = catalogue()[model_id].parameters

    cleaned, dropped = fit(rules, config)

    for name, accepted in (("temperature", rules.temperature), ("topP", rules.top_p)):
        if name in cleaned:
            assert accepted is not None
            assert accepted.minimum <= cleaned[name] <= accepted.maximum
    sent = {OPENAI_NAMES[name] for name in cleaned}
    assert all(len(sent.intersection(group)) <= 1 for group in rules.exclusive)
    assert sent | set(dropped) == {OPENAI_NAMES[name] for name in config}
    assert fit(rules, cleaned) == (cleaned, [])
