"""The short way beside botocore's client: what is returned and raised is the same, and what is tried again."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, cast

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from urllib3.exceptions import ProtocolError

from benchmarks.upstream import EVENTS, event_message
from lambdas.common.direct import DirectClient
from tests.lambdas.common.calls import CALLS, CONVERSE, LOADER, READ, UPDATE
from tests.lambdas.common.other_side import OtherSide, response

ONCE: Any = {"total_max_attempts": 1}
CONVERSED = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"redactedContent": "AAH/"}},
                {"toolUse": {"toolUseId": "t", "name": "f", "input": {}}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
    "metrics": {"latencyMs": 1},
    "trace": {"guardrail": {"actionReason": "none"}},
}
FOUND = {"Item": {"pk": {"S": "x"}, "keys": {"N": "7"}}}
UPDATED = {"Attributes": {"pk": {"S": "a"}, "spent": {"N": "7"}, "p#1": {"M": {"i": {"N": "1"}}}}}


class FakeRaw:
    """The body of a response, to be read once."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.closed = False

    def stream(self) -> Any:
        yield self._content

    def close(self) -> None:
        self.closed = True


class FakeHttp:
    """Answers with ``answers`` in turn, raising those that are exceptions, and remembers the requests."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.requests: list[AWSPreparedRequest] = []

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return AWSResponse(request.url, status, headers, FakeRaw(content))


def session() -> botocore.session.Session:
    made = botocore.session.Session()
    made.register_component("data_loader", LOADER)
    made.set_credentials("AKIATEST", "secret")
    return made


def client(service: str, made: botocore.session.Session, *, attempts: int = 1) -> Any:
    """Return botocore's client."""
    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"}, user_agent="test quarry")
    return made.create_client(service, region_name="us-east-1", config=config)


def direct(service: str, http: FakeHttp) -> DirectClient:
    """Return our client; ``http`` answers it, and botocore's client within."""
    made = session()
    return DirectClient(client(service, made), made, http=http)


def ok(body: Any) -> tuple[int, dict[str, str], Any]:
    return 200, {}, body


def both(service: str, answer: Any) -> tuple[Any, DirectClient, FakeHttp]:
    """Return botocore's client and ours, each of which gets the answer, and what answers ours."""
    theirs, ours = FakeHttp(answer), FakeHttp(answer)
    alone = client(service, session())
    alone.meta.events.register("before-send", lambda request, **_: theirs.send(request))
    return alone, direct(service, ours), ours


def raised(call: Callable[..., Any], arguments: dict[str, Any]) -> Exception:
    with pytest.raises(Exception) as error:  # noqa: PT011 - which one is what the caller asks
        call(**arguments)
    return error.value


def told(error: Exception) -> tuple[str, Any]:
    """Return what an error is and says, without the count of attempts that a client adds."""
    return type(error).__name__, error.response["Error"] if isinstance(error, ClientError) else str(error)


@pytest.mark.parametrize(
    ("service", "name", "arguments", "body"),
    [
        ("bedrock-runtime", "converse", CONVERSE, CONVERSED),
        ("dynamodb", "update_item", UPDATE, UPDATED),
        ("dynamodb", "get_item", READ, {"Item": {"pk": {"S": "x"}, "keys": {"N": "7"}}}),
        ("dynamodb", "get_item", READ, {}),
        # By something on the way.
        ("bedrock-runtime", "converse", CONVERSE, b""),
        ("bedrock-runtime", "converse", CONVERSE, b"<html>Welcome</html>"),
        ("dynamodb", "update_item", UPDATE, b"{"),
    ],
)
def test_the_same_is_returned(service: str, name: str, arguments: dict[str, Any], body: Any) -> None:
    theirs, ours, _ = both(service, ok(body))

    reply = getattr(theirs, name)(**arguments)
    del reply["ResponseMetadata"]

    assert getattr(ours, name)(**arguments) == reply


