"""Tools, names and ids of other providers, as Bedrock takes them."""

import pytest

from lambdas.chat.tools import ANSWER_TOOL, CACHE_POINT, Toolbox, bedrock_id, bedrock_name, specs_of
from tests.lambdas import service_model


@pytest.mark.parametrize("name", ["get_weather", "a-b", "x" * 64])
def test_a_name_that_bedrock_takes_stays(name: str) -> None:
    assert bedrock_name(name) == name


@pytest.mark.parametrize("name", ["weather.get", "größe", "x" * 65, "a b", "mcp/server:tool", "\ud800", ANSWER_TOOL])
def test_another_name_becomes_one_that_is_always_the_same(name: str) -> None:
    made = bedrock_name(name)

    assert made != name
    assert made == bedrock_name(name) == bedrock_name(made)
    service_model.check(
        "bedrock-runtime", "Converse", {"modelId": "m", "messages": [], "toolConfig": {"tools": specs_of([made])}}
    )


def test_a_callers_tool_that_is_called_as_the_hidden_one_is_another() -> None:
    """A call of it would be told as the answer's text."""
    box = Toolbox([(ANSWER_TOOL, None, None, False)])
    (spec,) = box.specs

    assert spec["toolSpec"]["name"] != ANSWER_TOOL
    assert box.told(spec["toolSpec"]["name"]) == ANSWER_TOOL


def test_names_that_look_alike_stay_apart() -> None:
    assert len({bedrock_name(name) for name in ("a.b", "a/b", "a b", "a_b")}) == 4


@pytest.mark.parametrize("call_id", ["call_a|fc_b", "x" * 65, "ä", "functions.f:0 1"])
def test_ids_likewise(call_id: str) -> None:
    made = bedrock_id(call_id)

    assert made == bedrock_id(call_id) == bedrock_id(made)
    assert len(made) <= 64
    assert bedrock_id("tooluse_a-b.c:d") == "tooluse_a-b.c:d"


def test_calls_are_told_as_the_caller_has_the_tools() -> None:
    box = Toolbox([("weather.get", None, {"type": "array"}, True), ("plain", "Plain.", None, False)])
    dotted = bedrock_name("weather.get")

    assert [spec["toolSpec"]["name"] for spec in box.specs if spec != CACHE_POINT] == [dotted, "plain"]
    assert box.specs[1] == CACHE_POINT
    assert (box.told(dotted), box.told("plain"), box.told("unknown")) == ("weather.get", "plain", "unknown")
    assert box.wrapped == {dotted}
    assert box.unwrapped(dotted, {"input": [1]}) == [1]
    assert box.unwrapped(dotted, {"else": 1}) == {"else": 1}
    assert box.unwrapped("plain", {"input": [1]}) == {"input": [1]}
