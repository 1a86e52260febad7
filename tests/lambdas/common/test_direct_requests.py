"""The short way beside botocore's client, as ``aws.client`` makes both: what goes over the wire is the same.

``test_only_this_differs`` names what is not, and why; docs/decisions/0018 says it to people.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import botocore.session
import pytest
from aws_lambda_powertools.shared.user_agent import HEADER_NO_OP, register_feature_to_botocore_session
from botocore.httpsession import URLLib3Session

from lambdas.common import aws
from tests.lambdas.common.calls import CALLS, CONVERSE, LOADER, UPDATE
from tests.lambdas.common.other_side import OtherSide, response

MakeSide = Callable[..., OtherSide]
Headers = dict[bytes, bytes]

# As Lambda sets them; of the token only that it is long and has all characters of base64.
LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "quarry-chat",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "ASIALAMBDA",
    "AWS_SECRET_ACCESS_KEY": "secret/+",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjE" + "Ab/+9" * 150 + "==",
    "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a1b2:0",
}
ODD_TRACE = 'Root=1-ä\t<石>%\r\nX-Other: 1;a="b\'c",{d}[e]&f+g:h'
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "elsewhere": {},
    "elsewhere, with a trace": {"_X_AMZN_TRACE_ID": "Root=1-5759e988"},
    "Lambda": LAMBDA,
    "Lambda, an odd trace": {**LAMBDA, "_X_AMZN_TRACE_ID": ODD_TRACE},
    "Lambda, no trace": {**LAMBDA, "_X_AMZN_TRACE_ID": ""},
    "an endpoint of ours": {**LAMBDA, "AWS_ENDPOINT_URL": "http://localhost:4566"},
    "an endpoint with a path": {"AWS_ENDPOINT_URL": "http://vpce.test/behind/"},
    "an endpoint with the port that it has anyway": {"AWS_ENDPOINT_URL": "http://vpce.test:80"},
    "an endpoint that is an address": {"AWS_ENDPOINT_URL": "http://[::1]:4566"},
    "endpoints that are not to be used": {
        "AWS_ENDPOINT_URL": "http://vpce.test",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    },
    "FIPS": {"AWS_USE_FIPS_ENDPOINT": "true"},
    "dual stack": {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    "a proxy": {"HTTP_PROXY": "http://us:er@proxy.test:3128"},
    "a proxy for others": {"HTTP_PROXY": "http://proxy.test:3128", "NO_PROXY": "amazonaws.com"},
    "another name for us": {"AWS_SDK_UA_APP_ID": "study"},
    "more attempts": {"AWS_MAX_ATTEMPTS": "7", "AWS_RETRY_MODE": "adaptive"},
}


@pytest.fixture(autouse=True)
def _http(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let clients speak without TLS, which hides what they say, and let time stand still."""
    made: Any = botocore.session.Session.create_client

    def plain(session: botocore.session.Session, *args: Any, **options: Any) -> Any:
        return made(session, *args, use_ssl=False, **options)

    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    monkeypatch.setattr(botocore.session.Session, "create_client", plain)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: now)
    # Powertools adds its name to what every session's clients say, once anything has imported it.
    monkeypatch.setattr(botocore.session, "invoke_initializers", lambda _: None)
    yield
    aws.session.cache_clear()


