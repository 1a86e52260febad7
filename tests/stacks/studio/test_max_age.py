"""The schedule that stops old apps: how often, of which domain, with which rights."""

from aws_cdk.assertions import Match, Template

from lambdas.studio.settings import MaxAgeSettings
from stacks.studio.max_age import EVERY_MINUTES, TIMEOUT_SECONDS
from tests.stacks.knowledge.variants import allowed, flat, properties
from tests.stacks.studio.domain import HOURS, template


def test_it_runs_every_quarter_of_an_hour_and_never_beside_itself() -> None:
    Template.from_json(template()).has_resource_properties(
        "AWS::Events::Rule",
        {
            "ScheduleExpression": f"rate({EVERY_MINUTES} minutes)",
            "State": "ENABLED",
            "Targets": [Match.object_like({"RetryPolicy": {"MaximumRetryAttempts": 0}})],
        },
    )
    assert properties(template(), "AWS::Lambda::Function", "MaxAge")["Timeout"] == TIMEOUT_SECONDS
    assert TIMEOUT_SECONDS < EVERY_MINUTES * 60


def test_the_function_is_told_the_domain_and_the_age() -> None:
    variables = properties(template(), "AWS::Lambda::Function", "MaxAge")["Environment"]["Variables"]

    read = MaxAgeSettings.from_env({name: flat(value) for name, value in variables.items()})

    assert (read.domain_id, read.max_age_hours) == ("<Domain>", HOURS)


def test_it_may_see_apps_and_delete_those_of_the_domain() -> None:
    every = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
    granted = {action: arn for action, arn in allowed(template(), "MaxAge").items() if action not in every}

    assert granted == {
        "sagemaker:ListApps": "*",
        "sagemaker:DeleteApp": "arn:aws:sagemaker:us-east-1:<AWS::AccountId>:app/<Domain>/*",
    }
