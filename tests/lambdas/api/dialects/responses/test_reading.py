"""What is accepted of Responses requests, what is left out, what refused."""

import json
from typing import Any

import pytest

from lambdas.api.dialects.responses.items import (
    FunctionCallItem,
    FunctionCallOutput,
    HostedCall,
    ItemReference,
    MessageItem,
)
from lambdas.api.dialects.responses.reading import read
from lambdas.api.dialects.responses.request import WebSearch
from lambdas.common.errors import InvalidRequestError

ASKS = {"model": "fast", "input": "How deep?"}


def body(**members: Any) -> bytes:
    return json.dumps({**ASKS, **members}).encode()


def test_what_agents_send_is_read_as_it_is() -> None:
    # As Codex sends it, in short.
    found = read(
        body(
            input=[
                {
                    "type": "message",
                    "id": "msg_1",
                    "role": "developer",
                    "content": [{"type": "input_text", "text": "B"}],
                },
                {"type": "message", "id": "msg_2", "role": "user", "content": [{"type": "input_text", "text": "Dig."}]},
            ],
            tools=[
                {"type": "function", "name": "exec", "description": "Run", "strict": False, "parameters": {}},
                {
                    "type": "namespace",
                    "name": "agents",
                    "description": "Agents",
                    "tools": [{"type": "function", "name": "spawn", "strict": False, "parameters": {}}],
                },
                {"type": "web_search", "external_web_access": True},
            ],
            tool_choice="auto",
            parallel_tool_calls=True,
            reasoning={"summary": "auto"},
            store=False,
            stream=True,
            include=["reasoning.encrypted_content"],
            prompt_cache_key="k",
            client_metadata={"turn_id": "1"},
        )
    )

    assert found.dropped == ()
    assert found.body.store is False
    assert found.body.prompt_cache_key == "k"


def test_items_need_no_type_where_there_is_no_doubt() -> None:
    items = read(body(input=[{"role": "user", "content": "Hi"}, {"role": "assistant"}, {"id": "msg_1"}])).body.input

    assert items == [
        MessageItem(role="user", content="Hi"),
        MessageItem(role="assistant", content=""),
        ItemReference(id="msg_1"),
    ]


def test_what_a_hosted_tool_did_elsewhere_is_left_out_and_named() -> None:
    found = read(
        body(input=[{"type": "code_interpreter_call", "id": "ci_1", "code": "1+1"}, {"role": "user", "content": "Hi"}])
    )

    assert found.dropped == ("input[]",)
    assert found.body.input == [HostedCall(), MessageItem(role="user", content="Hi")]


def test_tools_that_openais_models_know_by_themselves_are_functions_in_a_conversation_that_is_brought_along() -> None:
    found = read(
        body(
            input=[
                {"type": "local_shell_call", "call_id": "c1", "action": {"type": "exec", "command": ["ls"]}},
                {"type": "local_shell_call_output", "id": "c1", "output": "a.txt"},
                {"type": "shell_call", "call_id": "c2", "action": {"commands": ["ls"]}},
                {"type": "shell_call_output", "call_id": "c2", "output": [{"stdout": "a.txt"}]},
                {"type": "apply_patch_call", "call_id": "c3", "operation": {"type": "delete_file", "path": "a"}},
                {"type": "apply_patch_call_output", "call_id": "c3", "status": "completed"},
            ]
        )
    )

    assert found.body.input == [
        FunctionCallItem(call_id="c1", name="local_shell", arguments={"type": "exec", "command": ["ls"]}),
        FunctionCallOutput(call_id="c1", output="a.txt"),
        FunctionCallItem(call_id="c2", name="shell", arguments={"commands": ["ls"]}),
        FunctionCallOutput(call_id="c2", output='[{"stdout":"a.txt"}]'),
        FunctionCallItem(call_id="c3", name="apply_patch", arguments={"type": "delete_file", "path": "a"}),
        FunctionCallOutput(call_id="c3", output="completed"),
    ]


@pytest.mark.parametrize("name", ["web_search", "web_search_preview", "web_search_preview_2025_03_11"])
def test_every_search_of_the_web_is_one(name: str) -> None:
    assert read(body(tools=[{"type": name, "search_context_size": "low"}])).body.tools == [WebSearch()]