def clients(service: str, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> tuple[Any, Any]:
    """Return botocore's client and ours, made under the environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    aws.session.cache_clear()
    aws.session().register_component("data_loader", LOADER)
    make: Any = aws.client
    theirs, ours = (make(service, read_timeout=3, max_attempts=1, direct=direct) for direct in (False, True))
    return theirs, ours


def sent(side: OtherSide) -> tuple[bytes, Headers, bytes]:
    """Return the last request: its first line, its headers and its body."""
    head, _, body = side.requests[-1][1].partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    pairs = [header.partition(b": ")[::2] for header in headers]
    assert len(dict(pairs)) == len(pairs)
    return line, dict(pairs), body


def both_sent(side: OtherSide, pair: tuple[Any, Any], name: str, arguments: dict[str, Any]) -> list[Any]:
    """Return what the client sent and what we sent."""
    made = []
    for client in pair:
        reply = getattr(client, name)(**arguments)
        if "stream" in reply:
            reply["stream"].close()
        made.append(sent(side))
    return made


def without(headers: Headers, *names: str) -> Headers:
    return {name: value for name, value in headers.items() if name.decode() not in names}


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
@pytest.mark.parametrize(
    ("service", "name"), [("bedrock-runtime", "converse"), ("dynamodb", "update_item"), ("dynamodb", "get_item")]
)
def test_the_same_is_sent(
    service: str, name: str, environment: dict[str, str], other_side: MakeSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything, the signature too: without arguments the bodies are the same."""
    side = other_side(response(), response())
    arguments: dict[str, Any] = {} if service == "dynamodb" else {"modelId": CONVERSE["modelId"]}

    theirs, ours = both_sent(side, clients(service, monkeypatch, environment), name, arguments)

    # Of each call its own.
    invocations = {UUID(request[1].pop(b"amz-sdk-invocation-id").decode()) for request in (theirs, ours)}
    assert len(invocations) == 2
    assert ours == theirs
    assert side.addresses[0] == side.addresses[1]


@pytest.mark.parametrize(("service", "name", "arguments"), CALLS)
def test_only_this_differs(
    service: str, name: str, arguments: dict[str, Any], other_side: MakeSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The body is the same JSON without blanks and without escapes; hence its length and the signature differ."""
    side = other_side(response(), response())

    (line, theirs, body), (our_line, ours, our_body) = both_sent(
        side, clients(service, monkeypatch, LAMBDA), name, arguments
    )

    assert our_line == line
    assert json.loads(our_body) == json.loads(body)
    assert len(our_body) < len(body)
    assert ours[b"Authorization"].partition(b"Signature=")[0] == theirs[b"Authorization"].partition(b"Signature=")[0]
    differing = ("amz-sdk-invocation-id", "Content-Length", "Authorization")
    assert without(ours, *differing) == without(theirs, *differing)


def test_the_trace_is_sent_under_lambda(other_side: MakeSide, monkeypatch: pytest.MonkeyPatch) -> None:
    side = other_side(response(), response())
    _, direct = clients("dynamodb", monkeypatch, LAMBDA)

    direct.update_item(**UPDATE)
    assert sent(side)[1][b"X-Amzn-Trace-Id"] == LAMBDA["_X_AMZN_TRACE_ID"].encode()
    # Lambda sets another one for each request.
    monkeypatch.setenv("_X_AMZN_TRACE_ID", ODD_TRACE)
    direct.update_item(**UPDATE)
    trace = sent(side)[1][b"X-Amzn-Trace-Id"]
    assert trace.startswith(b"Root=1-%C3%A4%09%3C%E7%9F%B3%3E%25%0D%0AX-Other:%201;a=")


@pytest.mark.parametrize(
    ("environment", "verify"),
    [
        ({}, True),
        ({"AWS_CA_BUNDLE": "/etc/ours.pem"}, "/etc/ours.pem"),
        ({"REQUESTS_CA_BUNDLE": "/etc/theirs.pem"}, "/etc/theirs.pem"),
        ({"AWS_CA_BUNDLE": "/etc/ours.pem", "REQUESTS_CA_BUNDLE": "/etc/theirs.pem"}, "/etc/ours.pem"),
    ],
)
def test_connections_are_made_as_the_clients(
    environment: dict[str, str], verify: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_with: list[dict[str, Any]] = []
    make = URLLib3Session.__init__

    def remember(http: URLLib3Session, **options: Any) -> None:
        made_with.append(options)
        make(http, **options)

    monkeypatch.setattr(URLLib3Session, "__init__", remember)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    clients("dynamodb", monkeypatch, environment)

    theirs, ours = made_with[-2:]
    assert ours == theirs
    assert ours["verify"] == verify


def test_credentials_are_renewed(other_side: MakeSide, monkeypatch: pytest.MonkeyPatch) -> None:
    side = other_side(*[response()] * 4)
    soon, later = (datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (5, 90))
    # botocore renews within ten minutes of the end.
    pair = clients("dynamodb", monkeypatch, {**LAMBDA, "AWS_CREDENTIAL_EXPIRATION": soon.isoformat()})
    renewed = {
        "AWS_ACCESS_KEY_ID": "ASIARENEWED",
        "AWS_SESSION_TOKEN": "new",
        "AWS_CREDENTIAL_EXPIRATION": later.isoformat(),
    }

    both_sent(side, pair, "update_item", UPDATE)
    for name, value in renewed.items():
        monkeypatch.setenv(name, value)

    for _, headers, _ in both_sent(side, pair, "update_item", UPDATE):
        assert headers[b"Authorization"].startswith(b"AWS4-HMAC-SHA256 Credential=ASIARENEWED/")
        assert headers[b"X-Amz-Security-Token"] == b"new"


def test_hooks_are_the_clients_alone(other_side: MakeSide, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: whoever hangs on to a client's events, as Powertools to add its name, is not asked."""
    side = other_side(response(), response())
    register: Any = register_feature_to_botocore_session
    monkeypatch.setattr(botocore.session, "invoke_initializers", lambda session: register(session, "no-op"))

    theirs, ours = both_sent(side, clients("dynamodb", monkeypatch, LAMBDA), "update_item", UPDATE)

    assert theirs[1][b"User-Agent"] == ours[1][b"User-Agent"] + b" " + HEADER_NO_OP.encode()
    differing = ("User-Agent", "amz-sdk-invocation-id", "Content-Length", "Authorization")
    assert without(ours[1], *differing) == without(theirs[1], *differing)


def test_endpoints_of_an_account_are_the_clients_alone(other_side: MakeSide, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: DynamoDB's endpoint of the account, where credentials name one. Lambda's do not."""
    side = other_side(response(), response())

    both_sent(
        side, clients("dynamodb", monkeypatch, {**LAMBDA, "AWS_ACCOUNT_ID": "123456789012"}), "update_item", UPDATE
    )

    assert [host for host, _ in side.addresses] == [
        "123456789012.ddb.eu-central-1.amazonaws.com",
        "dynamodb.eu-central-1.amazonaws.com",
    ]


def test_other_signatures_are_the_clients_alone(other_side: MakeSide, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: API keys of Bedrock. What a function may is its role's, which only a signature shows."""
    side = other_side(response(), response())
    environment = {**LAMBDA, "AWS_BEARER_TOKEN_BEDROCK": "key"}

    theirs, ours = both_sent(side, clients("bedrock-runtime", monkeypatch, environment), "converse", CONVERSE)

    assert theirs[1][b"Authorization"] == b"Bearer key"
    assert ours[1][b"Authorization"].startswith(b"AWS4-HMAC-SHA256 Credential=ASIALAMBDA/")


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("bedrock-runtime", "Converse"),
        ("bedrock-runtime", "ConverseStream"),
        ("dynamodb", "UpdateItem"),
        ("dynamodb", "GetItem"),
    ],
)
def test_the_operations_want_nothing_that_only_a_client_does(service: str, operation: str) -> None:
    """botocore's next version may give them what has to be filled in, compressed, put into headers or signed anew."""
    session = aws.session()
    session.register_component("data_loader", LOADER)
    model: Any = session.get_service_model(service).operation_model(operation)

    assert not model.idempotent_members
    assert not model.request_compression
    assert not model.http_checksum
    assert model.endpoint is None
    assert not model.unsigned_payload
    assert model.http["method"] == "POST"
    assert "payload" not in model.input_shape.serialization
    elsewhere = {
        name: member.serialization["location"]
        for name, member in model.input_shape.members.items()
        if "location" in member.serialization
    }
    assert elsewhere == ({"modelId": "uri"} if service == "bedrock-runtime" else {})
