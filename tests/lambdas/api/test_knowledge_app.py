"""``POST /v1/knowledge/query`` and the extension of chat, as the Lambda Web Adapter calls them."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from lambdas.api import app as module
from lambdas.api import composition
from lambdas.api.composition import knowledge
from lambdas.knowledge.citations import NOT_IN_DOCUMENTS
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.emitted import emitted
from tests.lambdas.fakes import SETTINGS, client_error, converse_reply, stream_events
from tests.lambdas.knowledge.fakes import WEAK, FakeRetrieve, retrieve_error

CONTEXT = events.load("chat_completion")["requestContext"]
CITED = "Second class [1]."


def post(path: str, body: Any) -> Any:
    headers = {b"x-amzn-request-context": json.dumps(CONTEXT).encode()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return TestClient(module.app).post(path, content=content, headers=headers)


def query(**fields: Any) -> Any:
    return post("/v1/knowledge/query", {"question": "Which class?", **fields})


def chat(**fields: Any) -> Any:
    messages = [{"role": "user", "content": "Which class?"}]
    return post("/v1/chat/completions", {"model": "fast", "messages": messages, "quarry": {"knowledge": {}}, **fields})


def sent(response: Any) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def test_a_question_is_answered_whole(serve: Serve) -> None:
    serve(converse_reply(CITED))

    response = query()

    assert response.status_code == 200
    assert (response.json()["answer"], response.json()["answered"]) == (CITED, True)
    assert response.json()["citations"][0]["document"] == "travel.md"
    assert response.headers["x-quarry-model"] == "amazon.nova-micro-v1:0"
    assert response.headers["x-request-id"] == CONTEXT["requestId"]


def test_a_question_is_answered_as_events(serve: Serve) -> None:
    serve(stream_events("Second ", "class [1]."))

    *pieces, last, done = sent(query(stream=True))

    assert "".join(piece["delta"] for piece in pieces) == last["answer"] == CITED
    assert (last["object"], last["finish_reason"], last["usage"]["total_tokens"]) == ("knowledge.answer", "stop", 9)
    assert done == "[DONE]"


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_not_in_the_documents_is_said_in_both_shapes(serve: Serve, stream: bool) -> None:
    made = serve(client_error("AccessDeniedException"), documents=FakeRetrieve([WEAK]))

    asked, chatted = query(stream=stream), chat(stream=stream)

    assert (asked.status_code, chatted.status_code) == (200, 200)
    last = sent(asked)[-2] if stream else asked.json()
    assert (last["answer"], last["answered"], last["citations"]) == (NOT_IN_DOCUMENTS, False, [])
    told = sent(chatted)[-2] if stream else chatted.json()
    assert (told["quarry"]["answered"], told["choices"][0]["finish_reason"]) == (False, "stop")
    assert made.bedrock.calls == []


def test_chat_chunks_are_openais_and_the_last_one_has_the_citations(serve: Serve) -> None:
    serve(stream_events("Second ", "class [1]."))

    first, second, third, finish, done = sent(chat(stream=True))

    assert [chunk["choices"][0]["delta"]["content"] for chunk in (first, second, third)] == [
        "",
        "Second ",
        "class [1].",
    ]
    assert set(first) == set(second) == {"id", "object", "created", "model", "choices"}
    assert finish["quarry"]["citations"][0]["number"] == 1
    assert done == "[DONE]"


def test_a_failure_in_mid_stream_is_the_last_event(serve: Serve) -> None:
    serve([*stream_events("An ")[:2], client_error("modelStreamErrorException")])

    told = sent(query(stream=True))

    assert told[0]["delta"] == "An "
    assert set(told[-2]["error"]) == {"message", "type", "param", "code"}
    assert told[-1] == "[DONE]"


@pytest.mark.parametrize(
    ("failure", "status"),
    [("ThrottlingException", 429), ("ResourceNotFoundException", 404), ("AccessDeniedException", 403)],
)
def test_a_failed_search_has_its_status(serve: Serve, failure: str, status: int) -> None:
    serve(converse_reply(), documents=FakeRetrieve(retrieve_error(failure)))

    for stream in (False, True):
        response = query(stream=stream)

        assert response.status_code == status
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"{", 400, None),
        (b"[]", 400, None),
        ({"question": "x", "filter": {"colour": "red"}}, 400, "filter.colour"),
        ({"question": "x", "model": "gpt"}, 404, "model"),
        ({"question": "x", "session": "sess_1"}, 404, None),
        ({"question": "x" * 2_000}, 413, None),
    ],
)
def test_bad_input_is_refused_in_openais_shape(serve: Serve, body: Any, status: int, param: str | None) -> None:
    made = serve(converse_reply())

    response = post("/v1/knowledge/query", body)

    assert (response.status_code, response.json()["error"]["param"]) == (status, param)
    assert made.bedrock.calls == []


def test_a_platform_without_documents_says_so(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(converse_reply())
    without = replace(SETTINGS, knowledge=None)
    monkeypatch.setattr(composition, "settings", lambda: without)
    monkeypatch.setattr(composition, "knowledge", knowledge)

    response = query()

    assert (response.status_code, response.json()["error"]["code"]) == (404, "knowledge_not_configured")


@pytest.mark.parametrize(
    ("reply", "stream", "unanswered"),
    [
        (converse_reply(CITED), False, False),
        (stream_events(CITED), True, False),
        (converse_reply(NOT_IN_DOCUMENTS), False, True),
        (stream_events(NOT_IN_DOCUMENTS), True, True),
    ],
)
def test_questions_and_those_without_an_answer_are_counted(
    serve: Serve, capsys: pytest.CaptureFixture[str], reply: Any, stream: bool, unanswered: bool
) -> None:
    serve(reply)

    query(stream=stream)

    lines = emitted(capsys.readouterr().out)
    counted = {name: value for line in lines for name, value in line.items() if isinstance(value, list)}
    assert counted["KnowledgeQuestions"] == [1.0]
    assert counted["ChatAnswered"] == [1.0]
    assert ("KnowledgeUnanswered" in counted) == unanswered


@pytest.mark.parametrize("stream", [False, True])
def test_neither_question_nor_passage_nor_answer_is_logged(
    serve: Serve, printed: io.StringIO, capsys: pytest.CaptureFixture[str], stream: bool
) -> None:
    serve(stream_events(CITED) if stream else converse_reply(CITED))

    query(stream=stream)

    written = printed.getvalue() + capsys.readouterr().out
    assert '"retrieved"' in written
    for words in ("Which class", "Second class", "Trains are booked"):
        assert words not in written
