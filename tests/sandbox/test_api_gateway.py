"""What the sandbox adds to MiniStack's API Gateway, in process: denied with a reason, cached, forgotten, validated."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

from sandbox import api_gateway
from sandbox.api_gateway import access_log, mock_integrations

TEMPLATE = '{"reason": "$context.authorizer.reason", "other": "${context.authorizer.other}"}'
REQUEST = {
    "api_id": "api",
    "stage": {"deploymentId": "d"},
    "stage_name": "s",
    "request_id": "r",
    "resource_path": "/",
    "headers": {},
    "query_params": {},
    "path_params": {},
}
ARN = "arn:aws:execute-api:us-east-1:000000000000:api/s/GET/x"
POLICY = {"Statement": [{"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": "*"}]}


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    api_gateway.install()
    apigateway_v1._deployed_gateway_responses["api"] = {
        "d": {
            "ACCESS_DENIED": {
                "responseType": "ACCESS_DENIED",
                "statusCode": "401",
                "responseTemplates": {"application/json": TEMPLATE},
            }
        }
    }
    yield
    apigateway_v1.reset()


def render() -> dict[str, Any]:
    status, _, body = apigateway_v1._gateway_error_response(apigateway_v1._deny_error(True), dict(REQUEST))
    assert status == 401
    parsed: dict[str, Any] = json.loads(body)
    return parsed


def test_a_fresh_denials_reason_is_rendered() -> None:
    apigateway_v1._stringify_context({"reason": "revoked"})
    apigateway_v1._evaluate_policy(POLICY, ARN)

    assert render() == {"reason": "revoked", "other": ""}


def test_a_remembered_denials_reason_is_rendered() -> None:
    apigateway_v1._stringify_context({"reason": "somebody else's"})
    apigateway_v1._authorizer_cache[("a", "r", "api", "auth", "s", "token")] = (9e9, POLICY, {"reason": "remembered"})
    apigateway_v1._evaluate_policy(POLICY, ARN)

    assert render()["reason"] == "remembered"


async def flush(stage: str) -> int:
    path = f"/restapis/api/stages/{stage}/cache/authorizers"
    status, _, _ = await apigateway_v1.handle_request("DELETE", path, {}, b"", {})
    return int(status)


def run(coroutine: Any) -> Any:
    """Run a coroutine that awaits nothing, without an event loop and its sockets."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it awaited something")


def test_flushing_forgets_this_stages_answers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apigateway_v1, "stages_for_api", lambda _: {"s": {}})
    for api, stage in (("api", "s"), ("api", "t"), ("other", "s")):
        apigateway_v1._authorizer_cache[("a", "r", api, "auth", stage, "token")] = (9e9, POLICY, {})

    assert run(flush("s")) == 202
    assert run(flush("nothing")) == 404

    assert [(key[2], key[4]) for key in apigateway_v1._authorizer_cache] == [("api", "t"), ("other", "s")]


def test_a_validator_of_a_template_is_a_real_one() -> None:
    apigateway_v1._rest_apis["api"] = {"id": "api"}
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RequestValidator"]

    physical_id, _ = handlers["create"]("V", {"RestApiId": "api", "ValidateRequestBody": "true"}, "stack")
    assert apigateway_v1._request_validators["api"][physical_id]["validateRequestBody"] is True

    same, _ = handlers["update"](physical_id, {"RestApiId": "api"}, {"RestApiId": "api"}, "stack")
    assert same == physical_id
    assert apigateway_v1._request_validators["api"][physical_id]["validateRequestBody"] is False

    replaced, _ = handlers["update"](physical_id, {"RestApiId": "api"}, {"RestApiId": "api", "Name": "n"}, "stack")
    assert list(apigateway_v1._request_validators["api"]) == [replaced]

    handlers["delete"](replaced, {"RestApiId": "api"})
    handlers["delete"](replaced, {"RestApiId": "api"})
    assert apigateway_v1._request_validators["api"] == {}


def test_a_validator_of_no_api_is_refused() -> None:
    create = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RequestValidator"]["create"]

    with pytest.raises(ValueError, match="Invalid API identifier"):
        create("V", {"RestApiId": "nope"}, "stack")


