"""Where Bedrock is asked to keep what it has read."""

import json
from typing import Any

import pytest

from lambdas.chat.caching import LEAST_TOKENS, MOST_POINTS, with_cache_points
from lambdas.chat.candidates import Candidate
from lambdas.chat.converse import to_converse
from lambdas.chat.settings import PromptCaching
from tests.lambdas import service_model
from tests.lambdas.chatting import parse
from tests.lambdas.fakes import HAIKU, NOVA_MICRO

CLAUDE, NOVA = Candidate.of(HAIKU), Candidate.of(NOVA_MICRO)
LLAMA = Candidate.of("us.meta.llama3-3-70b-instruct-v1:0")
MARK = {"cache_control": {"type": "ephemeral"}}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "dig", "parameters": {"type": "object"}}}
LONG = "Quarries are dug for stone. " * LEAST_TOKENS


def text(said: str, **mark: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, **mark}


def made(candidate: Candidate, caching: PromptCaching, *messages: Any, **fields: Any) -> dict[str, Any]:
    asked = parse(json.dumps({"model": "m", "messages": messages, **fields}).encode())
    arguments = with_cache_points(to_converse(asked, candidate, asked.spoken), candidate, caching)
    service_model.check("bedrock-runtime", "Converse", {"modelId": "m", **arguments})
    return arguments


def places(arguments: dict[str, Any]) -> list[str]:
    """Return where points are: tools, system, and the numbers of messages."""
    blocks = [("tools", arguments.get("toolConfig", {}).get("tools", [])), ("system", arguments.get("system", []))]
    blocks += [(str(number), message["content"]) for number, message in enumerate(arguments["messages"])]
    return [name for name, group in blocks for block in group if "cachePoint" in block]


MARKED = (
    {"role": "system", "content": [text("S", **MARK)]},
    {"role": "user", "content": [text("A", **MARK)]},
    {"role": "assistant", "content": "B"},
    {"role": "user", "content": "C", **MARK},
)


@pytest.mark.parametrize("caching", ["asked", "automatic"])
@pytest.mark.parametrize(
    ("candidate", "found"),
    [(CLAUDE, ["tools", "system", "0", "2"]), (NOVA, ["system", "0", "2"]), (LLAMA, [])],
    ids=["claude", "nova", "llama"],
)
def test_marks_are_handed_on_where_the_model_has_them(
    candidate: Candidate, found: list[str], caching: PromptCaching
) -> None:
    assert places(made(candidate, caching, *MARKED, tools=[{**TOOL, **MARK}])) == found


def test_they_are_left_out_where_that_is_so_set() -> None:
    assert places(made(CLAUDE, "off", *MARKED, tools=[{**TOOL, **MARK}])) == []


def test_of_more_than_bedrock_takes_the_last_stay() -> None:
    messages = [{"role": "user", "content": [text(str(number), **MARK) for number in range(6)]}]
    arguments = made(CLAUDE, "asked", *MARKED[:1], *messages)

    assert places(arguments) == ["0"] * MOST_POINTS
    assert [next(iter(block)) for block in arguments["messages"][0]["content"]][:3] == ["text", "text", "text"]


LONG_TOOL = {"type": "function", "function": {"name": "d", "description": LONG}}
PAST = ({"role": "user", "content": LONG}, {"role": "assistant", "content": "B"}, {"role": "user", "content": "C"})


@pytest.mark.parametrize(
    ("messages", "fields", "found"),
    [
        (({"role": "system", "content": LONG}, {"role": "user", "content": "A"}), {}, ["system"]),
        (({"role": "system", "content": "S"}, {"role": "user", "content": LONG}), {}, []),
        (PAST, {}, ["2"]),
        (
            ({"role": "user", "content": "A"},),
            {"tools": [LONG_TOOL]},
            ["tools"],
        ),
    ],
    ids=["system", "what is said once", "a conversation", "tools"],
)
def test_the_knob_sets_them_behind_what_is_long(messages: Any, fields: dict[str, Any], found: list[str]) -> None:
    assert places(made(CLAUDE, "automatic", *messages, **fields)) == found
    assert places(made(NOVA, "automatic", *messages, **fields)) == [name for name in found if name != "tools"]
    assert places(made(LLAMA, "automatic", *messages, **fields)) == []
    assert places(made(CLAUDE, "asked", *messages, **fields)) == []
