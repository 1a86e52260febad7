"""What a Responses request says and asks, in the core's words."""

import base64
from typing import Any

import pytest

from lambdas.api.dialects.responses.thoughts import Notes, Thinking, sealed
from lambdas.chat.conversation import AnyJson, DocumentSearch, JsonOf, NamedTool
from lambdas.common.errors import InvalidRequestError, NotFoundError
from tests.lambdas.api.dialects.responses.asking import PATCH, WEATHER, asked, request

PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n...").decode()
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "weather", "arguments": '{"city": "Bonn"}'}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "Rain"}


def test_a_text_is_what_the_user_says_and_instructions_are_the_systems() -> None:
    conversation = asked("How deep?", instructions="Be brief.").conversation

    assert conversation.alias == "fast"
    assert conversation.spoken.system == [{"text": "Be brief."}]
    assert conversation.spoken.turns == [{"role": "user", "content": [{"text": "How deep?"}]}]


def test_instructions_may_stand_anywhere() -> None:
    spoken = asked(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "developer", "content": [{"type": "input_text", "text": "Be kind."}]},
        ],
        instructions="First.",
    ).conversation.spoken

    assert [block["text"] for block in spoken.system] == ["First.", "Be brief.", "Be kind."]
    assert spoken.turns == [{"role": "user", "content": [{"text": "Hi"}]}]


def test_what_the_model_made_in_a_row_is_one_turn_of_its_own() -> None:
    thought = sealed(Thinking(text="Look it up.", signature="sig"))
    spoken = asked(
        [
            {"role": "user", "content": "Weather?"},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": thought},
            {"role": "assistant", "content": [{"type": "output_text", "text": "A moment.", "annotations": []}]},
            CALL,
            {**CALL, "call_id": "c2"},
            RESULT,
            {**RESULT, "call_id": "c2", "output": [{"type": "input_text", "text": "Sun"}]},
        ],
        tools=[WEATHER],
    ).conversation.spoken

    use = {"name": "weather", "input": {"city": "Bonn"}}
    assert spoken.turns[1] == {
        "role": "assistant",
        "content": [
            {"reasoningContent": {"reasoningText": {"text": "Look it up.", "signature": "sig"}}},
            {"text": "A moment."},
            {"toolUse": {"toolUseId": "c1", **use}},
            {"toolUse": {"toolUseId": "c2", **use}},
        ],
    }
    assert spoken.turns[2]["content"] == [
        {"toolResult": {"toolUseId": "c1", "content": [{"text": "Rain"}]}},
        {"toolResult": {"toolUseId": "c2", "content": [{"text": "Sun"}]}},
    ]


@pytest.mark.parametrize(
    "content",
    [None, "", "abc", "qr1.%%%", "qr1.", "qr1.e30=", sealed(Thinking(text="x")), sealed(Notes("x"))],
)
def test_thoughts_that_cannot_be_given_back_are_left_out(content: str | None) -> None:
    spoken = asked(
        [{"type": "reasoning", "summary": [], "encrypted_content": content}, {"role": "user", "content": "Hi"}]
    ).conversation.spoken

    assert spoken.turns == [{"role": "user", "content": [{"text": "Hi"}]}]


def test_redacted_thoughts_come_back_as_they_were() -> None:
    item = {"type": "reasoning", "encrypted_content": sealed(Thinking(redacted=b"\x00\xff"))}
    spoken = asked([{"role": "user", "content": "Weather?"}, item, CALL, RESULT], tools=[WEATHER]).conversation.spoken

    assert spoken.turns[1]["content"][0] == {"reasoningContent": {"redactedContent": b"\x00\xff"}}


