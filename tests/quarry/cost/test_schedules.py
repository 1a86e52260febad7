"""What runs by the clock."""

from typing import Any

import pytest

from quarry.cost.schedules import with_what_runs_it
from quarry.cost.template import Resource

FUNCTION = Resource(
    stack="one",
    logical_id="Sweeper",
    type_name="AWS::Lambda::Function",
    properties={"MemorySize": 512, "Architectures": ["arm64"]},
)


def rule(**properties: Any) -> Resource:
    target = {"Arn": {"Fn::GetAtt": ["Sweeper", "Arn"]}, "Id": "Target0"}
    return Resource(
        stack="one", logical_id="Rule", type_name="AWS::Events::Rule", properties={"Targets": [target], **properties}
    )


def runs_per_hour(*rules: Resource) -> float:
    found = with_what_runs_it([FUNCTION, *rules])
    return float(found[0].properties["RunsPerHour"])


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"ScheduleExpression": "rate(5 minutes)"}, 12),
        ({"ScheduleExpression": "rate(1 minute)"}, 60),
        ({"ScheduleExpression": "rate(2 hours)"}, 0.5),
        ({"ScheduleExpression": "rate(1 day)"}, 1 / 24),
        ({"ScheduleExpression": "cron(0 8 * * ? *)"}, 1),
        ({"ScheduleExpression": "rate(5 minutes)", "State": "DISABLED"}, 0),
        ({"EventPattern": {"source": ["aws.s3"]}}, 0),
        ({"ScheduleExpression": "rate(5 minutes)", "Targets": {"Ref": "Targets"}}, 0),
        ({"ScheduleExpression": "rate(5 minutes)", "Targets": [{"Arn": "arn:aws:sqs:us-east-1:1:q"}]}, 0),
        ({"ScheduleExpression": "rate(5 minutes)", "Targets": [{"Arn": {"Fn::GetAtt": "Sweeper.Arn"}}]}, 12),
    ],
)
def test_a_function_runs_as_often_as_its_rule_fires(properties: dict[str, Any], expected: float) -> None:
    assert runs_per_hour(rule(**properties)) == pytest.approx(expected)


def test_two_rules_add_up() -> None:
    assert runs_per_hour(rule(ScheduleExpression="rate(1 hour)"), rule(ScheduleExpression="rate(30 minutes)")) == 3


def test_a_function_of_another_stack_is_another_one() -> None:
    assert (
        with_what_runs_it(
            [
                Resource(stack="two", logical_id="Sweeper", type_name="AWS::Lambda::Function", properties={}),
                rule(ScheduleExpression="rate(1 hour)"),
            ]
        )[0].properties["RunsPerHour"]
        == 0
    )


def test_an_alias_knows_its_functions_machine() -> None:
    alias = Resource(
        stack="one", logical_id="Live", type_name="AWS::Lambda::Alias", properties={"FunctionName": {"Ref": "Sweeper"}}
    )
    other = Resource(stack="one", logical_id="Old", type_name="AWS::Lambda::Alias", properties={"FunctionName": "old"})

    found = with_what_runs_it([FUNCTION, alias, other])

    assert found[1].properties["MemorySize"] == 512
    assert dict(found[2].properties) == {"FunctionName": "old"}
