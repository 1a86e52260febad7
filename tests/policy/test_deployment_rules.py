"""Every rule about what becomes of a template holds in every environment, and every rule can fail."""

from collections.abc import Callable
from typing import Any

import pytest

from configuration.environment_file import load, names
from tests import templates
from tests.policy import deployment_rules as rules

Rule = Callable[[rules.Template], list[str]]

GROUP = {"Fn::GetAtt": ["Group", "Arn"]}
MACHINE = {
    "Type": "AWS::StepFunctions::StateMachine",
    "Properties": {
        "LoggingConfiguration": {"Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": GROUP}}], "Level": "ALL"}
    },
}
VENDED = {
    "Type": "AWS::Logs::LogGroup",
    "Properties": {"LogGroupName": {"Fn::Join": ["", ["/aws/vendedlogs/states/quarry-", {"Ref": "AWS::StackId"}]]}},
}
SETTING = {
    "Type": "AWS::ApiGateway::Account",
    "Properties": {"CloudWatchRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
}
KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {}}
TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {}}
OWNER = {"quarry:owner": "o"}
GONE_WITH_A_FAILURE = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


@pytest.mark.parametrize("environment", names())
@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
def test_the_rule_holds(environment: str, rule: Rule) -> None:
    for stack, template in templates.of_environment(environment).items():
        assert rule(template) == [], stack


def test_there_is_something_that_the_rules_are_about() -> None:
    every = [
        resource
        for environment in names()
        for template in templates.of_environment(environment).values()
        for resource in template["Resources"].values()
    ]

    assert load("production").retain_data
    assert {"AWS::StepFunctions::StateMachine", "AWS::ApiGateway::Account"} <= {one["Type"] for one in every}
    assert any(one.get("DeletionPolicy") == "RetainExceptOnCreate" for one in every)


BAD: list[tuple[Rule, dict[str, Any]]] = [
    (rules.logs_that_are_not_vended, {"Machine": MACHINE, "Group": {"Type": "AWS::Logs::LogGroup"}}),
    (
        rules.logs_that_are_not_vended,
        {"Machine": MACHINE, "Group": {**VENDED, "Properties": {"LogGroupName": "/aws/states/x"}}},
    ),
    (rules.logs_that_are_not_vended, {"Machine": {**MACHINE, "Properties": {}}, "Group": VENDED}),
    (rules.left_by_a_failed_deployment, {"Table": {**TABLE, **KEPT}}),
    (rules.left_by_a_failed_deployment, {"Role": {**ROLE, **KEPT}}),
    (
        rules.protected_from_its_roll_back,
        {"Table": {**TABLE, "Properties": {"DeletionProtectionEnabled": True}, **GONE_WITH_A_FAILURE}},
    ),
    (
        rules.protected_from_its_roll_back,
        {"Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"DeletionProtection": "ACTIVE"}}},
    ),
    (rules.account_setting_that_goes, {"Account": SETTING, "Role": {**ROLE, **KEPT}}),
    (rules.account_setting_that_goes, {"Account": {**SETTING, **KEPT}, "Role": ROLE}),
    (
        rules.account_setting_that_goes,
        {"Account": {**SETTING, **KEPT}, "Role": {**ROLE, **GONE_WITH_A_FAILURE}},
    ),
    (
        rules.tags_that_cost_a_replacement,
        {"Version": {"Type": "AWS::Bedrock::PromptVersion", "Properties": {"Tags": OWNER}}},
    ),
]


@pytest.mark.parametrize(("rule", "resources"), BAD, ids=lambda value: getattr(value, "__name__", ""))
def test_the_rule_can_fail(rule: Rule, resources: dict[str, Any]) -> None:
    assert rule({"Resources": resources})


def test_every_rule_was_shown_to_fail() -> None:
    assert {rule for rule, _ in BAD} == set(rules.ALL)


def test_the_good_examples_are_good() -> None:
    resources = {
        "Machine": MACHINE,
        "Group": {**VENDED, **GONE_WITH_A_FAILURE},
        "Account": {**SETTING, **KEPT},
        "Role": {**ROLE, **KEPT},
        "Table": {**TABLE, "Properties": {"DeletionProtectionEnabled": False}, **GONE_WITH_A_FAILURE},
        "Version": {"Type": "AWS::Bedrock::PromptVersion", "Properties": {"Tags": {"quarry:environment": "e"}}},
        "Config": {"Type": "AWS::SageMaker::StudioLifecycleConfig", "Properties": {"Tags": [{"Key": "quarry:owner"}]}},
    }

    assert [rule.__name__ for rule in rules.ALL if rule({"Resources": resources})] == []


def budget(name: str, threshold: int) -> dict[str, Any]:
    told = [{"Notification": {"Threshold": threshold}}]
    properties = {"Budget": {"BudgetName": name}, "NotificationsWithSubscribers": told}
    return {"Resources": {"Budget": {"Type": "AWS::Budgets::Budget", "Properties": properties}}}


def test_a_name_that_stays_is_in_the_way_of_what_is_replaced() -> None:
    assert rules.names_in_the_way(budget("a", 50), budget("a", 60)) == ["Budget (NotificationsWithSubscribers)"]
    assert rules.names_in_the_way(budget("a", 50), budget("b", 60)) == []
    assert rules.names_in_the_way(budget("a", 50), budget("a", 50)) == []
