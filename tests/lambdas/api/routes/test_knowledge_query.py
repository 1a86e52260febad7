"""Questions of ``POST /v1/knowledge/query`` as chat requests, and completions as answers."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from lambdas.api.routes import knowledge_query
from lambdas.chat.messages import UserMessage
from lambdas.common.caller import Caller
from lambdas.common.errors import ApiError, InvalidRequestError
from lambdas.knowledge.citations import NOT_IN_DOCUMENTS
from tests.lambdas.fakes import KNOWLEDGE, client_error, converse_reply, stream_events
from tests.lambdas.knowledge.fakes import WEAK, FakeRetrieve
from tests.lambdas.stores import desk

CALLER = Caller(key_id="key_1")


def parse(**body: Any) -> Any:
    return knowledge_query.parse(json.dumps({"question": "Which class?", **body}).encode(), KNOWLEDGE).body


def told(shaped: Struct) -> dict[str, Any]:
    """Return an answer or an event as the caller reads it."""
    read: dict[str, Any] = json.loads(msgspec.json.encode(shaped))
    return read


def test_a_question_is_a_chat_request() -> None:
    asked = parse(
        model="smart",
        filter={"year": 2024},
        results=3,
        session="sess_1",
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=200,
        temperature=0.5,
    )

    assert (asked.model, asked.max_tokens, asked.temperature, asked.stream) == ("smart", 200, 0.5, True)
    assert asked.messages == [UserMessage(content="Which class?")]
    assert asked.quarry.session == "sess_1"
    assert (asked.quarry.knowledge.filter, asked.quarry.knowledge.results) == ({"year": 2024}, 3)


def test_the_environments_alias_answers_unless_another_is_named() -> None:
    assert parse().model == KNOWLEDGE.alias


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"question": " "}, "question"),
        ({"question": "x" * 1_001}, "question"),
        ({"question": None}, "question"),
        ({"results": 0}, "results"),
        ({"results": 101}, "results"),
        ({"filter": []}, "filter"),
        ({"filter": {"colour": "red"}}, "filter.colour"),
        ({"filter": {"year": {"gte": "2024"}}}, "filter.year.gte"),
        ({"temperature": 2.1}, "temperature"),
        ({"messages": ["x"]}, "messages"),
    ],
)
def test_what_is_wrong_is_named_as_the_caller_has_it(body: Any, param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        parse(**body)

    assert refused.value.param == param


def test_a_missing_question_is_named() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        knowledge_query.parse(b"{}", KNOWLEDGE)

    assert refused.value.param == "question"


def test_a_whole_answer() -> None:
    with desk(converse_reply("Second class [1].")) as at:
        completion = at.exchanges.complete(parse(), CALLER).completion
        answer = told(knowledge_query.to_answer(completion.body))

    assert list(answer) == [
        "object", "id", "created", "model", "answer", "answered", "finish_reason", "search_query", "citations", "usage"
    ]  # fmt: skip
    assert (answer["object"], answer["answer"]) == ("knowledge.answer", "Second class [1].")
    assert answer["model"] == "fast"
    assert answer["citations"] == [
        {
            "document": "travel.md",
            "location": "s3://data-bucket/documents/travel.md",
            "passage": "Trains are booked in second class.",
            "score": 0.8,
            "metadata": {"department": "Finance", "year": 2025},
            "number": 1,
        }
    ]
    assert answer["usage"]["total_tokens"] == 11


def test_a_streams_last_event_is_the_whole_answer() -> None:
    with desk(stream_events("Second ", "class [1].")) as at:
        exchange = at.exchanges.stream(parse(), CALLER)
        *pieces, last = map(told, knowledge_query.events(exchange))
        exchange.close()

    assert [(piece["object"], piece["delta"]) for piece in pieces] == [
        ("knowledge.answer.chunk", "Second "),
        ("knowledge.answer.chunk", "class [1]."),
    ]
    assert {piece["id"] for piece in pieces} == {last["id"]}
    assert (last["object"], last["answer"], last["answered"]) == ("knowledge.answer", "Second class [1].", True)
    assert [citation["document"] for citation in last["citations"]] == ["travel.md"]
    assert last["usage"]["completion_tokens"] == 2


def test_a_stream_without_passages_says_so() -> None:
    with desk(converse_reply(), documents=FakeRetrieve([WEAK])) as at:
        piece, last = map(told, knowledge_query.events(at.exchanges.stream(parse(), CALLER)))

    assert piece["delta"] == last["answer"] == NOT_IN_DOCUMENTS
    assert (last["answered"], last["citations"]) == (False, [])


def test_a_stream_that_fails_has_no_answer_at_its_end() -> None:
    with desk([*stream_events("An ")[:2], client_error("modelStreamErrorException")]) as at:
        exchange = at.exchanges.stream(parse(), CALLER)
        events: list[dict[str, Any]] = []
        with pytest.raises(ApiError):
            events.extend(map(told, knowledge_query.events(exchange)))
        exchange.close()

    assert [event["object"] for event in events] in ([], ["knowledge.answer.chunk"])


def test_an_answer_that_could_not_be_stored_says_so() -> None:
    with desk(stream_events("Second class [1]."), stream_events("First.")) as at:
        session = at.sessions.create("key_1").session_id
        exchange = at.exchanges.stream(parse(session=session), CALLER)
        other = at.exchanges.stream(parse(session=session), CALLER)
        list(other)

        events = map(told, knowledge_query.events(exchange))
        assert next(events)["delta"] == "Second class [1]."
        whole = next(events)
        assert (whole["object"], whole["answer"]) == ("knowledge.answer", "Second class [1].")
        assert whole["not_recorded"] == {"turn": "session_conflict"}
        assert list(events) == []
        exchange.close()
