"""The inference stack: what a caller meets, and what its functions may do."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from configuration.environment_file import load
from lambdas.api.settings import InferenceSettings
from lambdas.authorizer.settings import TIMEOUT_SECONDS
from tests import templates
from tests.varying import Vary

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
HEIR = "anthropic.claude-haiku-5-5"
US = ("us-east-1", "us-east-2", "us-west-2")


@pytest.fixture(scope="module")
def dev() -> Template:
    return templates.template("dev", "Inference")


def resources(environment: str, kind: str) -> dict[str, dict[str, Any]]:
    every = templates.of_environment(environment)["Inference"]["Resources"]
    return {id_: resource for id_, resource in every.items() if resource["Type"] == kind}


def statements(template: dict[str, Any], action: str, role: str = "InferenceRole") -> list[dict[str, Any]]:
    """Return one role's statements that have the action; "" is every role."""
    return [
        statement
        for id_, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Policy" and id_.startswith(role)
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        if action in statement["Action"]
    ]


def flat(value: Any) -> str:
    """Return a Join of strings and references as one string."""
    if isinstance(value, dict):
        parts = value["Fn::Join"][1] if "Fn::Join" in value else [f"<{next(iter(value.values()))}>"]
        return "".join(flat(part) for part in parts)
    return str(value)


def test_the_api_is_regional_throttled_and_logs_no_bodies(dev: Template) -> None:
    dev.has_resource_properties("AWS::ApiGateway::RestApi", {"EndpointConfiguration": {"Types": ["REGIONAL"]}})
    dev.has_resource_properties(
        "AWS::ApiGateway::Stage",
        {
            "StageName": "api",
            "MethodSettings": [
                Match.object_like(
                    {
                        "DataTraceEnabled": False,
                        "LoggingLevel": "OFF",
                        "ThrottlingRateLimit": 50,
                        "ThrottlingBurstLimit": 100,
                    }
                )
            ],
        },
    )


def test_every_method_wants_a_key_and_posts_want_a_json_object() -> None:
    every = [method["Properties"] for method in resources("dev", "AWS::ApiGateway::Method").values()]
    # Behind the others is nothing (test_unanswered.py), or a file (tests/stacks/playground).
    methods = [method for method in every if method["Integration"]["Type"] == "AWS_PROXY"]

    assert {method["HttpMethod"] for method in methods} == {"GET", "POST", "DELETE"}
    assert all(method["AuthorizationType"] == "CUSTOM" for method in methods)
    assert all(
        ("RequestModels" in method, "RequestValidatorId" in method) == (method["HttpMethod"] == "POST", True)
        for method in methods
    )


def test_the_access_log_is_json_whatever_the_values_are() -> None:
    (stage,) = resources("dev", "AWS::ApiGateway::Stage").values()

    line = json.loads(stage["Properties"]["AccessLogSetting"]["Format"])

    assert {"requestId", "status", "keyId", "latencyMs"} <= set(line)
    assert not any("body" in value.lower() for value in line.values())


def test_the_gateways_own_refusals_have_openais_shape_and_anthropics() -> None:
    answers = {
        resource["Properties"]["ResponseType"]: resource["Properties"]
        for resource in resources("dev", "AWS::ApiGateway::GatewayResponse").values()
    }

    assert {"UNAUTHORIZED", "ACCESS_DENIED", "THROTTLED", "DEFAULT_4XX", "DEFAULT_5XX"} <= set(answers)
    for answer in answers.values():
        body = json.loads(answer["ResponseTemplates"]["application/json"])
        assert set(body.pop("error")) == {"message", "type", "param", "code"}
        assert body == {"type": "error", "request_id": "$context.requestId"}
        told = answer["ResponseParameters"]
        for name in ("x-request-id", "request-id"):
            assert told[f"gatewayresponse.header.{name}"] == "context.requestId"
    assert answers["ACCESS_DENIED"]["StatusCode"] == "401"
    # The authorizer knows whom it serves.
    assert "$context.authorizer.error_type" in answers["ACCESS_DENIED"]["ResponseTemplates"]["application/json"]
    assert "gatewayresponse.header.Retry-After" in answers["THROTTLED"]["ResponseParameters"]


def test_the_access_log_waits_for_the_accounts_role() -> None:
    (stage,) = resources("dev", "AWS::ApiGateway::Stage").values()
    (account,) = resources("dev", "AWS::ApiGateway::Account")

    assert account in stage["DependsOn"]


