"""``responseTransferMode`` in API Gateway's API and in CloudFormation, in process."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

from sandbox import api_gateway

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
PREFIX = "arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/"
URI = f"{PREFIX}{FUNCTION}/response-streaming-invocations"


@pytest.fixture(autouse=True)
def _api() -> Iterator[None]:
    api_gateway.install()
    methods: dict[str, Any] = {"POST": {"methodIntegration": None, "methodResponses": {}}}
    apigateway_v1._resources["api"] = {"res": {"id": "res", "resourceMethods": methods}}
    yield
    apigateway_v1.reset()


def put(**data: Any) -> tuple[int, dict[str, Any]]:
    status, _, body = apigateway_v1._put_integration("api", "res", "POST", data)
    return status, json.loads(body)


def kept() -> Any:
    _, _, body = apigateway_v1._get_integration("api", "res", "POST")
    return json.loads(body)["responseTransferMode"]


def test_the_mode_is_kept_and_shown() -> None:
    status, shown = put(type="AWS_PROXY", uri=URI, responseTransferMode="STREAM")

    assert (status, shown["responseTransferMode"], kept()) == (201, "STREAM", "STREAM")


def test_the_default_is_buffered() -> None:
    put(type="MOCK")

    assert kept() == "BUFFERED"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"type": "AWS_PROXY", "uri": URI, "responseTransferMode": "FAST"}, "FAST"),
        ({"type": "MOCK", "responseTransferMode": "STREAM"}, "AWS_PROXY or HTTP_PROXY"),
        ({"type": "AWS_PROXY", "uri": f"{PREFIX}f/invocations", "responseTransferMode": "STREAM"}, "URI"),
    ],
)
def test_what_cannot_be_is_refused(data: dict[str, Any], message: str) -> None:
    status, error = put(**data)

    assert status == 400
    assert message in error["message"]
    assert apigateway_v1._get_integration("api", "res", "POST")[0] == 404


def properties(**integration: Any) -> dict[str, Any]:
    return {"RestApiId": "api", "ResourceId": "res", "HttpMethod": "POST", "Integration": integration}


def test_cloudformation_keeps_it_through_create_and_update() -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Method"]
    stream = properties(Type="AWS_PROXY", Uri=URI, ResponseTransferMode="STREAM")

    physical_id, _ = handlers["create"]("M", stream, "stack")
    assert kept() == "STREAM"

    handlers["update"](physical_id, stream, properties(Type="AWS_PROXY", Uri=URI), "stack")
    assert kept() == "BUFFERED"


def test_cloudformation_fails_where_the_api_would() -> None:
    create = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Method"]["create"]

    with pytest.raises(ValueError, match="AWS_PROXY or HTTP_PROXY"):
        create("M", properties(Type="MOCK", ResponseTransferMode="STREAM"), "stack")


def test_installing_again_wraps_nothing_twice() -> None:
    before = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Method"]["create"].__wrapped__
    api_gateway.install()
    api_gateway.install()

    assert provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Method"]["create"].__wrapped__.__name__ == before.__name__


@pytest.mark.parametrize("uri", [URI, f"{PREFIX}{FUNCTION}/invocations"])
def test_both_uris_name_the_function(uri: str) -> None:
    assert apigateway_v1._extract_lambda_ref_from_integration_uri(uri) == FUNCTION
