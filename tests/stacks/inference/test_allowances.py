"""The allowances' table, who may do what with it, and the sweeper's schedule; by itself, in a stack of its own."""

from typing import Any

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Match, Template

from configuration.config import Config
from configuration.environment_file import load
from stacks.components.checks import add_checks
from stacks.components.environment_stack import EnvironmentStack
from stacks.inference import permissions
from stacks.inference.allowances import SWEEP_MINUTES, TIMEOUT_SECONDS, Allowances
from tests import templates
from tests.kept import kept
from tests.policy import rules
from tests.varying import Vary


class AllowancesStack(EnvironmentStack):
    """A stack with the allowances and somebody who uses them."""

    def __init__(self, scope: Any, *, config: Config) -> None:
        super().__init__(scope, "Inference", config=config, account=None, description="allowances")
        allowances = Allowances(self, "Allowances")
        user = iam.Role(self, "User", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        permissions.grant_use_ledger(user, table=allowances.table)


@kept
def synthesise(config: Config) -> dict[str, Any]:
    app = templates.new_app()
    AllowancesStack(app, config=config)
    add_checks(app)
    (stack,) = app.synth().stacks
    template: dict[str, Any] = stack.template
    return template


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return synthesise(load("dev"))


def test_the_table_is_paid_by_use_backed_up_and_forgets_old_days(template: dict[str, Any]) -> None:
    Template.from_json(template).has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        },
    )


@pytest.mark.parametrize(("retain", "policy"), [(False, "Delete"), (True, "RetainExceptOnCreate")])
def test_the_table_stays_only_where_the_environment_says_so(vary: Vary, retain: bool, policy: str) -> None:
    ((_, table),) = (
        (id_, resource)
        for id_, resource in synthesise(vary(retain_data=retain))["Resources"].items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    )

    assert table["DeletionPolicy"] == policy


def test_the_sweeper_runs_every_few_minutes_and_never_beside_itself(template: dict[str, Any]) -> None:
    found = Template.from_json(template)
    found.has_resource_properties(
        "AWS::Events::Rule",
        {
            "ScheduleExpression": f"rate({SWEEP_MINUTES} minutes)",
            "State": "ENABLED",
            "Targets": [Match.object_like({"RetryPolicy": {"MaximumRetryAttempts": 0}})],
        },
    )
    found.has_resource_properties(
        "AWS::Lambda::Function",
        {"Handler": "lambdas.allowances.handler.lambda_handler", "Timeout": TIMEOUT_SECONDS},
    )
    assert TIMEOUT_SECONDS < SWEEP_MINUTES * 60


def test_each_may_do_what_it_does_and_only_to_this_table(template: dict[str, Any]) -> None:
    (table,) = (id_ for id_, _ in rules.of_type(template, "AWS::DynamoDB::Table"))
    granted = {
        id_: statement
        for id_, policy in rules.of_type(template, "AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "dynamodb" in str(statement["Action"])
    }

    (sweeper,) = (one for id_, one in granted.items() if "Sweeper" in id_)
    (user,) = (one for id_, one in granted.items() if "Sweeper" not in id_)
    assert set(sweeper["Action"]) == {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"}
    assert set(user["Action"]) == {"dynamodb:GetItem", "dynamodb:UpdateItem"}
    assert sweeper["Resource"] == user["Resource"] == {"Fn::GetAtt": [table, "Arn"]}


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
def test_the_policies_hold(template: dict[str, Any], rule: Any) -> None:
    assert rule(template) == []
