"""The stack of an environment's end and budget: when there is one, in which order, and who may do what."""

import json
from typing import Any

import pytest

from configuration.config import Config
from configuration.names import STACKS
from lambdas.expiry.schedules import END, WARNINGS
from stacks.components.checks import add_checks
from stacks.foundation.machine import definition
from stacks.foundation.stack import STACK_ID, FoundationStack, is_needed
from tests.kept import kept
from tests.policy import rules
from tests.policy.deployment_rules import names_in_the_way
from tests.templates import new_app
from tests.varying import Vary, vary

__all__ = ["vary"]

BUDGET = {"monthly_usd": 200, "alert_at": [50, 100], "stop_at": 80}
Template = dict[str, Any]


@kept
def _template(config: Config) -> Template:
    app = new_app()
    FoundationStack(app, STACK_ID, config=config, account=None)
    add_checks(app)
    (stack,) = app.synth().stacks
    template: Template = stack.template
    return template


@pytest.fixture(scope="module")
def templates() -> dict[str, Template]:
    """Templates with an end and a budget, and with either."""
    from configuration.environment_file import load

    document = load("dev").model_dump()

    def with_(**changes: Any) -> Template:
        return _template(Config.model_validate({**document, **changes}))

    return {
        "both": with_(budget=BUDGET),
        "end": with_(budget=None),
        "budget": with_(budget={"monthly_usd": 5}, expires_after=None, owner="the platform team"),
    }


def of_type(template: Template, kind: str) -> list[tuple[str, dict[str, Any]]]:
    return list(rules.of_type(template, kind))


def the(template: Template, kind: str) -> dict[str, Any]:
    ((_, properties),) = of_type(template, kind)
    return properties


def test_there_is_none_of_it_with_neither(vary: Vary) -> None:
    assert not is_needed(vary(expires_after=None, budget=None))
    assert is_needed(vary(expires_after="14d", budget=None))
    assert is_needed(vary(expires_after=None, budget={"monthly_usd": 1}))


def test_an_end_is_fixed_by_a_custom_resource_and_no_schedule_is_cloudformations(
    templates: dict[str, Template],
) -> None:
    properties = the(templates["end"], "Custom::QuarryEnd")

    told = [properties[name] for name in ("Action", "ExpiresAfter", "Group")]
    assert told == ["set_end", "14d", "quarry-dev-end"]
    assert of_type(templates["end"], "AWS::Scheduler::Schedule") == []
    tags = the(templates["end"], "AWS::Scheduler::ScheduleGroup")["Tags"]
    assert {"Key": "quarry:environment", "Value": "dev"} in tags
    assert of_type(templates["budget"], "Custom::QuarryEnd") == []