def test_tables_are_protected_when_all_else_is_there_and_only_where_data_stays() -> None:
    template = templates.of_environment("production")["Inference"]
    (protection,) = resources("production", "Custom::QuarryTableProtection").values()
    (id_,) = resources("production", "Custom::QuarryTableProtection")
    own = {one for one in template["Resources"] if one.startswith("LifecycleFunction")}

    assert {one["Ref"] for one in protection["Properties"]["Tables"]} == set(
        resources("production", "AWS::DynamoDB::Table")
    )
    assert set(template["Resources"]) - set(protection["DependsOn"]) == {id_, *own}
    assert not resources("dev", "Custom::QuarryTableProtection")


def test_the_guardrails_version_is_pinned_as_the_functions_name_it() -> None:
    parameters = resources("dev", "AWS::SSM::Parameter").values()
    (pin,) = [one["Properties"] for one in parameters if "/pins/" in str(one["Properties"]["Name"])]
    functions = resources("dev", "AWS::Lambda::Function").values()
    named = [one["Properties"]["Environment"]["Variables"].get("GUARDRAIL_VERSION") for one in functions]

    assert pin["Name"] == "/quarry/dev/guardrail/pins/inference"
    assert [one for one in named if one] == [pin["Value"]] * 2


def test_a_second_environment_of_an_account_leaves_its_role_alone(vary: Vary) -> None:
    template = templates.of(vary(inference={"owns_api_gateway_account": False}))["Inference"]

    assert not any(resource["Type"] == "AWS::ApiGateway::Account" for resource in template["Resources"].values())


def test_a_call_needs_the_profile_and_the_model_in_every_region_it_may_go_to() -> None:
    every = statements(templates.of_environment("dev")["Inference"], "bedrock:InvokeModel")
    # What is tuned has a statement, and tests, of its own: test_tuned_models.py.
    allowed = [statement for statement in every if "aws:ResourceTag" not in str(statement.get("Condition"))]

    by_condition: dict[str, set[str]] = {}
    for statement in allowed:
        named = statement.get("Condition", {}).get("StringEquals", {}).get("bedrock:InferenceProfileArn", "")
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        by_condition.setdefault(flat(named), set()).update(flat(arn) for arn in resources)
    profiles = {one: f"arn:aws:bedrock:us-east-1:<AWS::AccountId>:inference-profile/us.{one}" for one in (HAIKU, HEIR)}
    assert by_condition == {
        "": {
            *profiles.values(),
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        },
        # Only for calls that come through the profile.
        **{
            profile: {f"arn:aws:bedrock:{region}::foundation-model/{model}" for region in US}
            for model, profile in profiles.items()
        },
    }


def test_only_the_streaming_function_embeds_and_it_streams_no_vectors() -> None:
    template = templates.of_environment("dev")["Inference"]

    of_chat = [
        one for one in statements(template, "bedrock:InvokeModel", "ChatRole") if "embed" in str(one["Resource"])
    ]
    others = [one for one in statements(template, "bedrock:InvokeModel") if "embed" in str(one["Resource"])]

    assert [one["Action"] for one in of_chat] == ["bedrock:InvokeModel"]
    assert others == []


def test_only_the_inference_function_lists_and_deletes_sessions_and_reads_past_days() -> None:
    template = templates.of_environment("dev")["Inference"]

    for action in ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem"):
        assert statements(template, action)
        assert statements(template, action, "ChatRole") == []
    (queried,) = statements(template, "dynamodb:Query", "ChatRole")
    assert "Sessions" in str(queried["Resource"])
    assert "index" not in str(queried["Resource"])


def test_only_the_streaming_function_reads_several_responses_together() -> None:
    # The other one reads or deletes one; what goes before a request is none of it.
    template = templates.of_environment("dev")["Inference"]

    (together,) = statements(template, "dynamodb:BatchGetItem", "ChatRole")
    assert "Sessions" in str(together["Resource"])
    assert statements(template, "dynamodb:BatchGetItem") == []


def test_where_spending_is_allocated_calls_go_through_a_tagged_profile(vary: Vary) -> None:
    template = templates.of(vary(models={"cost_allocation": True}))["Inference"]

    profiles = {
        id_: resource["Properties"]
        for id_, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Bedrock::ApplicationInferenceProfile"
    }
    assert sorted(flat(profile["ModelSource"]["CopyFrom"]) for profile in profiles.values()) == [
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0",
        f"arn:aws:bedrock:us-east-1:<AWS::AccountId>:inference-profile/us.{HAIKU}",
        f"arn:aws:bedrock:us-east-1:<AWS::AccountId>:inference-profile/us.{HEIR}",
    ]
    assert {"Key": "quarry:alias", "Value": "smart"} in next(
        profile["Tags"] for profile in profiles.values() if "haiku" in str(profile)
    )
    allowed = statements(template, "bedrock:InvokeModel")
    assert not any(
        "foundation-model" in str(statement["Resource"]) for statement in allowed if "Condition" not in statement
    )
    assert len([statement for statement in allowed if "Condition" in statement]) == 4


