"""Every rule holds in every environment, and every rule can fail."""

from collections.abc import Callable
from typing import Any

import pytest

from configuration.environment_file import names
from tests import templates
from tests.policy import rules

Rule = Callable[[rules.Template], list[str]]


@pytest.mark.parametrize("environment", names())
@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
def test_the_rule_holds(environment: str, rule: Rule) -> None:
    for stack, template in templates.of_environment(environment).items():
        assert rule(template) == [], stack


def policy(**statement: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}


METRICS = {"POWERTOOLS_SERVICE_NAME": "s", "METRICS_ENVIRONMENT": "e"}


def function(**properties: Any) -> dict[str, Any]:
    good = {
        "Handler": "lambdas.authorizer.handler.lambda_handler",
        "Role": {"Ref": "OwnRole"},
        "LoggingConfig": {"LogGroup": {"Ref": "Logs"}},
        "TracingConfig": {"Mode": "Active"},
        "Environment": {"Variables": {"KEYS_TABLE": "t", **METRICS}},
        "Tags": [{"Key": "quarry:environment", "Value": "e"}, {"Key": "quarry:owner", "Value": "o"}],
    }
    return {"Type": "AWS::Lambda::Function", "Properties": {**good, **properties}}


def trust(service: str, **condition: Any) -> dict[str, Any]:
    statement = {"Action": "sts:AssumeRole", "Principal": {"Service": service}, **condition}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [statement]}}}


def alarm(*dimensions: str, **metric: Any) -> dict[str, Any]:
    """An alarm on a metric of ours with these dimensions."""
    ours = {"Namespace": "Quarry", "Dimensions": [{"Name": name, "Value": "v"} for name in dimensions], **metric}
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": ours}


def calculated(*dimensions: str) -> dict[str, Any]:
    """An alarm on what is calculated of a metric of ours."""
    metric = {"MetricStat": {"Metric": alarm(*dimensions)["Properties"]}}
    sums = [{"Id": "sum", "Expression": "SUM(METRICS())"}, metric]
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": sums}}


BAD: list[tuple[Rule, dict[str, Any]]] = [
    (rules.wildcard_actions, policy(Action="bedrock:*", Resource="arn")),
    (rules.wildcard_actions, policy(Action=["s3:GetObject", "s3:Get*"], Resource="arn")),
    (rules.wildcard_actions, policy(NotAction="iam:PassRole", Resource="arn")),
    (rules.star_resources, policy(Action="bedrock:InvokeModel", Resource="*")),
    (rules.star_resources, policy(Action=["xray:PutTraceSegments", "s3:GetObject"], Resource=["arn", "*"])),
    (rules.open_pass_role, policy(Action="iam:PassRole", Resource="arn")),
    (rules.open_pass_role, policy(Action="iam:PassRole", Resource=["a", "b"], Condition={"iam:PassedToService": "x"})),
    (rules.unconditional_trust, trust("bedrock.amazonaws.com")),
    (
        rules.unconditional_trust,
        trust("sagemaker.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": "1"}}),
    ),
    (rules.logs_without_retention, {"Type": "AWS::Logs::LogGroup", "Properties": {}}),
    (rules.logs_without_retention, function(LoggingConfig={})),
    (rules.log_groups_that_come_back, policy(Effect="Allow", Action=["logs:CreateLogGroup"], Resource="arn")),
    (
        rules.log_groups_that_come_back,
        {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [{"Principal": {"Service": "lambda.amazonaws.com"}}]},
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
            },
        },
    ),
    (rules.untraced_functions, function(TracingConfig={"Mode": "PassThrough"})),
    (rules.broken_handlers, function(Handler="lambdas.authorizer.handler.lamda_handler")),
    (rules.broken_handlers, function(Handler="lambdas.nothing.handler.lambda_handler")),
    (rules.broken_handlers, function(Handler="lambda_handler")),
    (rules.broken_handlers, function(Handler="lambdas/inference/start.sh")),
    (rules.mismatched_environments, function(Environment={"Variables": {"KEY_TABLE": "misspelt"}})),
    (rules.mismatched_environments, function(Environment={"Variables": {"KEYS_TABLE": "t", "UNUSED": "x"}})),
    (rules.mismatched_environments, function(Environment={})),
    (
        rules.mismatched_environments,
        function(
            Handler="lambdas.ingestion.custom_resources.lambda_handler",
            Environment={"Variables": {"WATCHER_ARN": "a setting of another function in its package"}},
        ),
    ),
    (rules.shared_metrics, function(Environment={"Variables": {"METRICS_ENVIRONMENT": "e"}})),
    (rules.shared_metrics, function(Environment={"Variables": {"POWERTOOLS_SERVICE_NAME": "s"}})),
    (rules.shared_metrics, function(Environment={"Variables": {**METRICS, "METRICS_ENVIRONMENT": ""}})),
    (rules.alarms_across_environments, alarm()),
    (rules.alarms_across_environments, alarm("service")),
    (rules.alarms_across_environments, alarm("environment")),
    (rules.alarms_across_environments, alarm("environment", "service", "another")),
    (rules.alarms_across_environments, calculated("service")),
    (rules.unencrypted_or_open_data, {"Type": "AWS::S3::Bucket", "Properties": {}}),
    (
        rules.unencrypted_or_open_data,
        {"Type": "AWS::S3::Bucket", "Properties": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}},
    ),
    (rules.unencrypted_or_open_data, {"Type": "AWS::SQS::Queue", "Properties": {}}),
    (rules.unencrypted_or_open_data, {"Type": "AWS::DynamoDB::Table", "Properties": {}}),
    (rules.untagged, function(Tags=[{"Key": "quarry:owner", "Value": "o"}])),
]