def test_a_method_keeps_its_validator() -> None:
    apigateway_v1._resources["api"] = {"res": {"id": "res", "resourceMethods": {}}}
    create = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Method"]["create"]

    create("M", {"RestApiId": "api", "ResourceId": "res", "HttpMethod": "POST", "RequestValidatorId": "v"}, "stack")

    assert apigateway_v1._resources["api"]["res"]["resourceMethods"]["POST"]["requestValidatorId"] == "v"


@pytest.mark.parametrize("path", ["v1/models", "v1/prompts/a\nb", "v1/\r\n/\u2028", ""])
def test_whatever_is_in_a_path_a_policys_star_stands_for_it(path: str) -> None:
    allowed = {"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{ARN[:-5]}*"}]}

    assert apigateway_v1._evaluate_policy(allowed, f"{ARN[:-1]}{path}") == "Allow"
    assert apigateway_v1._evaluate_policy(allowed, f"x{ARN[:-1]}{path}") == "NoMatch"
    assert apigateway_v1._evaluate_policy(POLICY, f"{ARN[:-1]}{path}") == "Deny"


def test_a_line_of_the_access_log_stays_one_whatever_was_asked_for() -> None:
    written = access_log.line(
        '{"path":"$context.path","key":"$context.authorizer.key_id","$contextual":"$context.nope"}',
        {"path": '/live/"}\n{"x":"', "authorizer.key_id": "k-1"},
    )

    assert json.loads(written) == {"path": '/live/"}\n{"x":"', "key": "k-1", "$contextual": "-"}


def test_a_stage_keeps_the_access_log_of_its_template() -> None:
    apigateway_v1._rest_apis["api"] = {"id": "api"}
    apigateway_v1._account_settings["settings"] = {"cloudwatchRoleArn": "arn:aws:iam::000000000000:role/logs"}
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Stage"]
    plain = {"RestApiId": "api", "StageName": "s", "DeploymentId": "d"}
    logging = {**plain, "AccessLogSetting": {"DestinationArn": "arn", "Format": "$context.status"}}

    def settings() -> Any:
        return apigateway_v1._stages_v1["api"]["s"]["accessLogSettings"]

    handlers["create"]("S", logging, "stack")
    assert settings() == {"destinationArn": "arn", "format": "$context.status"}
    handlers["update"]("s", logging, plain, "stack")
    assert settings() == {}


def mock(**changes: Any) -> dict[str, Any]:
    """A MOCK integration that answers 204, to two origins, as CDK writes it."""
    override = """#set($origin = $input.params().header.get("Origin"))
#if($origin == "")
  #set($origin = $input.params().header.get("origin"))
#end
#if($origin == "https://b.example" || $origin == "https://c.example")
  #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
#end"""
    return {
        "type": "MOCK",
        "requestTemplates": {"application/json": "{ statusCode: 200 }"},
        "integrationResponses": {
            "204": {
                "statusCode": "204",
                "responseParameters": {
                    "method.response.header.Access-Control-Allow-Origin": "'https://a.example'",
                    "method.response.header.x-request-id": "context.requestId",
                },
                "responseTemplates": {"application/json": override},
            }
        },
    } | changes


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, "https://a.example"),
        ({"Origin": "https://a.example"}, "https://a.example"),
        ({"Origin": "https://b.example"}, "https://b.example"),
        ({"origin": "https://c.example"}, "https://c.example"),
        ({"Origin": "https://evil.example"}, "https://a.example"),
    ],
)
def test_a_mock_integrations_templates_know_the_request(headers: dict[str, str], told: str) -> None:
    status, answered, body = mock_integrations.invoke(mock(), request=REQUEST | {"headers": headers})

    assert (status, body) == (204, b"")
    assert answered["Access-Control-Allow-Origin"] == told
    assert answered["x-request-id"] == "r"


