"""The function of a stack's custom resources: how long CloudFormation waits for it, and when it may call itself."""

from typing import Any

import pytest
from aws_cdk import CfnResource

from configuration.environment_file import load
from stacks.components.checks import add_checks
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.lifecycle import SERVICE_TIMEOUT_SECONDS, TIMEOUT_SECONDS, Lifecycle
from tests import templates
from tests.kept import kept
from tests.policy import rules

HANDLER = "lambdas.ingestion.custom_resources.lambda_handler"


@kept
def synthesise(**options: Any) -> dict[str, Any]:
    """Return the template of a stack with one custom resource."""
    app = templates.new_app()
    stack = EnvironmentStack(app, "Tidy", config=load("dev"), account=None, description="a custom resource")
    lifecycle = Lifecycle(stack, "Lifecycle", handler=HANDLER, description="Tidies", **options)
    first = CfnResource(stack, "First", type="AWS::CloudFormation::WaitConditionHandle")
    lifecycle.resource(stack, "Tidy", kind="Tidy", action="wait", properties={"People": ["a", "b"]}, after=[first])
    add_checks(app)
    (artifact,) = app.synth().stacks
    template: dict[str, Any] = artifact.template
    return template


def the(template: dict[str, Any], type_: str) -> tuple[str, dict[str, Any]]:
    """Return (logical id, resource) of the one of a type."""
    (found,) = ((id_, one) for id_, one in template["Resources"].items() if one["Type"] == type_)
    return found


def test_a_resource_hands_on_its_properties_and_comes_after_what_it_needs() -> None:
    _, resource = the(synthesise(), "Custom::QuarryTidy")

    assert resource["Properties"]["Action"] == "wait"
    assert resource["Properties"]["People"] == ["a", "b"]
    assert "First" in resource["DependsOn"]


def test_a_function_that_runs_once_cannot_call_itself() -> None:
    template = synthesise()
    _, resource = the(template, "Custom::QuarryTidy")

    assert resource["Properties"]["ServiceTimeout"] == str(SERVICE_TIMEOUT_SECONDS)
    assert "lambda:InvokeFunction" not in str(list(rules.of_type(template, "AWS::IAM::Policy")))


def test_one_that_runs_more_often_may_call_itself_and_nothing_else_and_is_waited_for_as_long() -> None:
    template = synthesise(runs=5)
    function, _ = the(template, "AWS::Lambda::Function")
    _, resource = the(template, "Custom::QuarryTidy")
    ((policy, statement),) = (
        (id_, statement)
        for id_, one in rules.of_type(template, "AWS::IAM::Policy")
        for statement in one["PolicyDocument"]["Statement"]
        if statement["Action"] == "lambda:InvokeFunction"
    )

    assert statement["Resource"] == {"Fn::GetAtt": [function, "Arn"]}
    # It may as soon as it is asked, and as long as it is needed.
    assert policy in resource["DependsOn"]
    assert int(resource["Properties"]["ServiceTimeout"]) >= 5 * TIMEOUT_SECONDS
    # CloudFormation waits no longer.
    assert int(resource["Properties"]["ServiceTimeout"]) <= 3600


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
def test_the_policies_hold(rule: Any) -> None:
    assert rule(synthesise(runs=5)) == []
