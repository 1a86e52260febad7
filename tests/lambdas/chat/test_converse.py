"""The way from a chat request to Converse."""

import base64
import json
from typing import Any

import pytest

from lambdas.chat.candidates import Candidate
from lambdas.chat.conversation import Conversation
from lambdas.chat.converse import not_taken, to_converse
from lambdas.chat.tools import ANSWER_TOOL
from lambdas.common.errors import InvalidRequestError
from sandbox.model import catalogue, rules
from sandbox.model.errors import AwsError
from tests.lambdas.chatting import parse
from tests.lambdas.fakes import HAIKU, NOVA_MICRO

MICRO = Candidate.of(NOVA_MICRO)
CLAUDE = Candidate.of(HAIKU)
# May not be forced to call a tool.
FREE = Candidate.of("us.anthropic.claude-sonnet-5-5")
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "required": ["city"]}}}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}


def request(*messages: tuple[str, Any] | dict[str, Any], **fields: Any) -> Conversation:
    listed = [one if isinstance(one, dict) else {"role": one[0], "content": one[1]} for one in messages]
    return parse(json.dumps({"model": "fast", "messages": listed, **fields}).encode())


def converse(asked: Conversation, candidate: Candidate = MICRO) -> dict[str, Any]:
    return to_converse(asked, candidate, asked.spoken)


def test_system_and_developer_text_go_apart() -> None:
    arguments = converse(request(("system", "A"), ("user", "B"), ("developer", "C"), ("user", "D")))

    assert arguments["system"] == [{"text": "A"}, {"text": "C"}]
    assert arguments["messages"] == [{"role": "user", "content": [{"text": "B"}, {"text": "D"}]}]


def test_turns_alternate_as_converse_wants_them() -> None:
    arguments = converse(request(("user", "A"), ("assistant", "B"), ("assistant", "C"), ("user", "D")))

    assert [turn["role"] for turn in arguments["messages"]] == ["user", "assistant", "user"]
    assert arguments["messages"][1]["content"] == [{"text": "B"}, {"text": "C"}]
    assert "system" not in arguments


def test_parameters_are_handed_on_and_length_is_cut_to_what_the_model_can() -> None:
    arguments = converse(
        request(
            ("user", "A"),
            temperature=0,
            top_p=0.5,
            max_completion_tokens=99_999,
            stop="END",
            metadata={"team": "x"},
            user="ann",
        )
    )

    assert arguments["inferenceConfig"] == {
        "maxTokens": MICRO.model.max_output_tokens,
        "temperature": 0.0,
        "topP": 0.5,
        "stopSequences": ["END"],
    }
    assert arguments["requestMetadata"] == {"team": "x", "user": "ann"}


def test_a_tool_loop_becomes_uses_and_results() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Ulm"}'}}
    arguments = converse(
        request(
            ("user", "Weather?"),
            {"role": "assistant", "content": None, "tool_calls": [call, {**call, "id": "c2"}]},
            {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
            {"role": "tool", "tool_call_id": "c2", "content": ""},
            tools=[TOOL],
        )
    )

    _, use, results = arguments["messages"]
    assert use["content"][0] == {"toolUse": {"toolUseId": "c1", "name": "get_weather", "input": {"city": "Ulm"}}}
    assert [block["toolResult"]["toolUseId"] for block in results["content"]] == ["c1", "c2"]
    assert results["content"][0]["toolResult"]["content"] == [{"text": "sunny"}]
    assert results["role"] == "user"
    spec = arguments["toolConfig"]["tools"][0]["toolSpec"]
    assert spec["inputSchema"]["json"] == {"type": "object", "properties": {}, "required": ["city"]}
    assert spec["description"] == "get_weather"


def test_a_result_that_answers_no_call_is_refused_unless_the_call_was_made_before() -> None:
    messages: list[Any] = [("user", "A"), {"role": "tool", "tool_call_id": "c1", "content": "x"}]

    with pytest.raises(InvalidRequestError) as refused:
        request(*messages)

    assert refused.value.param == "messages[1].tool_call_id"
    said = request(*messages, quarry={"session": "s"}).spoken
    assert said.turns[0]["content"][1]["toolResult"]["toolUseId"] == "c1"
    said.check_answers({"c1"})
    with pytest.raises(InvalidRequestError) as refused:
        said.check_answers(set())
    assert refused.value.param == "messages[1].tool_call_id"


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (None, None),
        ("auto", None),
        ("required", {"any": {}}),
        ({"type": "function", "function": {"name": "get_weather"}}, {"tool": {"name": "get_weather"}}),
    ],
)
def test_the_choice_of_tool_is_handed_on(choice: Any, wanted: Any) -> None:
    arguments = converse(request(("user", "A"), tools=[TOOL], tool_choice=choice))

    assert arguments["toolConfig"].get("toolChoice") == wanted


