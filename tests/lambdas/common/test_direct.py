"""The short way beside botocore's client: what is sent, returned and raised is the same."""

import json
from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, NoCredentialsError, ReadTimeoutError

from benchmarks.upstream import EVENTS, event_message
from lambdas.common.direct import DirectClient

ARN = "arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/ab-1_2.c~d"
TOOL = {"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {"n": {"minimum": 0.5}}}}}}
CONVERSE: dict[str, Any] = {
    "modelId": "us.amazon.nova-lite-v1:0",
    "system": [{"text": "Be brief."}],
    "messages": [
        {
            "role": "user",
            "content": [{"text": "石切場?"}, {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}],
        }
    ],
    "inferenceConfig": {"maxTokens": 9, "temperature": 0.1, "stopSequences": ["\n"]},
    "toolConfig": {"tools": [TOOL]},
    "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1", "trace": "disabled"},
    "additionalModelRequestFields": {"top_k": 5},
}
UPDATE: dict[str, Any] = {
    "TableName": "allowances",
    "Key": {"pk": {"S": "ACCOUNTS#0"}, "sk": {"S": "ключ"}},
    "UpdateExpression": "ADD #n0 :v0",
    "ExpressionAttributeNames": {"#n0": "spent"},
    "ExpressionAttributeValues": {":v0": {"N": "7"}, ":v1": {"M": {"e": {"N": "1"}}}},
    "ConditionExpression": "attribute_exists(#n0)",
    "ReturnValues": "ALL_NEW",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
CONVERSED = {
    "output": {
        "message": {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}]}
    },
    "stopReason": "tool_use",
    "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
    "metrics": {"latencyMs": 1},
    "trace": {"guardrail": {"actionReason": "none"}},
}
UPDATED = {"Attributes": {"pk": {"S": "a"}, "spent": {"N": "7"}, "p#1": {"M": {"i": {"N": "1"}}}}}
CALLS = [
    ("bedrock-runtime", "converse", CONVERSE),
    ("bedrock-runtime", "converse", {**CONVERSE, "modelId": ARN}),
    ("bedrock-runtime", "converse_stream", {**CONVERSE, "modelId": ARN}),
    ("dynamodb", "update_item", UPDATE),
]


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


def session(*, token: str | None = None) -> botocore.session.Session:
    made = botocore.session.Session()
    made.set_credentials("AKIATEST", "secret", token)
    return made


def client(service: str, http: FakeHttp, made: botocore.session.Session, *, attempts: int = 1) -> Any:
    """Return botocore's client; ``http`` answers it too."""
    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"}, user_agent="test quarry")
    one: Any = made.create_client(service, region_name="us-east-1", config=config)
    one.meta.events.register("before-send.*.*", lambda request, **_: http.send(request))
    return one


def ok(body: Any) -> tuple[int, dict[str, str], Any]:
    return 200, {}, body


def both(service: str, answer: Any, *, token: str | None = None) -> tuple[FakeHttp, Any, FakeHttp, Any]:
    """Return botocore's HTTP and client and ours, each of which gets the answer."""
    made = session(token=token)
    theirs, ours = FakeHttp(answer), FakeHttp(answer)
    return theirs, client(service, theirs, made), ours, DirectClient(client(service, FakeHttp(), made), made, http=ours)


def sent(http: FakeHttp) -> dict[str, Any]:
    """Return what was sent, without what changes from call to call and without the count of the attempts."""
    (request,) = http.requests
    assert isinstance(request.body, bytes)
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in headers.items()}
    changing = {"amz-sdk-invocation-id", "amz-sdk-request", "content-length", "x-amz-date"}
    headers["authorization"] = headers["authorization"].partition("Signature=")[0]
    # Powertools, once it is imported, adds its own name to what every client says.
    headers["user-agent"] = headers["user-agent"].partition(" PT/")[0]
    return {
        "method": request.method,
        "url": request.url,
        "headers": {name: value for name, value in headers.items() if name not in changing},
        "body": json.loads(request.body),
    }