def test_a_mock_integration_chooses_by_the_status_that_its_template_says() -> None:
    responses = {
        "400": {"statusCode": "400", "selectionPattern": "4\\d\\d", "responseTemplates": {"application/json": "no"}},
        "200": {
            "statusCode": "200",
            "responseTemplates": {"application/json": "$input.params('who') in $context.stage"},
        },
    }
    asking = {
        "application/json": '#if($input.params("who") == "")\n{"statusCode": 422}\n#else\n{"statusCode": 200}\n#end'
    }
    integration = mock(requestTemplates=asking, integrationResponses=responses)

    assert mock_integrations.invoke(integration, request=REQUEST)[0::2] == (400, b"no")
    assert mock_integrations.invoke(integration, request=REQUEST | {"query_params": {"who": ["Ann"]}})[0::2] == (
        200,
        b"Ann in s",
    )


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml; charset=utf-8"])
def test_a_mock_integration_without_a_template_for_the_body_fails(content_type: str) -> None:
    refused = mock_integrations.invoke(mock(), request=REQUEST | {"headers": {"content-type": content_type}})

    assert refused.response_type == "API_CONFIGURATION_ERROR"


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"Type": "REQUEST", "AuthorizerResultTtlInSeconds": 300}, "needs an identity source"),
        ({"Type": "REQUEST"}, "needs an identity source"),
        ({"Type": "TOKEN", "AuthorizerResultTtlInSeconds": 3601}, "0 to 3600"),
        ({"Type": "REQUEST", "AuthorizerResultTtlInSeconds": 0}, None),
        ({"Type": "REQUEST", "IdentitySource": "method.request.header.x", "AuthorizerResultTtlInSeconds": 300}, None),
        ({"Type": "TOKEN"}, None),
    ],
)
def test_what_is_remembered_needs_what_it_is_remembered_by(properties: dict[str, Any], problem: str | None) -> None:
    apigateway_v1._rest_apis["api"] = {"id": "api"}
    create = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Authorizer"]["create"]

    if problem is None:
        authorizer_id, _ = create("A", {"RestApiId": "api", **properties}, "stack")
        kept = apigateway_v1._authorizers_v1["api"][authorizer_id]
        wanted = "method.request.header.Authorization" if properties["Type"] == "TOKEN" else ""
        assert kept["identitySource"] == properties.get("IdentitySource", wanted)
    else:
        with pytest.raises(ValueError, match=problem):
            create("A", {"RestApiId": "api", **properties}, "stack")


@pytest.mark.parametrize("seconds", [0, 300])
@pytest.mark.parametrize(
    ("sources", "headers", "asked"),
    [
        ("", {}, True),
        ("method.request.header.A", {"a": "1"}, True),
        ("method.request.header.A", {}, False),
        ("method.request.header.A,method.request.header.B", {"a": "1"}, False),
        ("method.request.header.A,method.request.header.B", {"a": "1", "B": ""}, False),
        ("method.request.header.A,method.request.header.B", {"a": "1", "B": "2"}, True),
    ],
)
def test_without_all_its_identity_sources_a_request_is_nobodys(
    sources: str, headers: dict[str, str], asked: bool, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    async def invoke(*arguments: Any) -> dict[str, Any]:
        calls.append(arguments)
        return {"body": {"policyDocument": {**POLICY, "Statement": [{**POLICY["Statement"][0], "Effect": "Allow"}]}}}

    monkeypatch.setattr(apigateway_v1, "_invoke_authorizer_lambda", invoke)
    apigateway_v1._authorizers_v1["api"] = {
        "auth": {"type": "REQUEST", "identitySource": sources, "authorizerResultTtlInSeconds": seconds}
    }
    method = {"authorizationType": "CUSTOM", "authorizerId": "auth"}
    if seconds and not sources:
        return  # there is none

    error, _ = run(
        apigateway_v1._authorize_request_v1(
            "api", "s", method, "GET", "x", {"path": "/x", "id": "res"}, headers, b"", {}, {}, {}, "0", "us-east-1"
        )
    )

    assert bool(calls) is asked
    assert (error is None) is asked
    if error is not None:
        assert error.response_type == "UNAUTHORIZED"
