"""What the Lambda Web Adapter makes of an invocation, and the settings it reads."""

import json
from typing import Any

import pytest

from sandbox.streaming.adapter import AdapterSettings, HttpRequest, http_request, problem
from tests.sandbox.streaming.deployment import ADAPTER

GOOD = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap", "AWS_LWA_INVOKE_MODE": "response_stream"}


def event(path: str = "/v1/chat", *, method: str = "POST", **changes: Any) -> dict[str, Any]:
    return {
        "path": path,
        "httpMethod": method,
        "multiValueHeaders": {"X-Many": ["1", "2"], "Connection": ["close"], "Content-Length": ["99"]},
        "multiValueQueryStringParameters": None,
        "requestContext": {"requestId": "r", "authorizer": {"name": "Zoë"}},
        **changes,
    }


def sent(event: dict[str, Any], body: bytes = b"{}", **environment: str) -> HttpRequest:
    settings = AdapterSettings.from_environment(environment)
    return http_request(event, body, settings=settings, lambda_context={"request_id": "l", "xray_trace_id": None})


def test_headers_keep_their_values_and_framing_is_its_own() -> None:
    request = sent(event())

    assert [value for name, value in request.headers if name == b"x-many"] == [b"1", b"2"]
    assert [value for name, value in request.headers if name == b"content-length"] == [b"2"]
    assert b"connection" not in dict(request.headers)


def test_contexts_are_json_in_utf8() -> None:
    headers = dict(sent(event()).headers)

    assert json.loads(headers[b"x-amzn-request-context"].decode("utf-8"))["authorizer"] == {"name": "Zoë"}
    assert headers[b"x-amzn-lambda-context"] == b'{"request_id":"l","xray_trace_id":null}'
    assert b"x-amzn-trace-id" not in headers


@pytest.mark.parametrize(
    ("path", "base", "target"),
    [
        ("/v1/chat", "", b"/v1/chat"),
        ("/v1/chat", "/v1", b"/chat"),
        ("/v1/v1/chat", "/v1", b"/chat"),
        ("/v1", "/v1", b"/"),
        ("/a b/ü?", "", b"/a%20b/%C3%BC%3F"),
        ("/a%2Fb", "", b"/a%2Fb"),
    ],
)
def test_paths(path: str, base: str, target: bytes) -> None:
    assert sent(event(path), AWS_LWA_REMOVE_BASE_PATH=base).target == target
    assert sent(event(path), REMOVE_BASE_PATH=base).target == target


def test_the_query_is_encoded_anew() -> None:
    request = sent(event(multiValueQueryStringParameters={"a": ["1", "2 3"], "b": ["&"]}))

    assert request.target == b"/v1/chat?a=1&a=2+3&b=%26"


def test_a_get_without_a_body_has_no_length() -> None:
    assert b"content-length" not in dict(sent(event(method="GET"), b"").headers)
    assert dict(sent(event(), b"").headers)[b"content-length"] == b"0"


def test_another_header_may_be_the_authorization() -> None:
    source = event(multiValueHeaders={"X-Key": ["k"], "Authorization": ["old"]})

    headers = dict(sent(source, AWS_LWA_AUTHORIZATION_SOURCE="X-Key").headers)

    assert headers[b"authorization"] == b"k"
    assert b"x-key" not in headers


def test_defaults_are_the_adapters() -> None:
    settings = AdapterSettings.from_environment({})

    assert settings.readiness_path == "/"
    assert {100, 404, 499} <= settings.healthy_statuses
    assert 500 not in settings.healthy_statuses
    assert not settings.async_init
    assert not settings.readiness_by_tcp
    assert settings.error_statuses == frozenset()


def test_statuses_are_lists_and_ranges() -> None:
    settings = AdapterSettings.from_environment(
        {"AWS_LWA_READINESS_CHECK_HEALTHY_STATUS": "200, 301-303,x", "AWS_LWA_ERROR_STATUS_CODES": "500-502"}
    )

    assert settings.healthy_statuses == {200, 301, 302, 303}
    assert settings.error_statuses == {500, 501, 502}


def test_what_cannot_stream_on_aws_is_told() -> None:
    assert problem(GOOD, layers=[ADAPTER]) is None
    assert "AWS_LAMBDA_EXEC_WRAPPER" in (problem({}, layers=[ADAPTER]) or "")
    assert "AWS_LWA_INVOKE_MODE" in (problem({**GOOD, "AWS_LWA_INVOKE_MODE": "buffered"}, layers=[ADAPTER]) or "")
    for layers in ([], ["arn:aws:lambda:us-east-1:1:layer:other:1"], ["not an ARN"]):
        assert "LambdaAdapterLayerArm64" in (problem(GOOD, layers=layers) or "")
    for region in ("me-south-1", "us-gov-west-1", "cn-north-1"):
        elsewhere = ADAPTER.replace("us-east-1", region)
        assert elsewhere != ADAPTER
        assert "lambda:GetLayerVersion" in (problem(GOOD, layers=[elsewhere]) or "")
