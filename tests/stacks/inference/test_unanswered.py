"""Other methods of a path are refused by API Gateway; pages of the listed origins are let in by it."""

import json
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk.assertions import Template
from pydantic import ValidationError

from configuration.inference import Cors
from lambdas.api.operations import OPERATIONS
from stacks.inference.gateway_errors import add_gateway_errors
from tests import templates
from tests.varying import Vary

PAGES = ["https://app.example", "http://localhost:3000"]


def methods(template: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """Return the methods of this name: path -> its properties."""
    resources = template["Resources"]

    def path(id_: Any) -> str:
        if "Ref" not in id_:
            return ""
        resource = resources[id_["Ref"]]["Properties"]
        return f"{path(resource['ParentId'])}/{resource['PathPart']}"

    found = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::ApiGateway::Method"]
    return {path(one["ResourceId"]): one for one in found if one["HttpMethod"] == name}


def gateway_headers(template: dict[str, Any]) -> list[dict[str, str]]:
    found = [one for one in template["Resources"].values() if one["Type"] == "AWS::ApiGateway::GatewayResponse"]
    return [one["Properties"]["ResponseParameters"] for one in found]


def test_every_path_with_an_operation_refuses_other_methods() -> None:
    template = templates.of_environment("dev")["Inference"]

    refusing = methods(template, "ANY")

    assert set(refusing) == {one.path for one in OPERATIONS}
    (response,) = refusing["/v1/sessions"]["Integration"]["IntegrationResponses"]
    assert response["StatusCode"] == "405"
    assert response["ResponseParameters"]["method.response.header.Allow"] == "'GET, POST'"
    body = json.loads(response["ResponseTemplates"]["application/json"])
    assert (body["type"], body["request_id"]) == ("error", "$context.requestId")
    error = body["error"]
    assert (error["code"], error["message"]) == (
        "method_not_allowed",
        "This path takes GET and POST, no other method.",
    )
    assert methods(template, "OPTIONS") == {}
    assert not any("Origin" in header for headers in gateway_headers(template) for header in headers)


def test_listed_pages_are_let_in(vary: Vary) -> None:
    template = templates.of(vary(inference={"cors": {"origins": PAGES}}))["Inference"]

    asked = methods(template, "OPTIONS")

    assert len(asked) == len(methods(template, "ANY"))
    (response,) = asked["/v1/chat/completions"]["Integration"]["IntegrationResponses"]
    told = response["ResponseParameters"]
    assert told["method.response.header.Access-Control-Allow-Origin"] == f"'{PAGES[0]}'"
    assert told["method.response.header.Access-Control-Allow-Methods"] == "'OPTIONS,POST'"
    assert told["method.response.header.Access-Control-Allow-Headers"].startswith("'Authorization,Content-Type,")
    assert "method.response.header.Access-Control-Allow-Credentials" not in told
    assert PAGES[1] in response["ResponseTemplates"]["application/json"]
    for headers in gateway_headers(template):
        assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "method.request.header.Origin"
    functions = [one for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    told_of = [one["Properties"].get("Environment", {}).get("Variables", {}).get("CORS_ORIGINS") for one in functions]
    assert told_of.count(json.dumps(PAGES, separators=(",", ":"))) == 2


def test_one_page_is_named_in_refusals() -> None:
    stack = Stack(App(), "Alone")
    api = apigateway.RestApi(stack, "Api")
    api.root.add_method("GET")
    add_gateway_errors(api, cors=Cors(origins=PAGES[:1]))

    for headers in gateway_headers(dict(Template.from_stack(stack).to_json())):
        assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == f"'{PAGES[0]}'"


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*.example",
        "app.example",
        "https://app.example/",
        "https://app.example/page",
        "https://App.example",
        "https://app.example:443",
        "http://app.example:80",
        "ftp://app.example",
        "null",
        "https://user@app.example",
        "https://app..example",
        "https://a.example, https://b.example",
        "https://app.example'\n",
        "",
    ],
)
def test_what_no_browser_sends_is_no_origin(origin: str) -> None:
    with pytest.raises(ValidationError, match="expected an origin as browsers send it"):
        Cors(origins=[origin])


@pytest.mark.parametrize(
    "origin",
    ["https://app.example", "http://localhost:5173", "http://127.0.0.1:8080", "http://[::1]:3000", "https://x"],
)
def test_what_a_browser_sends_is_one(origin: str) -> None:
    assert Cors(origins=[origin]).origins == [origin]