def test_images_and_files_are_blocks() -> None:
    pdf = base64.b64encode(b"%PDF-1").decode()
    (turn,) = asked(
        [
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": PNG, "detail": "auto"},
                    {"type": "input_image", "image_url": {"url": PNG}},
                    {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{pdf}"},
                ],
            }
        ]
    ).conversation.spoken.turns

    assert sorted(next(iter(block)) for block in turn["content"]) == ["document", "image", "image", "text"]


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "input_image", "file_id": "file-1"}, "file_id"),
        ({"type": "input_image", "image_url": "https://example.com/a.png"}, "image_url"),
        ({"type": "input_image"}, "image_url"),
        ({"type": "input_file", "file_url": "https://example.com/a.pdf"}, "file_url"),
        ({"type": "input_file", "file_id": "file-1"}, "file_id"),
        ({"type": "input_file", "file_data": "%%"}, "file_data"),
    ],
)
def test_what_is_not_in_the_request_is_not_fetched(part: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        asked([{"role": "user", "content": [{"type": "input_text", "text": "See"}, part]}])

    assert raised.value.param == f"input[0].content[1].{param}"


def test_instructions_have_no_images() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        asked([{"role": "system", "content": [{"type": "input_image", "image_url": PNG}]}])

    assert raised.value.param == "input[0].content[0]"


@pytest.mark.parametrize(
    ("items", "param"),
    [
        ([RESULT], "input[0].call_id"),
        ([{"role": "user", "content": "Hi"}, CALL], "input[1].call_id"),
        ([{"role": "user", "content": "Hi"}, CALL, {"role": "user", "content": "And?"}], "input[1].call_id"),
        ([{"role": "user", "content": " "}], "input"),
        ([], "input"),
    ],
)
def test_what_makes_no_conversation_is_refused_by_the_callers_names(items: list[Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        asked(items, tools=[WEATHER])

    assert raised.value.param == param


def test_a_result_may_answer_a_call_of_a_stored_response() -> None:
    spoken = asked([RESULT], previous_response_id="resp_1", tools=[WEATHER]).conversation.spoken

    assert [one.call for one in spoken.answering] == ["c1"]


def test_references_are_looked_up() -> None:
    items = [
        {"role": "user", "content": "Weather?"},
        {"type": "item_reference", "id": "rs_1"},
        {"id": "fc_1"},
        RESULT,
    ]
    stored = {
        "rs_1": {"type": "reasoning", "id": "rs_1", "encrypted_content": sealed(Thinking(text="a", signature="b"))},
        "fc_1": CALL,
    }

    spoken = asked(items, stored=stored, tools=[WEATHER]).conversation.spoken

    assert [next(iter(block)) for block in spoken.turns[1]["content"]] == ["reasoningContent", "toolUse"]


def test_of_references_to_nothing_only_thoughts_can_be_done_without() -> None:
    items = [{"role": "user", "content": "Hi"}, {"id": "rs_1"}, {"role": "assistant", "content": "Ho"}]
    found = asked([*items, {"role": "user", "content": "And?"}])
    assert found.dropped == ("input[]",)

    with pytest.raises(NotFoundError) as raised:
        asked([{"role": "user", "content": "Hi"}, {"id": "msg_1"}])
    assert raised.value.param == "input[1].id"


def test_a_compaction_is_what_was_said_before() -> None:
    spoken = asked(
        [
            {"type": "compaction", "encrypted_content": sealed(Notes("- The pit is 3 m deep."))},
            {"role": "user", "content": "And now?"},
        ]
    ).conversation.spoken

    assert "- The pit is 3 m deep." in spoken.system[0]["text"]
    with pytest.raises(InvalidRequestError) as raised:
        asked([{"type": "compaction", "encrypted_content": "gAAA"}])
    assert raised.value.param == "input[0].encrypted_content"


def test_tools_of_all_kinds_are_offered_under_names_that_bedrock_takes() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}
    found = asked(
        tools=[
            WEATHER,
            {**PATCH, "format": grammar},
            {"type": "namespace", "name": "agents", "tools": [{**WEATHER, "name": "spawn"}]},
            {"type": "web_search"},
        ]
    )

    specs = [spec["toolSpec"] for spec in found.conversation.toolbox.specs]
    assert [spec["name"] for spec in specs] == ["weather", "apply_patch", "agents__spawn"]
    assert specs[1]["description"] == "Edit files\n\nThe input is text of this grammar (lark):\nstart: WORD"
    assert specs[1]["inputSchema"]["json"]["properties"] == {"input": {"type": "string"}}
    assert found.dropped == ("tools",)


def test_calls_of_custom_and_grouped_tools_come_back_as_they_were_made() -> None:
    spoken = asked(
        [
            {"role": "user", "content": "Edit"},
            {"type": "custom_tool_call", "call_id": "c1", "name": "apply_patch", "input": "*** Begin"},
            {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
            {**CALL, "call_id": "c2", "name": "spawn", "namespace": "agents"},
            {**RESULT, "call_id": "c2"},
        ],
        tools=[PATCH, {"type": "namespace", "name": "agents", "tools": [{**WEATHER, "name": "spawn"}]}],
    ).conversation.spoken

    assert spoken.turns[1]["content"][0]["toolUse"]["input"] == {"input": "*** Begin"}
    assert spoken.turns[3]["content"][0]["toolUse"]["name"] == "agents__spawn"


ONLY_PATCH = [{"type": "custom", "name": "apply_patch"}]


@pytest.mark.parametrize(
    ("choice", "wanted", "offered"),
    [
        (None, "auto", 2),
        ("none", "none", 2),
        ("required", "required", 2),
        ({"type": "function", "name": "weather"}, NamedTool("weather"), 2),
        ({"type": "custom", "name": "apply_patch"}, NamedTool("apply_patch"), 2),
        ({"type": "allowed_tools", "mode": "required", "tools": ONLY_PATCH}, "required", 1),
        ({"type": "allowed_tools", "mode": "auto", "tools": []}, "auto", 0),
    ],
)
def test_tools_are_chosen_by_the_callers_names(choice: Any, wanted: Any, offered: int) -> None:
    found = asked(tools=[WEATHER, PATCH], tool_choice=choice)

    assert found.conversation.tool_choice == wanted
    assert len(found.conversation.toolbox.specs) == offered


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"tools": [WEATHER, WEATHER]}, "tools"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "name": "dig"}}, "tool_choice.name"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "file_search"}}, "tool_choice"),
        (
            {"tools": [WEATHER], "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": []}},
            "tool_choice.tools",
        ),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ],
)
def test_tools_that_contradict_each_other_are_refused(members: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        asked(**members)

    assert raised.value.param == param


def test_a_file_search_asks_the_documents() -> None:
    filters = {
        "type": "or",
        "filters": [
            {"type": "eq", "key": "department", "value": "it"},
            {"type": "and", "filters": [{"type": "gte", "key": "year", "value": 2024}]},
            {"type": "nin", "key": "year", "value": [2020]},
        ],
    }
    search = {"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 3, "filters": filters}

    assert asked(tools=[search]).conversation.documents == DocumentSearch(
        filter={
            "any": [{"department": {"eq": "it"}}, {"all": [{"year": {"gte": 2024}}]}, {"year": {"not_in": [2020]}}]
        },
        results=3,
    )
    assert asked(tools=[search], tool_choice="none").conversation.documents is None
    assert asked(tools=[search], tool_choice="required").conversation.documents is not None
    assert asked(quarry={"knowledge": {}}).conversation.documents == DocumentSearch()


@pytest.mark.parametrize(
    "filters",
    [{"year": 2024}, {"type": "eq", "key": "year"}, {"type": "like", "key": "a", "value": 1}, {"type": "and"}],
)
def test_other_filters_are_refused(filters: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        asked(tools=[{"type": "file_search", "filters": filters}])

    assert raised.value.param == "tools"


def test_the_form_of_the_answer_and_how_it_is_sampled() -> None:
    schema = {"type": "object", "properties": {"depth": {"type": "number"}}}
    conversation = asked(
        text={"format": {"type": "json_schema", "name": "depth", "schema": schema, "strict": True}},
        temperature=0.2,
        top_p=0.9,
        max_output_tokens=50,
        parallel_tool_calls=False,
        reasoning={"effort": "high", "summary": "auto"},
        metadata={"team": "geology"},
        user="ann",
        quarry={"top_k": 5, "guardrail_trace": True},
    ).conversation

    assert conversation.answer == JsonOf(name="depth", schema=schema)
    assert (conversation.temperature, conversation.top_p, conversation.max_tokens) == (0.2, 0.9, 50)
    assert conversation.parallel_tool_calls is False
    assert conversation.reasoning is not None
    assert conversation.reasoning.effort == "high"
    assert conversation.labels == {"team": "geology", "user": "ann"}
    assert (conversation.top_k, conversation.guardrail_trace) == (5, True)
    assert conversation.named("max_tokens") == "max_output_tokens"
    assert asked(text={"format": {"type": "json_object"}}).conversation.answer == AnyJson()


def test_labels_are_fitted_and_named_and_told_again_as_they_were() -> None:
    found = asked(metadata={"team": "géologie!"}, user="ann!")

    assert found.conversation.labels == {"team": "geologie_", "user": "ann_"}
    assert found.dropped == ("user", "metadata")
    assert request(metadata={"team": "géologie!"}).metadata == {"team": "géologie!"}


@pytest.mark.parametrize(
    ("include", "dropped"),
    [
        (["reasoning.encrypted_content", "file_search_call.results"], ()),
        (["reasoning.encrypted_content", "message.output_text.logprobs"], ("include",)),
        (["web_search_call.action.sources"], ("include",)),
        (["nonsense"], ("include",)),
    ],
)
def test_what_is_to_be_told_besides_and_cannot_be_is_named(include: list[str], dropped: tuple[str, ...]) -> None:
    assert asked("Hello", include=include).dropped == dropped
