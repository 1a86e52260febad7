"""What a request is refused for, in AWS's words."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

USER = {"role": "user", "content": [{"text": "Hello"}]}
ASSISTANT = {"role": "assistant", "content": [{"text": "Yes?"}]}
TOOLS = {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {"type": "object"}}}}]}
USE = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "t", "input": {}}}]}
RESULT = {"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": [{"text": ""}]}}]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"messages": [USER, USER]}, "A conversation must alternate between user and assistant roles."),
        ({"messages": [ASSISTANT]}, "A conversation must start with a user message."),
        ({}, "A conversation must start with a user message."),
        (
            {"messages": [{"role": "user", "content": [{"text": "  "}]}]},
            "The text field in the ContentBlock object at messages.0.content.0 is blank.",
        ),
        ({"messages": [{"role": "user", "content": []}]}, "messages.0 is empty"),
        (
            {"messages": [{"role": "user"}]},
            "'messages.0.content' failed to satisfy constraint: Member must not be null",
        ),
        ({"messages": [{"role": "robot", "content": [{"text": "x"}]}]}, "Member must satisfy enum value set"),
        ({"messages": [{"role": "user", "content": [{"text": 1}]}]}, "Member must be a string"),
        ({"messages": [{"role": "user", "content": [{"text": "a", "image": {}}]}]}, "messages.0.content.0.image"),
        ({"messages": [USER], "temprature": 1}, "unknown member: 'temprature'"),
        ({"messages": [USER], "inferenceConfig": {"temperature": 1.1}}, "less than or equal to 1"),
        ({"messages": [USER], "inferenceConfig": {"topP": -0.1}}, "greater than or equal to 0"),
        ({"messages": [USER], "inferenceConfig": {"maxTokens": 0}}, "greater than or equal to 1"),
        ({"messages": [USER], "inferenceConfig": {"maxTokens": 5001}}, "exceeds the model limit of 5000"),
        ({"messages": [USER], "inferenceConfig": {"maxTokens": True}}, "be an integer"),
        ({"messages": [USER, USE, RESULT]}, "The toolConfig field must be defined"),
        ({"messages": [RESULT], "toolConfig": TOOLS}, "The number of toolResult blocks at messages.0.content exceeds"),
        ({"messages": [USER, USE, USER], "toolConfig": TOOLS}, "Expected toolResult blocks at messages.2.content"),
        ({"messages": [USER], "toolConfig": {"tools": []}}, "have length greater than or equal to 1"),
        (
            {"messages": [USER], "toolConfig": {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {}}}}]}},
            "toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.",
        ),
        ({"messages": [USER], "requestMetadata": {}}, "have length greater than or equal to 1"),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"image": {"format": "png", "source": {"bytes": "aGk="}}}]},
                ]
            },
            "This model doesn't support the image content block",
        ),
    ],
)
def test_refuses(post: Callable[..., Any], body: dict[str, Any], message: str) -> None:
    reply = post("converse", body)
    assert reply.status == 400
    assert reply.error.startswith("ValidationException: ")
    assert message in reply.error


def test_an_empty_tool_result_is_accepted(post: Callable[..., Any]) -> None:
    assert post("converse", {"messages": [USER, USE, RESULT], "toolConfig": TOOLS}).status == 200


def test_some_models_refuse_temperature_with_top_p(ask: Callable[..., Any]) -> None:
    both = {"temperature": 0.5, "topP": 0.9}
    assert ask("Hello", inferenceConfig=both).status == 200
    refused = ask("Hello", "us.anthropic.claude-haiku-4-5-20251001-v1:0", inferenceConfig=both)
    assert "cannot both be specified" in refused.error


@pytest.mark.parametrize("model", ["openai.gpt-oss-20b-1:0", "qwen.qwen3-32b-v1:0"])
def test_some_models_refuse_stop_sequences(ask: Callable[..., Any], model: str) -> None:
    assert ask("Hello", model).status == 200
    refused = ask("Hello", model, inferenceConfig={"stopSequences": []})
    assert "doesn't support the stopSequences field" in refused.error


@pytest.mark.parametrize(
    "model",
    [
        "us.anthropic.claude-sonnet-5",
        "us.anthropic.claude-sonnet-5-5",
        "us.anthropic.claude-opus-5",
        "us.anthropic.claude-opus-5-5",
        "us.anthropic.claude-haiku-5-5",
    ],
)
@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"inferenceConfig": {"temperature": 1}}, "temperature"),
        ({"inferenceConfig": {"topP": 0.9}}, "top_p"),
        ({"inferenceConfig": {"temperature": 0.5, "topP": 0.9}}, "temperature"),
        ({"additionalModelRequestFields": {"top_k": 5}}, "top_k"),
    ],
)
def test_claude_5_refuses_what_steers_sampling(
    ask: Callable[..., Any], model: str, members: dict[str, Any], named: str
) -> None:
    refused = ask("Hello", model, **members)
    assert refused.status == 400
    assert refused.error == (
        f"ValidationException: The model returned the following errors: `{named}` is deprecated for this model."
    )


def test_claude_5_answers_what_does_not_steer_sampling(ask: Callable[..., Any]) -> None:
    members = {"inferenceConfig": {"maxTokens": 50, "stopSequences": ["x"]}, "additionalModelRequestFields": {"a": 1}}
    assert ask("Hello", "us.anthropic.claude-opus-5-5", **members).status == 200


def test_older_claudes_take_one_of_the_two_and_top_k(ask: Callable[..., Any]) -> None:
    haiku = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    top_k = {"additionalModelRequestFields": {"top_k": 5}}
    assert ask("Hello", haiku, inferenceConfig={"temperature": 0.5}, **top_k).status == 200
    assert ask("Hello", haiku, inferenceConfig={"topP": 0.9}).status == 200


def test_what_is_no_json_is_refused(post: Callable[..., Any]) -> None:
    reply = post("converse", [1])
    assert reply.error == "ValidationException: The request body must be a JSON object."


HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


def spec(schema: dict[str, Any]) -> dict[str, Any]:
    return {"toolConfig": {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": schema}}}]}}


def form(schema: dict[str, Any]) -> dict[str, Any]:
    structure = {"jsonSchema": {"name": "x", "schema": json.dumps(schema)}}
    return {"outputConfig": {"textFormat": {"type": "json_schema", "structure": structure}}}


def image(kind: str, data: str) -> dict[str, Any]:
    return {"image": {"format": kind, "source": {"bytes": data}}}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (
            spec({"type": "object", "anyOf": [{"type": "object"}]}),
            "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level",
        ),
        (spec({"type": "object", "allOf": []}), "does not support oneOf, allOf, or anyOf at the top level"),
        (
            form({"type": "object", "properties": {}}),
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        (
            form(
                {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "array", "maxItems": 3}}}
            ),
            "output_config.format.schema: For 'array' type, property 'maxItems' is not supported",
        ),
        (form({"type": "array", "items": {"type": "string", "maxLength": 3}}), "property 'maxLength' is not supported"),
        (form({"type": ["integer", "null"], "minimum": 3}), "For 'integer' type, property 'minimum' is not supported"),
        (form({"$defs": {"x": {"oneOf": []}}, "anyOf": [{"type": "string"}]}), "'oneOf' is not supported"),
        (form({"type": "array", "minItems": 2}), "'minItems' values other than 0 or 1 are not supported (got: 2)"),
        (
            {"messages": [{"role": "user", "content": [{"text": "?"}, image("jpeg", PNG)]}]},
            "messages.0.content.1.image.source.base64: The image was specified using the image/jpeg media type, but "
            "the image appears to be a image/png image",
        ),
        ({"messages": [{"role": "user", "content": [image("png", "aGk=")]}]}, "Could not process image"),
        (
            {"messages": [USER, {"role": "assistant", "content": [{"text": "Well, "}]}]},
            "messages: final assistant content cannot end with trailing whitespace",
        ),
        (
            {"messages": [USER, USE, RESULT, USE, RESULT], "toolConfig": TOOLS},
            "messages.3.content.0: `tool_use` ids must be unique",
        ),
    ],
)
def test_claude_refuses_what_converse_hands_on(ask: Callable[..., Any], members: dict[str, Any], words: str) -> None:
    refused = ask("Hello", HAIKU, **members)

    assert refused.status == 400
    assert refused.error.startswith("ValidationException: The model returned the following errors: ")
    assert words in refused.error


def test_an_image_in_a_tools_result_is_looked_at_too(ask: Callable[..., Any]) -> None:
    result = {"toolResult": {"toolUseId": "a", "content": [image("gif", PNG)]}}
    refused = ask("x", HAIKU, messages=[USER, USE, {"role": "user", "content": [result]}], toolConfig=TOOLS)

    assert "using the image/gif media type, but the image appears to be a image/png image" in refused.error


@pytest.mark.parametrize("model", ["us.anthropic.claude-sonnet-4-6", "us.anthropic.claude-opus-5-5"])
def test_newer_claudes_take_no_prefill(ask: Callable[..., Any], model: str) -> None:
    refused = ask("x", model, messages=[USER, ASSISTANT])

    assert "This model does not support assistant message prefill. The conversation must end with" in refused.error
    assert ask("x", HAIKU, messages=[USER, ASSISTANT]).status == 200


def test_nova_is_not_asked_for_claudes_rules(ask: Callable[..., Any]) -> None:
    assert ask("Hello", "amazon.nova-micro-v1:0", **spec({"type": "object", "anyOf": []})).status == 200


def paper(name: str = "notes", size: int = 3) -> dict[str, Any]:
    data = base64.b64encode(b"x" * size).decode()
    return {"document": {"format": "txt", "name": name, "source": {"bytes": data}}}


def turn(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([turn(paper())], "has a document and no text"),
        ([turn({"text": "?"}, paper(), paper())], "duplicate document names"),
        ([turn({"text": "?"}, paper("a_b"))], "can only contain alphanumeric characters"),
        ([turn({"text": "?"}, paper("a  b"))], "can only contain alphanumeric characters"),
        ([turn({"text": "?"}, paper(size=4_500_001))], "more than the limit"),
        ([turn({"text": "?"}, *(paper(f"n{number}") for number in range(6)))], "too many documents"),
    ],
)
def test_documents_have_rules_of_their_own(ask: Callable[..., Any], messages: list[dict[str, Any]], words: str) -> None:
    refused = ask("x", HAIKU, messages=messages)

    assert refused.status == 400
    assert words in refused.error


def test_documents_within_the_rules_are_read(ask: Callable[..., Any]) -> None:
    assert ask("x", HAIKU, messages=[turn({"text": "?"}, paper(), paper("notes (2)"))]).status == 200
