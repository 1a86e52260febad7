"""Whole answers of the Messages API."""

import json
from typing import Any

import msgspec
import pytest

from lambdas.api.dialects.messages import thoughts
from lambdas.api.dialects.messages.answer import answer
from lambdas.api.dialects.messages.wire import DIALECT, TYPES
from lambdas.chat.candidates import Candidate
from lambdas.chat.told import Answered, Called, Completion, Text, Thought, ToldBlock
from lambdas.common import errors
from lambdas.common.errors import ApiError

MODEL = "amazon.nova-micro-v1:0"
WHO = Answered(alias="smart", candidate=Candidate(MODEL, MODEL, "in_region"), fallbacks=0)


def told(
    *blocks: ToldBlock, stop_reason: str = "end_turn", omits: bool = False, stops: tuple[str, ...] = (), **members: Any
) -> Any:
    usage = {"inputTokens": 7, "outputTokens": 3, "cacheReadInputTokens": 5, "cacheWriteInputTokens": 2}
    completion = Completion(
        answered=WHO, model="smart", blocks=blocks, stop_reason=stop_reason, usage=usage, message={}, **members
    )
    return json.loads(msgspec.json.encode(answer(completion, omits_thoughts=omits, stops=stops)))


def test_an_answer_has_every_member_that_anthropics_has() -> None:
    found = told(Text("Hello."), reasoning_tokens=1)

    assert found.pop("id").startswith("msg_")
    assert found == {
        "type": "message",
        "role": "assistant",
        "model": "smart",
        "content": [{"type": "text", "text": "Hello."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "stop_details": None,
        "usage": {
            "input_tokens": 7,
            "output_tokens": 3,
            "cache_creation_input_tokens": 2,
            "cache_read_input_tokens": 5,
            "output_tokens_details": {"thinking_tokens": 1},
            "service_tier": "standard",
        },
    }


def test_calls_and_thoughts_are_blocks() -> None:
    blocks = (
        Thought("Hm.", "EqQB"),
        Thought("Unsigned."),
        Thought(redacted=b"\x00"),
        Called("toolu_1", "look", {"at": [1, None]}),
    )

    thought, unsigned, redacted, called = told(*blocks, stop_reason="tool_use")["content"]

    assert thought == {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"}
    assert unsigned == {"type": "thinking", "thinking": "Unsigned.", "signature": ""}
    assert redacted == {"type": "redacted_thinking", "data": "AA=="}
    assert called == {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": [1, None]}}


def test_a_thought_that_is_to_be_omitted_goes_sealed_and_comes_back_whole() -> None:
    (block,) = told(Thought("Hm.", "EqQB"), omits=True)["content"]

    assert block["thinking"] == ""
    assert thoughts.opened("", block["signature"], param="x") == [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "EqQB"}}}
    ]


@pytest.mark.parametrize(
    ("converse", "blocks", "wanted"),
    [
        ("end_turn", (), "end_turn"),
        ("max_tokens", (), "max_tokens"),
        ("model_context_window_exceeded", (), "model_context_window_exceeded"),
        ("tool_use", (Called("t", "look", {}),), "tool_use"),
        # Given by the tool for JSON.
        ("tool_use", (Text("{}"),), "end_turn"),
        ("guardrail_intervened", (Text("No."),), "refusal"),
        ("content_filtered", (), "refusal"),
        ("something_new", (), "end_turn"),
    ],
)
def test_why_it_ended_is_told_in_anthropics_words(converse: str, blocks: tuple[ToldBlock, ...], wanted: str) -> None:
    found = told(*blocks, stop_reason=converse)

    assert found["stop_reason"] == wanted
    assert (found["stop_details"] is not None) is (wanted == "refusal")
    if wanted == "refusal":
        assert found["stop_details"]["type"] == "refusal"


@pytest.mark.parametrize(("stops", "wanted"), [(("END",), "END"), (("END", "STOP"), None)])
def test_the_text_that_ended_it_is_told_where_it_can_be_no_other(stops: tuple[str, ...], wanted: str | None) -> None:
    found = told(Text("x"), stop_reason="stop_sequence", stops=stops)

    assert (found["stop_reason"], found["stop_sequence"]) == ("stop_sequence", wanted)
    assert told(Text("x"), stops=stops)["stop_sequence"] is None


def test_what_anthropic_has_no_word_for_stands_apart() -> None:
    assert told(Text("x"), quarry={"answered": True})["quarry"] == {"answered": True}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.InvalidRequestError("No.", param="model"), "invalid_request_error"),
        (errors.AuthenticationError("No."), "authentication_error"),
        (errors.PermissionDeniedError("No."), "permission_error"),
        (errors.NotFoundError("No."), "not_found_error"),
        (errors.MethodNotAllowedError("No.", allowed=("POST",)), "invalid_request_error"),
        (errors.ConflictError("No."), "conflict_error"),
        (errors.RequestTooLargeError("No."), "request_too_large"),
        (errors.RateLimitError("No."), "rate_limit_error"),
        (errors.InternalError("No."), "api_error"),
        (errors.UpstreamError("No."), "api_error"),
        (errors.UnavailableError("No."), "overloaded_error"),
        (errors.UpstreamTimeoutError("No."), "timeout_error"),
    ],
)
def test_errors_have_anthropics_shape(error: ApiError, kind: str) -> None:
    found = DIALECT.error(error, request_id="r-1")

    assert found == {
        "type": "error",
        "error": {"type": kind, "message": "No.", "param": error.param, "code": error.code},
        "request_id": "r-1",
    }
    name, data = DIALECT.broken(error, request_id="r-1").decode().split("\n", 1)
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: ")) == found


def test_every_kind_of_error_has_a_type() -> None:
    statuses = {one.status for one in ApiError.__subclasses__()}

    assert set(TYPES) | {500, 502} == statuses
