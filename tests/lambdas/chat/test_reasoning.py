"""How each family is asked to reason, held against what it refuses."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from lambdas.chat.blocks import thought
from lambdas.chat.candidates import Candidate
from lambdas.chat.conversation import Conversation, Reasoning
from lambdas.chat.converse import to_converse
from lambdas.chat.reasoning import with_reasoning
from lambdas.common.errors import InvalidRequestError
from sandbox.model import catalogue, rules
from sandbox.model.errors import AwsError
from sandbox.model.thinking import block
from tests.lambdas.chatting import parse
from tests.lambdas.fakes import HAIKU, NOVA_MICRO

BUDGET = Candidate.of(HAIKU)
ADAPTIVE = Candidate.of("us.anthropic.claude-sonnet-5")
BOTH = Candidate.of("us.anthropic.claude-sonnet-4-6")
NOVA = Candidate.of("us.amazon.nova-2-lite-v1:0")
GPT = Candidate.of("openai.gpt-oss-20b-1:0")
MICRO = Candidate.of(NOVA_MICRO)
TOOL = {"type": "function", "function": {"name": "dig"}}
EFFORT = Reasoning(effort="high", told=True)


def asked(reasoning: Reasoning | None = EFFORT, **fields: Any) -> Conversation:
    body = {"model": "smart", "max_tokens": 4_000, "messages": [{"role": "user", "content": "How deep?"}], **fields}
    return replace(parse(json.dumps(body).encode()), reasoning=reasoning)


def sent(conversation: Conversation, candidate: Candidate) -> tuple[dict[str, Any], list[str]]:
    """Return what a candidate is sent, which it takes, and the fields that gave way."""
    arguments = to_converse(conversation, candidate, conversation.spoken)
    given_up = with_reasoning(arguments, conversation, candidate)
    rules.check(arguments, catalogue.models()[candidate.base_model_id])
    return arguments, given_up


@pytest.mark.parametrize(
    ("candidate", "fields", "effort"),
    [
        (BUDGET, {"thinking": {"type": "enabled", "budget_tokens": 3_200}}, None),
        (ADAPTIVE, {"thinking": {"type": "adaptive", "display": "summarized"}}, "high"),
        (BOTH, {"thinking": {"type": "adaptive", "display": "summarized"}}, "high"),
        (GPT, {"reasoning_effort": "high"}, None),
    ],
)
def test_each_family_is_asked_in_its_own_words(candidate: Candidate, fields: Any, effort: str | None) -> None:
    arguments, given_up = sent(asked(), candidate)

    assert arguments["additionalModelRequestFields"] == fields
    assert arguments.get("outputConfig", {}).get("effort") == effort
    assert given_up == []


def test_novas_high_effort_would_be_of_any_length_so_it_is_medium_and_said() -> None:
    arguments, given_up = sent(asked(), NOVA)

    config = {"type": "enabled", "maxReasoningEffort": "medium"}
    assert (arguments["additionalModelRequestFields"], given_up) == ({"reasoningConfig": config}, ["reasoning"])
    high = {**arguments, "additionalModelRequestFields": {"reasoningConfig": {**config, "maxReasoningEffort": "high"}}}
    with pytest.raises(AwsError, match="maxTokens must be unset"):
        rules.check(high, catalogue.models()[NOVA.base_model_id])


@pytest.mark.parametrize("reasoning", [None, Reasoning(told=True)])
@pytest.mark.parametrize("candidate", [BUDGET, ADAPTIVE, BOTH, NOVA, GPT, MICRO])
def test_who_is_not_asked_to_reason_is_sent_nothing_about_it(candidate: Candidate, reasoning: Reasoning | None) -> None:
    arguments, given_up = sent(asked(reasoning), candidate)

    assert {"additionalModelRequestFields", "outputConfig"}.isdisjoint(arguments)
    assert given_up == []


def test_who_cannot_reason_is_not_asked_to_and_sees_no_thoughts() -> None:
    conversation = asked()
    turns = [
        *conversation.spoken.turns,
        {"role": "assistant", "content": [thought("Hm.", "sig"), {"text": "Deep."}]},
        {"role": "user", "content": [{"text": "Really?"}]},
    ]
    arguments, given_up = sent(replace(conversation, spoken=replace(conversation.spoken, turns=turns)), MICRO)

    assert given_up == ["reasoning"]
    assert arguments["messages"][1]["content"] == [{"text": "Deep."}]
    assert len(turns[1]["content"]) == 2


@pytest.mark.parametrize(
    ("candidate", "budget", "put"), [(BUDGET, 1_024, 1_024), (ADAPTIVE, 3_000, "high"), (GPT, 500, "low")]
)
def test_a_budget_is_one_or_the_nearest_effort(candidate: Candidate, budget: int, put: Any) -> None:
    arguments, _ = sent(asked(Reasoning(budget=budget)), candidate)

    fields = arguments["additionalModelRequestFields"]
    effort = fields.get("reasoning_effort") or arguments.get("outputConfig", {}).get("effort")
    assert put == (effort or fields["thinking"]["budget_tokens"])
    assert "summarized" not in str(fields)


@pytest.mark.parametrize("budget", [1_023, 4_000])
def test_a_budget_that_no_model_takes_is_refused_by_its_name(budget: int) -> None:
    with pytest.raises(InvalidRequestError, match="at least 1,024 tokens") as refused:
        sent(asked(Reasoning(budget=budget)), BUDGET)

    assert refused.value.param == "reasoning_effort"


@pytest.mark.parametrize("candidate", [BUDGET, BOTH])
def test_sampling_gives_way_and_is_named(candidate: Candidate) -> None:
    arguments, given_up = sent(asked(temperature=0.5, quarry={"top_k": 9}), candidate)

    assert given_up == ["temperature", "top_k"]
    assert "temperature" not in arguments["inferenceConfig"]


@pytest.mark.parametrize("candidate", [BUDGET, BOTH])
@pytest.mark.parametrize(
    "fields", [{"tools": [TOOL], "tool_choice": "required"}, {"response_format": {"type": "json_schema",
     "json_schema": {"name": "x", "schema": {"type": "object"}}}}],
)  # fmt: skip
def test_reasoning_gives_way_where_a_tool_is_forced(candidate: Candidate, fields: Any) -> None:
    arguments, given_up = sent(asked(temperature=0.5, **fields), candidate)

    assert given_up == ["reasoning"]
    assert arguments["inferenceConfig"]["temperature"] == 0.5


def test_reasoning_gives_way_where_the_answer_may_not_be_long_enough() -> None:
    assert sent(asked(max_tokens=1_024), BUDGET)[1] == ["reasoning"]


@pytest.mark.parametrize("thinks", [False, True])
@pytest.mark.parametrize("candidate", [BUDGET, BOTH])
def test_a_loop_of_tools_goes_on_thinking_only_where_its_thoughts_came_back(candidate: Candidate, thinks: bool) -> None:
    """Clients of chat completions do not send them; with adaptive thinking they may be missing."""
    call = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "dig", "arguments": "{}"}}]}
    answer = {"role": "tool", "tool_call_id": "c1", "content": "deep"}
    messages = [{"role": "user", "content": "How deep?"}, call, answer]
    conversation = asked(messages=messages, tools=[TOOL])
    if thinks:
        signed = block("Hm.", catalogue.models()[candidate.base_model_id])
        conversation.spoken.turns[1]["content"].insert(0, signed)

    given_up = sent(conversation, candidate)[1]

    assert given_up == (["reasoning"] if candidate is BUDGET and not thinks else [])


def test_thoughts_that_were_changed_are_refused_by_claude() -> None:
    said = asked()
    signed = block("Hm.", catalogue.models()[BUDGET.base_model_id])
    signed["reasoningContent"]["reasoningText"]["text"] = "Hm!"
    turns = [*said.spoken.turns, {"role": "assistant", "content": [signed, {"text": "x"}]}, *said.spoken.turns]

    with pytest.raises(AwsError, match="Invalid `signature` in `thinking` block"):
        sent(replace(said, spoken=replace(said.spoken, turns=turns)), BUDGET)


@pytest.mark.parametrize(
    ("candidate", "taken"), [(NOVA, True), (BUDGET, False), (ADAPTIVE, False), (GPT, False), (MICRO, False)]
)
def test_thoughts_that_nobody_signed_go_back_to_who_takes_them(candidate: Candidate, taken: bool) -> None:
    said = {"role": "assistant", "content": "Deep.", "reasoning_content": "It is a quarry."}
    asks = {"role": "user", "content": "How deep?"}

    arguments, _ = sent(asked(None, messages=[asks, said, asks]), candidate)

    unsigned = {"reasoningContent": {"reasoningText": {"text": "It is a quarry."}}}
    assert arguments["messages"][1]["content"] == [*([unsigned] if taken else []), {"text": "Deep."}]