def test_the_budget_is_on_the_environments_tag_and_tells_the_topic(templates: dict[str, Template]) -> None:
    properties = the(templates["both"], "AWS::Budgets::Budget")

    assert properties["Budget"]["CostFilters"] == {"TagKeyValue": ["user:quarry:environment$dev"]}
    assert properties["Budget"]["BudgetLimit"] == {"Amount": 200, "Unit": "USD"}
    told = properties["NotificationsWithSubscribers"]
    assert [one["Notification"]["Threshold"] for one in told] == [50, 100]
    statements = the(templates["both"], "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (budgets,) = [one for one in statements if one["Principal"] == {"Service": "budgets.amazonaws.com"}]
    assert set(budgets["Condition"]) == {"StringEquals", "ArnLike"}
    assert of_type(templates["end"], "AWS::Budgets::Budget") == []


def test_other_thresholds_make_another_budget_under_another_name(templates: dict[str, Template]) -> None:
    both, other = (the(templates[one], "AWS::Budgets::Budget") for one in ("both", "budget"))

    assert both["NotificationsWithSubscribers"] != other["NotificationsWithSubscribers"]
    assert names_in_the_way(templates["both"], templates["budget"]) == []


def test_an_owner_with_an_address_is_subscribed(templates: dict[str, Template]) -> None:
    assert the(templates["end"], "AWS::SNS::Subscription")["Endpoint"] == "platform@example.com"
    assert of_type(templates["budget"], "AWS::SNS::Subscription") == []


def test_only_a_budget_is_watched_and_told_to_others(templates: dict[str, Template]) -> None:
    assert the(templates["both"], "AWS::Events::Rule")["ScheduleExpression"] == "rate(1 minute)"
    assert the(templates["both"], "AWS::SSM::Parameter")["Name"] == "/quarry/dev/environment-table"
    for kind in ("AWS::Events::Rule", "AWS::SSM::Parameter"):
        assert of_type(templates["end"], kind) == []


def _statements(template: Template, role: str) -> list[dict[str, Any]]:
    return [
        statement
        for id_, properties in of_type(template, "AWS::IAM::Policy")
        if id_.startswith(role)
        for statement in properties["PolicyDocument"]["Statement"]
    ]


def test_who_ends_it_may_ask_for_the_deletion_of_its_stacks_by_name_and_pass_no_role_to_cloudformation(
    templates: dict[str, Template],
) -> None:
    statements = _statements(templates["both"], "EndingRole")

    (deletes,) = [one for one in statements if "cloudformation:DeleteStack" in one["Action"]]
    names = [json.dumps(arn).split(":stack/")[1].split("/")[0] for arn in deletes["Resource"]]
    assert sorted(names) == sorted(f"quarry-dev-{id_.lower()}" for id_ in STACKS)
    passes = [one for one in statements if one["Action"] == "iam:PassRole"]
    assert [one["Condition"] for one in passes] == [
        {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    ]
    tagged = [one for one in statements if "bedrock:DeleteProvisionedModelThroughput" in one["Action"]]
    assert [one["Condition"] for one in tagged] == [{"StringEquals": {"aws:ResourceTag/quarry:environment": "dev"}}]


def _actions(template: Template, role: str) -> set[str]:
    return {
        action
        for one in _statements(template, role)
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }


def _changing(actions: set[str]) -> set[str]:
    """Return those that change something, but for the function's own log and traces."""
    own = ("logs:", "xray:")
    reads = ("Describe", "Get", "List")
    return {one for one in actions if not one.startswith(own) and not one.partition(":")[2].startswith(reads)}


def test_a_budget_alone_ends_what_runs_and_lets_nobody_delete_stacks_models_disks_or_keys(
    templates: dict[str, Template],
) -> None:
    assert _changing(_actions(templates["budget"], "EndingRole")) == {
        "bedrock:DeleteCustomModelDeployment",
        "bedrock:DeleteProvisionedModelThroughput",
        "bedrock:StopEvaluationJob",
        "bedrock:StopIngestionJob",
        "bedrock:StopModelCustomizationJob",
        "bedrock:StopModelInvocationJob",
        "sagemaker:DeleteApp",
        "sns:Publish",
    }
    assert not {one for one in _actions(templates["budget"], "EndingRole") if one.startswith("dynamodb:")}


def test_an_end_takes_what_is_kept_too(templates: dict[str, Template]) -> None:
    ends = _actions(templates["end"], "EndingRole")

    assert {"bedrock:DeleteCustomModel", "bedrock:ListCustomModels", "sagemaker:DeleteSpace", "dynamodb:Scan"} <= ends
    for role in ("EndingRole", "KeeperRole"):
        assert "bedrock:ListCustomModels" not in _actions(templates["budget"], role), role


def test_the_keeper_deletes_nothing_but_its_own(templates: dict[str, Template]) -> None:
    actions = _actions(templates["both"], "KeeperRole")

    assert {action for action in actions if "Delete" in action or "Stop" in action} == {
        "dynamodb:DeleteItem",
        "scheduler:DeleteSchedule",
    }


def test_the_keeper_starts_the_machine_of_a_budget_only_and_takes_away_an_end_only_where_there_is_one(
    templates: dict[str, Template],
) -> None:
    may = {name: _actions(template, "KeeperRole") for name, template in templates.items()}

    assert {name for name in may if "states:StartExecution" in may[name]} == {"both", "budget"}
    assert {name for name in may if "dynamodb:DeleteItem" in may[name]} == {"both", "end"}


def test_schedules_are_named_in_the_rights(templates: dict[str, Template]) -> None:
    (makes,) = [
        one for one in _statements(templates["end"], "EndLifecycle") if "scheduler:CreateSchedule" in one["Action"]
    ]

    names = {json.dumps(arn).split("/quarry-dev-end/")[1].split('"')[0] for arn in makes["Resource"]}
    assert names == {END, *WARNINGS}


def test_who_ends_it_may_only_have_the_end_itself_begun_again(templates: dict[str, Template]) -> None:
    (makes,) = [
        one for one in _statements(templates["end"], "EndingRole") if "scheduler:CreateSchedule" in one["Action"]
    ]

    assert json.dumps(makes["Resource"]).split("/quarry-dev-end/")[1].split('"')[0] == END
    assert "warn" not in json.dumps(makes["Resource"])


def test_the_table_goes_with_the_stack_whatever_else_is_kept(vary: Vary) -> None:
    template = _template(vary(retain_data=True))
    ((id_, properties),) = of_type(template, "AWS::DynamoDB::Table")

    assert template["Resources"][id_]["DeletionPolicy"] == "Delete"
    assert properties["DeletionProtectionEnabled"] is False


def test_the_machine_steps_until_it_is_done_and_tells_what_fails_for_good() -> None:
    states = definition(function_arn="f", topic_arn="t", environment="dev")["States"]

    assert states["Step"]["Catch"][0]["Next"] == "Tell"
    assert states["Done?"]["Default"] == "Step"
    assert states["Wait"]["Next"] == "Step"
    assert "quarry teardown --environment dev" in states["Tell"]["Parameters"]["Message.$"]