@pytest.mark.parametrize(
    "members",
    [
        {"background": False, "temperature": None, "top_logprobs": 0, "service_tier": "auto", "truncation": "disabled"},
        {"text": {"format": {"type": "text"}, "verbosity": "medium"}, "reasoning": {"effort": "none"}},
        {"tools": [], "tool_choice": "", "include": [], "metadata": {}, "previous_response_id": "", "user": "ann"},
        {"presence_penalty": 0, "frequency_penalty": 0.0, "conversation": None, "prompt": None, "max_tool_calls": 3},
        {"stream_options": {"include_obfuscation": True}, "prompt_cache_retention": "24h", "safety_identifier": "s"},
    ],
)
def test_what_means_nothing_is_accepted_in_silence(members: dict[str, Any]) -> None:
    assert read(body(**members)).dropped == ()


@pytest.mark.parametrize(
    ("members", "dropped"),
    [
        ({"temperature": 1.5}, ("temperature",)),
        ({"service_tier": "priority"}, ("service_tier",)),
        ({"text": {"verbosity": "low"}}, ("text.verbosity",)),
        ({"reasoning": {"effort": "xhigh"}}, ("reasoning.effort",)),
        ({"context_management": [{"type": "compaction"}]}, ("context_management",)),
        ({"seed": 1}, ("seed",)),
        ({"tools": [{"type": "file_search", "ranking_options": {"ranker": "auto"}}]}, ("tools[].ranking_options",)),
    ],
)
def test_what_changes_little_is_left_out_and_named(members: dict[str, Any], dropped: tuple[str, ...]) -> None:
    assert read(body(**members)).dropped == dropped


@pytest.mark.parametrize(
    ("members", "param", "says"),
    [
        ({"system": "Be brief."}, "system", "`instructions`"),
        ({"response_format": {"type": "json_object"}}, "response_format", "`text.format`"),
        ({"max_tokens": 5}, "max_tokens", "`max_output_tokens`"),
        ({"max_completion_tokens": 5}, "max_completion_tokens", "`max_output_tokens`"),
        ({"truncation": "sometimes"}, "truncation", "Accepted: `auto`, `disabled`."),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type", "`json_schema`."),
        ({"background": True}, "background", "stream what takes long"),
        ({"conversation": "conv_1"}, "conversation", "previous_response_id"),
        ({"quarry": {"session": "sess_1"}}, "quarry.session", "previous_response_id"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt", "/v1/prompts"),
        ({"messages": [{"role": "user"}]}, "messages", "`input`"),
        ({"top_logprobs": 3}, "top_logprobs", "probabilities"),
        ({"tools": [{"type": "mcp", "server_label": "x"}]}, "tools[0].type", "'mcp'"),
        ({"tools": [{"type": "code_interpreter"}]}, "tools[0].type", "'code_interpreter'"),
        ({"tools": [{"type": "mcp"}]}, "tools[0].type", "MCP servers are not run here"),
        ({"input": [{"type": "input_audio"}]}, "input[0].type", "Accepted are `message`"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role", "developer"),
        ({"input": [{"role": "user", "content": [{"type": "audio"}]}]}, "input[0].content[0].type", "input_image"),
        ({"tool_choice": "always"}, "tool_choice", "required"),
        ({"store": "yes"}, "store", "bool"),
        ({"max_output_tokens": 0}, "max_output_tokens", ">= 1"),
    ],
)
def test_what_would_change_the_answer_is_refused(members: dict[str, Any], param: str, says: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read(body(**members))

    assert raised.value.param == param
    assert says in raised.value.message


@pytest.mark.parametrize("given", [b"", b"[]", b'"x"', b"{", b"null", b'{"model": "fast", "input": 3}'])
def test_what_is_no_request_is_refused(given: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        read(given)


def test_in_strict_mode_only_what_fits_is_accepted() -> None:
    assert read(body(input=[{"role": "user", "content": "Hi"}]), strict=True).dropped == ()
    with pytest.raises(InvalidRequestError) as raised:
        read(body(seed=1), strict=True)

    assert raised.value.param == "seed"


@pytest.mark.parametrize("tool", [{"type": "mcp"}, {"type": "namespace", "name": "x", "tools": [{"type": "shell"}]}])
def test_hosted_tools_are_what_is_not_supported(tool: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read(body(tools=[tool]))

    assert raised.value.code == "unsupported_parameter"