def test_a_stream_has_the_same_events() -> None:
    streamed = b"".join(event_message(name, payload) for name, payload in EVENTS)
    answer = (200, {"Content-Type": "application/vnd.amazon.eventstream"}, streamed)
    theirs, ours, http = both("bedrock-runtime", answer)

    expected = list(theirs.converse_stream(**CONVERSE)["stream"])
    stream = ours.converse_stream(**CONVERSE)["stream"]

    assert list(stream) == expected
    assert len(expected) == len(EVENTS)
    assert http.requests[0].stream_output
    stream.close()


@pytest.mark.parametrize(
    ("service", "name", "arguments", "answer"),
    [
        (*CALLS[0], (429, {"x-amzn-errortype": "ThrottlingException:http://x/"}, {"message": "Too many."})),
        (*CALLS[0], (400, {"x-amzn-errortype": "ValidationException"}, {"message": "Bad."})),
        (*CALLS[0], (404, {"x-amzn-errortype": "ModelNotThere"}, {})),
        (*CALLS[0], (503, {}, {"message": "Busy."})),
        (*CALLS[2], (429, {"x-amzn-errortype": "ThrottlingException:http://x/"}, {"message": "Too many."})),
        (
            *CALLS[3],
            (
                400,
                {},
                {
                    "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                    "message": "The conditional request failed",
                    "Item": {"pk": {"S": "a"}, "spent": {"N": "7"}},
                },
            ),
        ),
        (*CALLS[4], (400, {}, {"__type": "x#ResourceNotFoundException", "message": "No such table."})),
        (*CALLS[3], (400, {}, {"__type": "x#ProvisionedThroughputExceededException", "message": "Slow down."})),
    ],
)
def test_the_same_is_raised(service: str, name: str, arguments: dict[str, Any], answer: Any) -> None:
    alone, shortened, _ = both(service, answer)

    theirs, ours = (raised(getattr(one, name), arguments) for one in (alone, shortened))

    assert isinstance(theirs, ClientError)
    assert isinstance(ours, ClientError)
    assert type(ours).__name__ == type(theirs).__name__
    expected = {key: value for key, value in theirs.response.items() if key != "ResponseMetadata"}
    assert {key: value for key, value in ours.response.items() if key != "ResponseMetadata"} == expected


CLOSED = ConnectionClosedError(endpoint_url="https://aws.test")
BROKEN: Any = (500, {}, {"__type": "x#InternalServerError", "message": "No."})
UNREACHABLE = [
    ConnectTimeoutError(endpoint_url="https://aws.test"),
    EndpointConnectionError(endpoint_url="https://aws.test", error="refused"),
]
LATE = ReadTimeoutError(endpoint_url="https://aws.test")


@pytest.mark.parametrize("fault", [CLOSED, BROKEN])
def test_what_is_only_read_is_asked_for_again(fault: Any) -> None:
    http = FakeHttp(fault, ok(FOUND))

    assert direct("dynamodb", http).get_item(**READ)["Item"] == FOUND["Item"]

    first, second = (json.loads(cast(bytes, request.body)) for request in http.requests)
    assert first == second


@pytest.mark.parametrize("fault", [CLOSED, BROKEN])
def test_a_reading_that_fails_again_fails_as_the_clients(fault: Any) -> None:
    http = FakeHttp(fault, fault)
    alone, _, _ = both("dynamodb", fault)

    theirs, ours = raised(alone.get_item, READ), raised(direct("dynamodb", http).get_item, READ)

    assert told(ours) == told(theirs)
    assert len(http.requests) == 2


@pytest.mark.parametrize("fault", [CLOSED, BROKEN, *UNREACHABLE, LATE])
def test_an_update_is_made_once_whatever_fails(fault: Any) -> None:
    """Whether it may be made twice, only its condition knows. What was not sent, the connections send again."""
    alone, ours, http = both("dynamodb", fault)

    theirs, mine = (raised(one.update_item, UPDATE) for one in (alone, ours))

    assert told(mine) == told(theirs)
    assert len(http.requests) == 1