CUSTOM = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"


def test_a_custom_model_is_called_by_its_arn_and_nothing_beside_it_is_allowed(vary: Vary) -> None:
    config = vary(models={"aliases": {"tuned": [{"arn": CUSTOM, "base": "amazon.nova-micro-v1:0"}]}}, knowledge=None)

    (statement,) = statements(templates.of(config)["Inference"], "bedrock:InvokeModel")

    assert statement["Resource"] == CUSTOM


def test_global_routing_names_the_model_with_and_without_a_region(vary: Vary) -> None:
    config = vary(region="sa-east-1", models={"aliases": {"smart": [HAIKU]}, "residency": "global"}, knowledge=None)

    allowed = statements(templates.of(config)["Inference"], "bedrock:InvokeModel")

    (routed,) = [statement for statement in allowed if "Condition" in statement]
    assert {flat(arn) for arn in routed["Resource"]} == {
        f"arn:aws:bedrock:sa-east-1::foundation-model/{HAIKU}",
        f"arn:aws:bedrock:::foundation-model/{HAIKU}",
    }


RERANKER = "cohere.rerank-v3-5:0"


def test_an_alias_that_reranks_is_reranked_with_and_neither_conversed_with_nor_allocated(vary: Vary) -> None:
    aliases = {"fast": ["amazon.nova-micro-v1:0"], "rerank": [RERANKER]}
    config = vary(models={"aliases": aliases, "cost_allocation": True}, knowledge=None)

    template = templates.of(config)["Inference"]

    (reranking,) = statements(template, "bedrock:Rerank")
    assert reranking["Resource"] == "*"
    named = [one for one in statements(template, "bedrock:InvokeModel") if RERANKER in str(one["Resource"])]
    assert [one["Action"] for one in named] == ["bedrock:InvokeModel"]
    assert named == [
        one for one in statements(template, "bedrock:InvokeModel", "InferenceRole") if RERANKER in str(one["Resource"])
    ]
    profiles = [one for one in template["Resources"].values() if "ApplicationInferenceProfile" in one["Type"]]
    assert len(profiles) == 1


def test_without_one_nothing_may_be_reranked() -> None:
    assert statements(templates.of_environment("dev")["Inference"], "bedrock:Rerank") == []


def test_where_keys_come_in_either_header_nothing_is_remembered() -> None:
    authorizers = resources("dev", "AWS::ApiGateway::Authorizer")
    (either,) = [id_ for id_, one in authorizers.items() if one["Properties"]["Type"] == "REQUEST"]
    methods = [one["Properties"] for one in resources("dev", "AWS::ApiGateway::Method").values()]
    template = templates.of_environment("dev")["Inference"]

    # What is remembered by one header, API Gateway would demand of those who send the other.
    assert authorizers[either]["Properties"]["AuthorizerResultTtlInSeconds"] == 0
    assert "IdentitySource" not in authorizers[either]["Properties"]
    asking = [one for one in methods if one.get("AuthorizerId") == {"Ref": either}]
    resources_asking = [template["Resources"][one["ResourceId"]["Ref"]]["Properties"] for one in asking]
    assert sorted(one["PathPart"] for one in resources_asking) == ["count_tokens", "messages", "models", "{id}"]
    assert [one["HttpMethod"] for one in asking if "models" in str(one["ResourceId"])] == ["GET", "GET"]
    others = {str(one.get("AuthorizerId")) for one in methods if one["AuthorizationType"] == "CUSTOM"}
    assert len(others) == 2
    permitted = [
        str(one["Properties"]["SourceArn"])
        for one in resources("dev", "AWS::Lambda::Permission").values()
        if "authorizers" in str(one["Properties"].get("SourceArn"))
    ]
    assert sorted(next(id_ for id_ in authorizers if id_ in arn) for arn in permitted) == sorted(authorizers)


def test_tokens_are_counted_for_claude_alone() -> None:
    (counting,) = statements(templates.of_environment("dev")["Inference"], "bedrock:CountTokens", "ChatRole")

    named = counting["Resource"] if isinstance(counting["Resource"], list) else [counting["Resource"]]
    assert all("::foundation-model/anthropic." in str(arn) for arn in named)
    assert statements(templates.of_environment("workshop")["Inference"], "bedrock:CountTokens") == []


