"""Tools before the guardrail, and reasoning, at the deployed endpoint with IAM enforced, by OpenAI's own client."""

import json
from typing import Any

import pytest
from openai import OpenAI

from sandbox.model.script import ModelScript

WORD = "project-nightshade"
SHAPE = {"type": "object", "properties": {"to": {"type": "string"}}}
TOOL: Any = {"type": "function", "function": {"name": "mail", "description": "Sends mail.", "parameters": SHAPE}}
ASKED: list[Any] = [{"role": "user", "content": "Write to her."}]
CALLED: list[Any] = [
    *ASKED,
    {
        "role": "assistant",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "mail", "arguments": "{}"}}],
    },
]
streams = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def ask(openai: OpenAI, *, stream: bool = False, model: str = "fast", **fields: Any) -> tuple[str, str, str]:
    """Return what an answer says, the arguments of its calls, and why it ended."""
    arguments: dict[str, Any] = {"model": model, "messages": ASKED, **fields}
    if not stream:
        (choice,) = openai.chat.completions.create(**arguments).choices
        calls: Any = choice.message.tool_calls or []
        return choice.message.content or "", "".join(one.function.arguments for one in calls), choice.finish_reason
    text, given, reason = "", "", ""
    for chunk in openai.chat.completions.create(**arguments, stream=True):
        (part,) = chunk.choices
        text += part.delta.content or ""
        given += "".join(one.function.arguments or "" for one in part.delta.tool_calls or [] if one.function)
        reason = part.finish_reason or reason
    return text, given, reason


@streams
def test_a_result_that_the_policy_stops_reaches_no_model(openai: OpenAI, model: ModelScript, stream: bool) -> None:
    model.answer("It is read.")
    result = {"role": "tool", "tool_call_id": "c1", "content": f"The plan of {WORD}."}

    text, _, reason = ask(openai, stream=stream, messages=[*CALLED, result], tools=[TOOL])

    assert ("stopped by the platform's content policy" in text, reason) == (True, "content_filter")
    assert model.calls() == []


@streams
def test_a_description_that_the_policy_stops_reaches_no_model(openai: OpenAI, model: ModelScript, stream: bool) -> None:
    model.answer("It is read.")
    told = {**TOOL, "function": {**TOOL["function"], "description": f"Knows all of {WORD}."}}

    _, _, reason = ask(openai, stream=stream, tools=[told])

    assert (reason, model.calls()) == ("content_filter", [])


@streams
@pytest.mark.parametrize(
    ("given", "told", "reason"),
    [
        ({"to": WORD}, None, "content_filter"),
        ({"to": "ann@example.com", "n": 1}, {"to": "{EMAIL}", "n": 1}, "content_filter"),
        ({"to": "her"}, {"to": "her"}, "tool_calls"),
    ],
    ids=["stopped", "masked", "let through"],
)
def test_a_call_is_judged_before_it_is_told(
    openai: OpenAI, model: ModelScript, given: Any, told: Any, reason: str, stream: bool
) -> None:
    model.tool_calls([{"name": "mail", "input": given}])

    text, arguments, ended = ask(openai, stream=stream, tools=[TOOL])

    assert ended == reason
    assert (json.loads(arguments) if arguments else None) == told
    assert ("stopped by the platform's content policy" in text) is (told is None)


@streams
def test_a_json_answer_by_the_hidden_tool_is_masked(openai: OpenAI, model: ModelScript, stream: bool) -> None:
    model.tool_calls([{"name": "answer_as_json", "input": {"to": "ann@example.com"}}])
    form = {"type": "json_schema", "json_schema": {"name": "address", "schema": SHAPE}}

    text, _, reason = ask(openai, stream=stream, response_format=form)

    assert (json.loads(text), reason) == ({"to": "{EMAIL}"}, "content_filter")


def test_who_asks_for_reasoning_is_told_what_was_thought_and_about_how_much(openai: OpenAI) -> None:
    reply = openai.chat.completions.create(model="smart", messages=ASKED, reasoning_effort="low", max_tokens=4_000)
    plain = openai.chat.completions.create(model="smart", messages=ASKED)

    assert "let me think" in reply.choices[0].message.model_dump()["reasoning_content"]
    assert reply.usage is not None
    assert reply.usage.completion_tokens_details is not None
    assert 0 < (reply.usage.completion_tokens_details.reasoning_tokens or 0) < reply.usage.completion_tokens
    assert "reasoning_content" not in plain.choices[0].message.model_dump()

    pieces = openai.chat.completions.create(
        model="smart", messages=ASKED, reasoning_effort="low", max_tokens=4_000, stream=True
    )
    thought = "".join(chunk.choices[0].delta.model_dump().get("reasoning_content") or "" for chunk in pieces)
    assert "let me think" in thought