@pytest.mark.parametrize("name", ["converse", "converse_stream"])
def test_a_refusal_that_breaks_off_is_botocores_exception(name: str) -> None:
    """A stream's refusal is only read when it is looked at, where botocore lets urllib3's exceptions through."""

    class Cut:
        def stream(self) -> Iterator[bytes]:
            yield b'{"mess'
            raise ProtocolError("cut")

    http = FakeHttp()
    http.send = lambda request: AWSResponse(request.url, 503, cast(Any, {}), Cut())  # type: ignore[method-assign]

    with pytest.raises(ResponseStreamingError, match="cut"):
        getattr(direct("bedrock-runtime", http), name)(**CONVERSE)


def test_checksums_of_replies_are_the_clients_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: DynamoDB's CRC32, on which a client asks again. TLS notices what was damaged on the way."""
    damaged = (200, {"x-amz-crc32": "1"}, UPDATED)
    theirs, ours = FakeHttp(damaged, ok(UPDATED)), FakeHttp(damaged)
    alone = client("dynamodb", session(), attempts=2)
    alone.meta.events.register("before-send", lambda request, **_: theirs.send(request))
    monkeypatch.setattr("time.sleep", lambda _: None)

    alone.update_item(**UPDATE)

    assert direct("dynamodb", ours).update_item(**UPDATE) == UPDATED
    assert (len(theirs.requests), len(ours.requests)) == (2, 1)


@pytest.mark.parametrize("name", ["converse", "converse_stream"])
@pytest.mark.parametrize("fault", [CLOSED, BROKEN, *UNREACHABLE, LATE])
def test_a_model_is_not_asked_twice(name: str, fault: Any) -> None:
    alone, ours, http = both("bedrock-runtime", fault)

    theirs, mine = (raised(getattr(one, name), CONVERSE) for one in (alone, ours))

    assert told(mine) == told(theirs)
    assert len(http.requests) == 1


def test_other_operations_are_the_clients() -> None:
    http = FakeHttp(ok({"Attributes": {"pk": {"S": "a"}}}))

    reply = direct("dynamodb", http).delete_item(TableName="t", Key={"pk": {"S": "a"}}, ReturnValues="ALL_OLD")

    assert reply["Attributes"] == {"pk": {"S": "a"}}
    assert http.requests[0].headers["X-Amz-Target"] == b"DynamoDB_20120810.DeleteItem"


def test_both_ways_share_their_connections(other_side: Callable[..., OtherSide]) -> None:
    side = other_side(response(), None, response(b'{"Item": {}}'), response())
    made = session()
    alone = made.create_client("dynamodb", region_name="us-east-1", use_ssl=False, config=Config(retries=ONCE))
    ours = DirectClient(alone, made)

    ours.update_item(**UPDATE)
    # The connection was closed meanwhile.
    assert ours.get_item(TableName="t", Key={})["Item"] == {}
    ours.update_item(**UPDATE)

    assert [number for number, _ in side.requests] == [1, 1, 2, 2]


def test_threads_share_a_client(other_side: Callable[..., OtherSide]) -> None:
    """Each is given what it asked for; the body comes back as the answer."""
    side = other_side(*[lambda read: response(read.rpartition(b"\r\n")[2])] * 50)
    made = session()
    alone = made.create_client("bedrock-runtime", region_name="us-east-1", use_ssl=False, config=Config(retries=ONCE))
    ours = DirectClient(alone, made)
    together = Barrier(5)

    def asked(number: int) -> list[Any]:
        together.wait()
        return [ours.converse(modelId="m", system=[{"text": f"{number}-{turn}"}])["system"] for turn in range(10)]

    with ThreadPoolExecutor(5) as pool:
        told = list(pool.map(asked, range(5)))

    assert told == [[[{"text": f"{number}-{turn}"}] for turn in range(10)] for number in range(5)]
    assert len(side.addresses) <= 5


def test_without_credentials_it_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    made = session()
    of_somebody = client("dynamodb", made)
    monkeypatch.setattr(made, "get_credentials", lambda: None)

    with pytest.raises(NoCredentialsError):
        DirectClient(of_somebody, made, http=FakeHttp()).update_item(**UPDATE)
