"""What a Messages request may say, and what is made of the rest."""

import json
from typing import Any

import pytest

from lambdas.api.dialects.messages.reading import read, read_count
from lambdas.common.errors import InvalidRequestError

HELLO = {"role": "user", "content": "Hello"}
TEXT = {"type": "text", "text": "x"}
TOOL = {"name": "look", "input_schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        ("cache_control", {"cache_control": {"type": "ephemeral", "ttl": "1h"}}),
        ("system[].cache_control", {"system": [{"type": "text", "text": "x", "cache_control": {"ttl": "1h"}}]}),
        ("tools[].cache_control", {"tools": [{"name": "a", "input_schema": {}, "cache_control": {"ttl": "1h"}}]}),
        (
            "messages[].content[].cache_control",
            {
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {"ttl": "1h"}}]}
                ]
            },
        ),
    ],
)
def test_a_longer_time_to_keep_is_taken_for_five_minutes_and_named(place: str, fields: dict[str, Any]) -> None:
    body = {"model": "fast", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], **fields}

    assert read(json.dumps(body).encode()).dropped == (f"{place}.ttl",)
    assert read(json.dumps(body).replace("1h", "5m").encode()).dropped == ()
    assert read(json.dumps(body).replace('"1h"', "3600").encode()).dropped == (f"{place}.ttl",)


def body(**members: Any) -> bytes:
    return json.dumps({"model": "smart", "max_tokens": 100, "messages": [HELLO], **members}).encode()


def test_what_claude_code_sends_is_read_and_nothing_but_its_label_is_changed() -> None:
    marked = {"type": "text", "text": "You are a tool.", "cache_control": {"type": "ephemeral"}}
    found = read(
        body(
            system=[{"type": "text", "text": "x-billing: none"}, marked],
            messages=[
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "<system-reminder>"}, {"type": "text", "text": "Hi"}],
                },
                {"role": "system", "content": [marked]},
            ],
            tools=[
                {"name": "Bash", "description": "Runs.", "input_schema": {"$schema": "x", "type": "object"}},
                {"name": "Placeholder", "description": "-", "input_schema": {"type": "object"}, "defer_loading": True},
            ],
            metadata={"user_id": '{"device_id":"1","session_id":"2"}'},
            max_tokens=32_000,
            thinking={"type": "adaptive", "display": "omitted"},
            context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
            output_config={"effort": "high"},
            stream=True,
        )
    )

    assert found.dropped == ("metadata.user_id",)
    assert found.body.metadata is not None
    assert found.body.metadata.user_id == "__device_id_:_1_,_session_id_:_2__"


@pytest.mark.parametrize(
    ("members", "dropped"),
    [
        ({"temperature": None, "system": [], "tools": [], "stop_sequences": [], "metadata": {}}, ()),
        ({"service_tier": "auto", "speed": "standard", "user_profile_id": "u", "thinking": {}}, ()),
        ({"temperature": 1.5}, ("temperature",)),
        ({"top_k": 0}, ()),
        ({"top_k": 1_000}, ("top_k",)),
        ({"max_tokens": 10**7}, ("max_tokens",)),
        ({"speed": "fast"}, ("speed",)),
        ({"context_management": {"edits": [{"type": "compact_20260112"}]}}, ("context_management",)),
        ({"output_config": {"effort": "max"}}, ("output_config.effort",)),
        ({"stop_sequences": ["\n\n", "END"]}, ("stop_sequences",)),
        ({"stop_sequences": [""]}, ()),
        ({"metadata": {"user_id": "é{}"}}, ("metadata.user_id",)),
        ({"metadata": {"user_id": 5}}, ("metadata.user_id",)),
        ({"anything": {"at": "all"}}, ("anything",)),
        ({"tools": [{**TOOL, "strict": True, "eager_input_streaming": True}]}, ()),
        ({"tools": [{**TOOL, "input_examples": [{"a": 1}]}]}, ("tools[].input_examples",)),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "x", "citations": {"enabled": False}}]}
                ]
            },
            (),
        ),
    ],
)
def test_what_changes_little_is_dropped_and_named(members: dict[str, Any], dropped: tuple[str, ...]) -> None:
    assert read(body(**members)).dropped == dropped