@pytest.mark.parametrize(("rule", "resource"), BAD, ids=lambda value: getattr(value, "__name__", ""))
def test_the_rule_can_fail(rule: Rule, resource: dict[str, Any]) -> None:
    assert rule({"Resources": {"Bad": resource}})


def test_two_functions_with_one_role_are_found() -> None:
    assert rules.shared_roles({"Resources": {"A": function(), "B": function()}}) == ["A", "B"]


def custom_resource(action: str) -> dict[str, Any]:
    token = {"Fn::GetAtt": ["Function", "Arn"]}
    return {"Type": "Custom::QuarryThing", "Properties": {"ServiceToken": token, "Action": action}}


@pytest.mark.parametrize(
    ("handler", "action", "known"),
    [
        ("lambdas.ingestion.starter.lambda_handler", "wait", False),
        ("lambdas.ingestion.custom_resources.lambda_handler", "wait", True),
        ("lambdas.ingestion.custom_resources.lambda_handler", "ingest", True),
        ("lambdas.ingestion.custom_resources.lambda_handler", "dance", False),
    ],
)
def test_a_custom_resource_whose_action_its_function_lacks_is_found(handler: str, action: str, known: bool) -> None:
    template = {"Resources": {"Function": function(Handler=handler), "Resource": custom_resource(action)}}

    assert rules.unknown_actions(template) == ([] if known else [f"Resource: {action}"])


def test_every_rule_was_shown_to_fail() -> None:
    assert {rule for rule, _ in BAD} | {rules.shared_roles, rules.unknown_actions} == set(rules.ALL)


def test_the_good_examples_are_good() -> None:
    good = {
        "Resources": {
            "Function": function(),
            "Role": trust(
                "bedrock.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": "1", "aws:SourceArn": "a"}}
            ),
            "Policy": policy(Action="bedrock:InvokeModel", Resource="arn"),
            "Alarm": alarm("service", "environment"),
            "Calculated": calculated("environment", "service"),
            "OfAws": alarm("QueueName", Namespace="AWS/SQS"),
        }
    }

    # The role's example has no tags because its rule is about trust.
    assert [rule.__name__ for rule in rules.ALL if rule(good)] == ["untagged"]