@pytest.mark.parametrize("token", [None, "a session's token"])
@pytest.mark.parametrize(("service", "name", "arguments"), CALLS)
def test_the_same_is_sent(service: str, name: str, arguments: dict[str, Any], token: str | None) -> None:
    theirs, client, ours, direct = both(service, ok({}), token=token)

    getattr(client, name)(**arguments)
    getattr(direct, name)(**arguments)

    assert sent(ours) == sent(theirs)


@pytest.mark.parametrize(
    ("service", "name", "arguments", "body"),
    [("bedrock-runtime", "converse", CONVERSE, CONVERSED), ("dynamodb", "update_item", UPDATE, UPDATED)],
)
def test_the_same_is_returned(service: str, name: str, arguments: dict[str, Any], body: dict[str, Any]) -> None:
    _, client, _, direct = both(service, ok(body))

    reply = getattr(client, name)(**arguments)

    assert getattr(direct, name)(**arguments) == {name: reply[name] for name in reply if name != "ResponseMetadata"}


def test_a_stream_has_the_same_events() -> None:
    streamed = b"".join(event_message(name, payload) for name, payload in EVENTS)
    answer = (200, {"Content-Type": "application/vnd.amazon.eventstream"}, streamed)
    _, client, ours, direct = both("bedrock-runtime", answer)

    theirs = list(client.converse_stream(**CONVERSE)["stream"])
    stream = direct.converse_stream(**CONVERSE)["stream"]

    assert list(stream) == theirs
    assert len(theirs) == len(EVENTS)
    assert ours.requests[0].stream_output
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
        (*CALLS[3], (400, {}, {"__type": "x#ProvisionedThroughputExceededException", "message": "Slow down."})),
    ],
)
def test_the_same_is_raised(service: str, name: str, arguments: dict[str, Any], answer: Any) -> None:
    _, client, _, direct = both(service, answer)

    def raised(call: Callable[..., Any]) -> ClientError:
        with pytest.raises(ClientError) as error:
            call(**arguments)
        return error.value

    theirs, ours = raised(getattr(client, name)), raised(getattr(direct, name))
    assert type(ours).__name__ == type(theirs).__name__
    without = {key: value for key, value in theirs.response.items() if key != "ResponseMetadata"}
    assert {key: value for key, value in ours.response.items() if key != "ResponseMetadata"} == without


@pytest.mark.parametrize(
    "first", [ConnectionClosedError(endpoint_url="https://dynamodb.test"), (500, {}, {"__type": "InternalServerError"})]
)
def test_an_update_that_may_be_mended_is_tried_again(first: Any) -> None:
    made, again = session(), FakeHttp(ok(UPDATED))
    direct = DirectClient(client("dynamodb", again, made), made, http=FakeHttp(first))

    assert direct.update_item(**UPDATE)["Attributes"] == UPDATED["Attributes"]
    assert len(again.requests) == 1


def test_a_model_is_not_asked_twice() -> None:
    made, again = session(), FakeHttp()
    broken = FakeHttp(ReadTimeoutError(endpoint_url="https://bedrock.test"), (500, {}, {"message": "No."}))
    direct = DirectClient(client("bedrock-runtime", again, made), made, http=broken)

    with pytest.raises(ReadTimeoutError):
        direct.converse(**CONVERSE)
    with pytest.raises(ClientError):
        direct.converse_stream(**CONVERSE)

    assert again.requests == []


def test_other_operations_are_the_clients() -> None:
    made, theirs = session(), FakeHttp(ok({"Item": {"pk": {"S": "a"}}}))
    direct = DirectClient(client("dynamodb", theirs, made), made, http=FakeHttp())

    assert direct.get_item(TableName="t", Key={"pk": {"S": "a"}})["Item"] == {"pk": {"S": "a"}}


def test_without_credentials_it_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    made = session()
    of_somebody = client("dynamodb", FakeHttp(), made)
    monkeypatch.setattr(made, "get_credentials", lambda: None)

    with pytest.raises(NoCredentialsError):
        DirectClient(of_somebody, made, http=FakeHttp()).update_item(**UPDATE)