def test_no_tools_are_offered_where_none_is_wanted() -> None:
    assert "toolConfig" not in converse(request(("user", "A"), tools=[TOOL], tool_choice="none"))


PICTURE = b"\x89PNG\r\n\x1a\n"
PNG = "data:image/png;base64," + base64.b64encode(PICTURE).decode()


def test_an_image_is_handed_on_as_bytes() -> None:
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": PNG}}]

    (turn,) = request(("user", parts)).spoken.turns

    assert turn["content"][1] == {"image": {"format": "png", "source": {"bytes": PICTURE}}}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://example.com/cat.png", "Remote images are not fetched"),
        ("data:text/plain,AAAA", "must be a URL of the form"),
        ("data:image/png;base64,%%%", "not valid base64"),
        ("data:image/png;base64,", "has 0 bytes"),
    ],
)
def test_another_image_is_refused_with_the_reason(url: str, says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says) as refused:
        request(("user", [{"type": "image_url", "image_url": {"url": url}}]))

    assert refused.value.param == "messages[0].content[0].image_url.url"


def test_a_schema_is_enforced_by_bedrock_where_the_family_has_it() -> None:
    arguments = converse(request(("user", "A"), response_format=JSON_SCHEMA), CLAUDE)

    structure = arguments["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert (structure["name"], json.loads(structure["schema"])) == ("place", {**SCHEMA, "additionalProperties": False})
    assert "toolConfig" not in arguments


def test_elsewhere_a_schema_is_enforced_by_a_tool() -> None:
    arguments = converse(request(("user", "A"), response_format=JSON_SCHEMA), MICRO)

    assert arguments["toolConfig"]["toolChoice"] == {"tool": {"name": ANSWER_TOOL}}
    assert arguments["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"] == SCHEMA


def test_beside_one_tool_of_the_callers_the_model_chooses_between_it_and_the_answers() -> None:
    arguments = converse(request(("user", "A"), response_format=JSON_SCHEMA, tools=[TOOL]), MICRO)

    assert len(arguments["toolConfig"]["tools"]) == 2
    assert arguments["toolConfig"]["toolChoice"] == {"any": {}}


def test_parts_of_instructions_are_lines_of_one_text() -> None:
    parts = [{"type": "text", "text": "Be short."}, {"type": "text", "text": "Be kind."}]

    assert converse(request(("system", parts), ("user", "A")))["system"] == [{"text": "Be short.\nBe kind."}]


def test_any_json_object_is_asked_for_in_words() -> None:
    arguments = converse(request(("user", "A"), response_format={"type": "json_object"}))

    assert "JSON object" in arguments["system"][-1]["text"]


def test_top_k_goes_where_the_family_has_it() -> None:
    assert converse(request(("user", "A"), quarry={"top_k": 9}), CLAUDE)["additionalModelRequestFields"] == {"top_k": 9}
    assert converse(request(("user", "A"), quarry={"top_k": 9}), MICRO)["additionalModelRequestFields"] == {
        "inferenceConfig": {"topK": 9}
    }


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"tool_choice": "required"}, "Answer by calling one of the tools."),
        ({"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}, "get_weather"),
        ({"response_format": JSON_SCHEMA, "tools": None}, ANSWER_TOOL),
    ],
)
def test_a_tool_that_may_not_be_forced_is_asked_for_in_words(fields: dict[str, Any], says: str) -> None:
    asked = request(("user", "A"), **{"tools": [TOOL], **fields})

    sent = converse(asked, FREE)

    assert "toolChoice" not in sent["toolConfig"]
    assert says in sent["system"][-1]["text"]
    assert not_taken(asked, FREE) == (["tool_choice"] if "tool_choice" in fields else [])
    rules.check(sent, catalogue.models()[FREE.base_model_id])
    forced = {**sent, "toolConfig": {**sent["toolConfig"], "toolChoice": {"any": {}}}}
    with pytest.raises(AwsError, match="forced tool use"):
        rules.check(forced, catalogue.models()[FREE.base_model_id])


