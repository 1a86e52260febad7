"""The local upstream and the adapter's client: what botocore reads of the one, and what the other refuses."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import botocore.session
import pytest

from benchmarks.adapter import CHAT, CONTENT, DONE, MESSAGES, RESPONSES, AnswerError, Connection, Stream, request
from benchmarks.child_process import serving
from benchmarks.upstream import NOT_FOUND, REPLY, TOKEN, TOKENS, UPDATED, reply, response

pytestmark = pytest.mark.usefixtures("loopback")


def client(service: str, url: str) -> Any:
    return botocore.session.get_session().create_client(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",
    )


def test_botocore_reads_whole_answers_streams_and_updates() -> None:
    with serving([sys.executable, "-m", "benchmarks.upstream"]) as url:
        bedrock = client("bedrock-runtime", url)
        whole = bedrock.converse(modelId="m", messages=[])
        events = list(bedrock.converse_stream(modelId="m", messages=[])["stream"])
        asked = {"TableName": "t", "Key": {"pk": {"S": "a"}}}
        updated = client("dynamodb", url).update_item(**asked, ReturnValues="ALL_NEW")
        silent = client("dynamodb", url).update_item(**asked, ReturnValues="NONE")

    assert whole["output"] == REPLY["output"]
    texts = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert texts == [TOKEN] * TOKENS
    assert [next(iter(event)) for event in events][-2:] == ["messageStop", "metadata"]
    assert updated["Attributes"] == UPDATED["Attributes"]
    assert "Attributes" not in silent


def test_anything_else_is_not_found() -> None:
    assert reply(b"POST / HTTP/1.1", b"DynamoDB_20120810.GetItem", b"{}") == NOT_FOUND
    assert reply(b"GET /model/m/converse HTTP/1.1", b"", b"") == NOT_FOUND


def test_the_request_is_what_the_adapter_hands_on() -> None:
    asked = request(stream=True)
    head, _, body = asked.to_http().partition(b"\r\n\r\n")

    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert b'x-amzn-request-context: {"accountId"' in head
    assert b"content-length: %d" % len(body) in head
    assert b'"stream": true' in body


@contextmanager
def answering(answer: bytes) -> Iterator[Connection]:
    """A connection to a server that gives one answer to whatever it is sent and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            one, _ = server.accept()
            with one:
                one.recv(65_536)
                one.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with closing(Connection(server.getsockname()[1])) as connection:
                yield connection
        finally:
            thread.join()


def chunked(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def test_a_whole_answer_is_timed() -> None:
    with answering(response("200 OK", b"{}")) as connection:
        taken = connection.whole(b"ask")

    assert taken.whole > 0
    assert taken.first_token == taken.whole


def test_a_streamed_answer_is_timed() -> None:
    with answering(chunked(CONTENT * TOKENS + DONE)) as connection:
        taken = connection.streamed(b"ask")

    assert 0 < taken.first_token <= taken.whole


@pytest.mark.parametrize("api", [CHAT, RESPONSES, MESSAGES])
def test_each_api_is_asked_in_its_own_words(api: Stream) -> None:
    asked = request(stream=True, api=api)

    # What the API's own route reads, and calls a token of its stream.
    body = json.loads(asked.body)
    assert (asked.path, body["stream"]) == (api.path, True)
    assert ("input" in body) is (api is RESPONSES)
    with answering(chunked(api.token * TOKENS + api.end)) as connection:
        assert connection.streamed(asked.to_http(), api).first_token > 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response("500 Internal Server Error", b"{}"), "answered b'HTTP/1.1 500"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", "hung up"),
    ],
)
def test_a_bad_whole_answer_is_an_error(answer: bytes, reason: str) -> None:
    with answering(answer) as connection, pytest.raises(AnswerError, match=reason):
        connection.whole(b"ask")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response("429 Too Many Requests", b"{}"), "answered b'HTTP/1.1 429"),
        (chunked(CONTENT + DONE), "not whole"),
        (chunked(CONTENT * TOKENS), "hung up"),
    ],
)
def test_a_bad_stream_is_an_error(answer: bytes, reason: str) -> None:
    with answering(answer) as connection, pytest.raises(AnswerError, match=reason):
        connection.streamed(b"ask")
