"""The sessions' knobs, table and permissions."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Match, Template

from configuration.config import Config
from configuration.environment_file import load
from lambdas.sessions import items
from stacks.components.environment_stack import EnvironmentStack
from stacks.inference import permissions
from stacks.inference.sessions_table import SessionsTable
from tests.policy import rules
from tests.templates import new_app
from tests.varying import Vary


@pytest.fixture
def template() -> Callable[[Config], Template]:
    """Return the template of a stack with the table and a role that may use it."""

    def made(config: Config) -> Template:
        stack = EnvironmentStack(new_app(), "Test", config=config, account=None, description="test")
        role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        table = SessionsTable(stack, "Sessions").table
        permissions.grant_manage_sessions(role, table=table, owner_index=items.OWNER_INDEX)
        return Template.from_stack(stack)

    return made


def test_sessions_expire_by_themselves_and_are_listed_by_owner(template: Callable[[Config], Template]) -> None:
    template(load("dev")).has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "TimeToLiveSpecification": {"AttributeName": items.TIME_TO_LIVE, "Enabled": True},
            "BillingMode": "PAY_PER_REQUEST",
            "GlobalSecondaryIndexes": [
                Match.object_like(
                    {
                        "IndexName": items.OWNER_INDEX,
                        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(items.LISTED)},
                    }
                )
            ],
        },
    )


@pytest.mark.parametrize(("environment", "policy"), [("dev", "Delete"), ("production", "RetainExceptOnCreate")])
def test_sessions_stay_only_where_the_environment_says_so(
    template: Callable[[Config], Template], environment: str, policy: str
) -> None:
    template(load(environment)).has_resource("AWS::DynamoDB::Table", {"DeletionPolicy": policy})


def test_the_index_may_only_be_queried_and_nothing_scanned(template: Callable[[Config], Template]) -> None:
    document = dict(template(load("dev")).to_json())

    statements = [
        statement
        for resource in document["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]
    by_index = {"index/by-owner" in str(one["Resource"]): one["Action"] for one in statements}
    assert by_index == {True: "dynamodb:Query", False: ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem"]}
    assert [rule.__name__ for rule in rules.ALL if rule(document)] == []


def test_the_knobs_have_defaults_that_work() -> None:
    config = load("dev")

    assert config.inference.session_ttl_seconds == 30 * 24 * 3600
    assert config.inference.history_token_budget == 4000
    assert config.summary_alias == "fast"


def test_a_summary_alias_can_be_chosen(vary: Vary) -> None:
    assert vary(inference={"summary_alias": "smart", "session_ttl": "8h"}).summary_alias == "smart"


@pytest.mark.parametrize(
    ("knobs", "says"),
    [
        ({"session_ttl": "30m"}, "from 1h to 400d"),
        ({"session_ttl": "10y"}, "is not a duration"),
        ({"session_ttl": 30}, "string"),
        ({"history_token_budget": 999}, "greater than or equal to 1000"),
        ({"summary_alias": "nope"}, "inference.summary_alias: 'nope' is not accepted: .* fast, smart"),
    ],
)
def test_a_wrong_knob_is_refused(vary: Vary, knobs: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        vary(inference=knobs)


def test_an_alias_that_cannot_chat_writes_no_summaries(vary: Vary) -> None:
    embedding = {"embed": ["amazon.titan-embed-text-v2:0"]}
    chatting = {"embed": embedding["embed"], "fast": ["amazon.nova-micro-v1:0"]}

    assert vary(models={"aliases": chatting}).summary_alias == "fast"
    with pytest.raises(ValueError, match="an alias that can chat: fast"):
        vary(models={"aliases": chatting}, inference={"summary_alias": "embed"})
    with pytest.raises(ValueError, match="none of them has a model that can chat"):
        vary(models={"aliases": embedding})