@pytest.mark.parametrize("depth", [101, 400, 10_000])
def test_arguments_that_are_nested_too_deep_are_refused_by_their_name(depth: int) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":' * depth + "1" + "}" * depth}}
    answer = {"role": "tool", "tool_call_id": "c", "content": "r"}

    with pytest.raises(InvalidRequestError) as refused:
        request(("user", "x"), {"role": "assistant", "tool_calls": [call]}, answer)

    assert refused.value.param == "messages[1].tool_calls[0].function.arguments"


@pytest.mark.parametrize(("depth", "refused"), [(100, False), (101, True), (400, True), (10_000, True)])
def test_a_schema_that_is_nested_too_deep_is_refused_by_its_name(depth: int, refused: bool) -> None:
    schema = '{"a":' * depth + "1" + "}" * depth
    tool = '{"type":"function","function":{"name":"f","parameters":' + schema + "}}"
    body = '{"model":"fast","messages":[{"role":"user","content":"x"}],"tools":[' + tool + "]}"

    if not refused:
        assert converse(parse(body.encode()))["toolConfig"]
        return
    with pytest.raises(InvalidRequestError) as told:
        parse(body.encode())
    assert str(told.value.param).startswith("tools[0].function.parameters.a.a")


@pytest.mark.parametrize("alone", [False, True], ids=["call and result", "result alone"])
def test_tools_are_offered_though_none_is_wanted_while_the_conversation_uses_them(alone: bool) -> None:
    """Converse refuses tool calls, and results, without the tools that they are of."""
    call = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "function": {"name": "get_weather", "arguments": "{}"}}],
    }
    answer = {"role": "tool", "tool_call_id": "c1", "content": "18 degrees"}
    told = [answer] if alone else [("user", "A"), call, answer]
    asked = request(*told, tools=[TOOL], tool_choice="none", quarry={"session": "s"} if alone else {})

    config = converse(asked)["toolConfig"]

    assert [tool["toolSpec"]["name"] for tool in config["tools"]] == ["get_weather"]
    assert "toolChoice" not in config


def test_calls_of_tools_that_are_gone_are_sent_with_specs_of_their_names() -> None:
    call = {"id": "c1", "function": {"name": "weather.get", "arguments": "{}"}}
    asked = request(("user", "A"), {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "content": "x"})

    arguments = converse(asked)

    (spec,) = arguments["toolConfig"]["tools"]
    assert spec["toolSpec"]["name"] == arguments["messages"][1]["content"][0]["toolUse"]["name"]
    assert spec["toolSpec"]["inputSchema"]["json"] == {"type": "object", "properties": {}}
    assert "do not call it" in spec["toolSpec"]["description"]


@pytest.mark.parametrize("schema", [{"type": "object"}, {"type": "array", "items": {"type": "string"}}])
def test_a_schema_that_cannot_be_enforced_goes_by_the_hidden_tool_with_claude_too(schema: dict[str, Any]) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    arguments = converse(request(("user", "A"), response_format=form), CLAUDE)

    is_enforced = schema["type"] == "array"
    assert ("outputConfig" in arguments, "toolConfig" in arguments) == (is_enforced, not is_enforced)