@pytest.mark.parametrize(
    ("members", "param", "words"),
    [
        ({"instructions": "Be brief."}, "instructions", "`system`"),
        ({"stop": ["a"]}, "stop", "`stop_sequences`"),
        ({"response_format": {"type": "json_object"}}, "response_format", "`output_config.format`"),
        ({"output_config": {"effort": "some"}}, "output_config.effort", "Accepted: `high`, `low`, `medium`."),
        ({"messages": []}, "messages", ""),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "`user`, `assistant` and `system`"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages[0].content", "must not be empty"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content", "must not be empty"),
        (
            {"messages": [HELLO, {"role": "assistant", "content": "Well,"}], "quarry": {"session": "sess_1"}},
            "messages[1].role",
            "In a session",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "container_upload", "file_id": "f"}]}]},
            "messages[0].content[0].type",
            "Files API",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "server_tool_use"}]}, HELLO]},
            "messages[0].content[0].type",
            "Anthropic's servers",
        ),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type", "web_search_20250305"),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "tools[0].type", "`input_schema`"),
        ({"tools": [{"name": "x"}]}, "tools[0].input_schema", "required"),
        ({"tools": [TOOL, TOOL]}, "tools", "same name"),
        ({"tool_choice": {"type": "any"}}, "tool_choice", "`tools` has none"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "other"}}, "tool_choice.name", "no `other`"),
        ({"tools": [TOOL], "tool_choice": {"type": "required"}}, "tool_choice.type", "`auto`, `any`"),
        ({"thinking": {"type": "on"}}, "thinking.type", "`adaptive`"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1_024}}, "thinking.budget_tokens", "less than"),
        ({"thinking": {"type": "enabled", "budget_tokens": 10}}, "thinking.budget_tokens", ""),
        ({"max_tokens": 0}, "max_tokens", ""),
        ({"max_tokens": None}, "max_tokens", ""),
        ({"mcp_servers": [{"url": "x"}]}, "mcp_servers", "Anthropic's servers"),
        ({"container": "c"}, "container", ""),
        ({"prefill": "Well,"}, "prefill", "assistant"),
        ({"quarry": {"session_id": "s"}}, "quarry.session_id", "`session`"),
    ],
)
def test_what_would_change_the_answer_is_refused_by_name(members: dict[str, Any], param: str, words: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read(body(**members))

    assert refused.value.param == param
    assert words in refused.value.message


def test_how_long_the_answer_may_be_has_to_be_said() -> None:
    with pytest.raises(InvalidRequestError, match="required and missing"):
        read(json.dumps({"model": "smart", "messages": [HELLO]}).encode())


@pytest.mark.parametrize("members", [{"temperature": 1.5}, {"metadata": {"user_id": "{}"}}, {"other": 1}])
def test_in_strict_mode_only_what_fits_is_accepted(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        read(body(**members), strict=True)
    read(body(tools=[{**TOOL, "type": "custom"}]), strict=True)


def test_what_is_counted_needs_no_length() -> None:
    found = read_count(json.dumps({"model": "smart", "messages": [HELLO], "system": "S", "tools": [TOOL]}).encode())

    assert (found.body.system, found.dropped) == ("S", ())
    with pytest.raises(InvalidRequestError):
        read_count(json.dumps({"model": "smart", "messages": [{"role": "user", "content": ""}]}).encode())


def test_what_a_model_said_may_have_members_that_nobody_knows() -> None:
    said = [
        {"type": "text", "text": "Hm.", "citations": None, "later": 1},
        {"type": "tool_use", "id": "t", "name": "look", "input": {}, "caller": {"type": "direct"}},
    ]
    result = {"type": "tool_result", "tool_use_id": "t", "content": "seen"}
    messages = [HELLO, {"role": "assistant", "content": said}, {"role": "user", "content": [result]}]

    assert read(body(messages=messages, tools=[TOOL]), strict=True).dropped == ()


def test_tools_of_anthropics_own_are_what_is_not_supported() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read(body(tools=[{"type": "web_search_20250305", "name": "web_search"}]))

    assert refused.value.code == "unsupported_parameter"


def test_as_many_stop_texts_are_read_as_converse_takes() -> None:
    many = [f"stop {number}" for number in range(2_500)]

    assert read(body(stop_sequences=many)).body.stop_sequences == many
    with pytest.raises(InvalidRequestError, match="2500"):
        read(body(stop_sequences=[*many, "one more"]))