def test_the_authorizer_may_look_keys_up_and_nothing_else() -> None:
    (statement,) = statements(templates.of_environment("dev")["Inference"], "dynamodb:GetItem", "AuthorizerRole")

    assert statement["Action"] == "dynamodb:GetItem"
    assert "Keys" in str(statement["Resource"])


def test_each_time_out_is_shorter_than_its_callers() -> None:
    (function,) = (
        resource["Properties"]
        for resource in resources("dev", "AWS::Lambda::Function").values()
        if "api.handler" in resource["Properties"]["Handler"]
    )
    integrations = [
        method["Properties"]["Integration"]["TimeoutInMillis"]
        for method in resources("dev", "AWS::ApiGateway::Method").values()
        if method["Properties"]["Integration"].get("ResponseTransferMode") != "STREAM"
        and method["Properties"]["Integration"]["Type"] == "AWS_PROXY"
    ]

    call = float(function["Environment"]["Variables"]["READ_TIMEOUT_SECONDS"])
    assert call < function["Timeout"] < min(integrations) / 1000


def test_chat_streams_through_the_adapter_and_every_time_out_is_shorter_than_its_callers() -> None:
    (chat,) = (
        resource["Properties"]
        for resource in resources("dev", "AWS::Lambda::Function").values()
        if resource["Properties"]["Handler"] == "lambdas/api/run.sh"
    )
    chatting, *others = (
        method["Properties"]["Integration"]
        for method in resources("dev", "AWS::ApiGateway::Method").values()
        if method["Properties"]["Integration"].get("ResponseTransferMode") == "STREAM"
    )

    variables = chat["Environment"]["Variables"]
    assert flat(chatting["Uri"]).endswith("/response-streaming-invocations")
    # Messages and questions to the documents; embeddings and counts, whose answers may be longer than a function's.
    assert {one["Uri"] == chatting["Uri"] for one in others} == {True}
    assert variables["AWS_LWA_INVOKE_MODE"] == "response_stream"
    assert any("753240598075:layer:LambdaAdapterLayerArm64:27" in flat(layer) for layer in chat["Layers"])
    assert float(variables["READ_TIMEOUT_SECONDS"]) < chat["Timeout"] < chatting["TimeoutInMillis"] / 1000


def test_only_the_streaming_function_may_stream() -> None:
    template = templates.of_environment("dev")["Inference"]

    assert statements(template, "bedrock:InvokeModelWithResponseStream", "ChatRole")
    assert len(statements(template, "bedrock:InvokeModelWithResponseStream", "")) == len(
        statements(template, "bedrock:InvokeModelWithResponseStream", "ChatRole")
    )


def test_the_function_gets_what_its_settings_class_reads() -> None:
    (variables,) = (
        resource["Properties"]["Environment"]["Variables"]
        for resource in resources("dev", "AWS::Lambda::Function").values()
        if "api.handler" in resource["Properties"]["Handler"]
    )
    environ = {name: flat(value) for name, value in variables.items()}

    settings = InferenceSettings.from_env(environ)

    assert settings.aliases["smart"] == (f"us.{HAIKU}", f"us.{HEIR}")
    assert settings.max_body_bytes == 1024 * 1024


@pytest.mark.parametrize(("environment", "policy"), [("dev", "Delete"), ("production", "RetainExceptOnCreate")])
def test_data_stays_only_where_the_environment_says_so(environment: str, policy: str) -> None:
    stateful = [
        *resources(environment, "AWS::DynamoDB::Table").values(),
        *resources(environment, "AWS::Logs::LogGroup").values(),
    ]

    assert {resource["DeletionPolicy"] for resource in stateful} == {policy}


def test_templates_name_the_local_aws_nowhere() -> None:
    pages = load("sandbox").inference.cors
    assert pages is not None
    for template in templates.of_environment("sandbox").values():
        text = json.dumps(template)
        for origin in pages.origins:
            text = text.replace(origin, "")
        assert "localhost" not in text


def test_an_authorizer_is_dead_when_those_who_wait_for_it_think_so(dev: Template) -> None:
    authorizer = {"Properties": {"Handler": "lambdas.authorizer.handler.lambda_handler"}}

    found = dev.find_resources("AWS::Lambda::Function", authorizer)

    assert [function["Properties"]["Timeout"] for function in found.values()] == [TIMEOUT_SECONDS]
