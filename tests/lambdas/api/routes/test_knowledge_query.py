"""Questions of ``POST /v1/knowledge/query`` as chat requests, and completions as answers."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from lambdas.api.dialects.chat.conversation import to_conversation
from lambdas.api.dialects.chat.messages import UserMessage
from lambdas.api.routes import knowledge_query
from lambdas.chat.conversation import Conversation
from lambdas.common.caller import Caller
from lambdas.common.errors import ApiError, InvalidRequestError
from lambdas.exchange.streamed_exchange import StreamedExchange
from lambdas.knowledge.citations import NOT_IN_DOCUMENTS
from tests.lambdas.chatting import frames
from tests.lambdas.fakes import KNOWLEDGE, client_error, converse_reply, stream_events
from tests.lambdas.knowledge.fakes import WEAK, FakeRetrieve
from tests.lambdas.stores import desk

CALLER = Caller(key_id="key_1")


def parse(**body: Any) -> Any:
    return knowledge_query.parse(json.dumps({"question": "Which class?", **body}).encode(), KNOWLEDGE).body


def asked(**body: Any) -> Conversation:
    return to_conversation(parse(**body))


def events(exchange: StreamedExchange) -> Iterator[dict[str, Any]]:
    """Yield the events as the caller reads them."""
    table = knowledge_query.AnswerTable(exchange.model)
    for event in exchange:
        yield from frames(table.told(event))


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
        completion = at.exchanges.complete(asked(), CALLER).completion
        answer = json.loads(msgspec.json.encode(knowledge_query.to_answer(completion)))

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
        exchange = at.exchanges.stream(asked(), CALLER)
        *pieces, last = events(exchange)
        exchange.close()

    assert [(piece["object"], piece["delta"]) for piece in pieces] == [
        ("knowledge.answer.chunk", "Second "),
        ("knowledge.answer.chunk", "class [1]."),
    ]
    assert {piece["id"] for piece in pieces} == {last["id"]}
    assert (last["object"], last["answer"], last["answered"]) == ("knowledge.answer", "Second class [1].", True)
    assert [citation["document"] for citation in last["citations"]] == ["travel.md"]
    assert last["usage"]["completion_tokens"] == 2
    assert (last["answered_by"], last["micro_dollars"]) == ("amazon.nova-micro-v1:0", 1)


def test_a_stream_without_passages_says_so() -> None:
    with desk(converse_reply(), documents=FakeRetrieve([WEAK])) as at:
        piece, last = events(at.exchanges.stream(asked(), CALLER))

    assert piece["delta"] == last["answer"] == NOT_IN_DOCUMENTS
    assert (last["answered"], last["citations"]) == (False, [])


def test_a_stream_that_fails_has_no_answer_at_its_end() -> None:
    with desk([*stream_events("An ")[:2], client_error("modelStreamErrorException")]) as at:
        exchange = at.exchanges.stream(asked(), CALLER)
        sent: list[dict[str, Any]] = []
        with pytest.raises(ApiError):
            sent.extend(events(exchange))
        exchange.close()

    assert [event["object"] for event in sent] in ([], ["knowledge.answer.chunk"])


def test_an_answer_that_could_not_be_stored_says_so() -> None:
    with desk(stream_events("Second class [1]."), stream_events("First.")) as at:
        session = at.sessions.create("key_1").session_id
        exchange = at.exchanges.stream(asked(session=session), CALLER)
        other = at.exchanges.stream(asked(session=session), CALLER)
        list(other)

        sent = events(exchange)
        assert next(sent)["delta"] == "Second class [1]."
        whole = next(sent)
        assert (whole["object"], whole["answer"]) == ("knowledge.answer", "Second class [1].")
        assert whole["not_recorded"] == {"turn": "session_conflict"}
        assert list(sent) == []
        exchange.close()
