"""What of a template can be known before it is deployed."""

from typing import Any

import pytest

from quarry.cost.template import Resource, Template

CONDITIONS = {
    "Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
    "Dev": {"Fn::Not": [{"Condition": "Prod"}]},
    "Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
    "Mine": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, "123456789012"]},
    "Both": {"Fn::And": [{"Condition": "Mine"}, {"Condition": "Prod"}]},
    "Either": {"Fn::Or": [{"Condition": "Mine"}, {"Condition": "Here"}]},
    "All": {"Fn::And": [{"Condition": "Mine"}, {"Condition": "Here"}]},
    "Odd": {"Fn::Contains": [["a"], "a"]},
}
DOCUMENT = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev"},
        "Size": {"Type": "Number"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/an/image"},
    },
    "Mappings": {"Sizes": {"us-east-1": {"disk": 20}}},
    "Conditions": CONDITIONS,
}


def resources(**written: Any) -> list[Resource]:
    one = {"Type": "AWS::KMS::Key", **written}
    return list(Template("knowledge", {**DOCUMENT, "Resources": {"Key": one}}, "us-east-1").resources())


def value(written: Any) -> Any:
    (one,) = resources(Properties={"Value": written})
    return one.properties.get("Value", "nothing")


def test_a_resource_is_told_with_its_stack() -> None:
    (one,) = resources()

    assert (one.stack, one.logical_id, one.type_name, dict(one.properties)) == ("knowledge", "Key", "AWS::KMS::Key", {})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"Ref": "Stage"}, "dev"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "AWS::NoValue"}, "nothing"),
        ({"Fn::If": ["Prod", "large", "small"]}, "small"),
        ({"Fn::If": ["Dev", {"Fn::If": ["Here", "a", "b"]}, "c"]}, "a"),
        ({"Fn::If": ["Prod", "large", {"Ref": "AWS::NoValue"}]}, "nothing"),
        ({"Fn::If": ["Either", "large", "small"]}, "large"),
        ({"Fn::If": ["Both", "large", "small"]}, "small"),
        ({"Fn::If": ["Mine", "same", "same"]}, "same"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "disk"]}, 20),
        ([{"Ref": "Stage"}, {"Ref": "AWS::NoValue"}], ["dev"]),
        ({"Deep": {"Ref": "Stage"}}, {"Deep": "dev"}),
    ],
)
def test_what_can_be_known_is_told(written: Any, expected: Any) -> None:
    assert value(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        {"Ref": "Size"},
        {"Ref": "Image"},
        {"Ref": "Other"},
        {"Fn::GetAtt": ["Other", "Arn"]},
        {"Fn::If": ["Mine", "large", "small"]},
        {"Fn::If": ["All", "large", "small"]},
        {"Fn::If": ["Nowhere", "large", "small"]},
        {"Fn::If": ["Odd", "large", "small"]},
        {"Fn::FindInMap": ["Sizes", "eu-west-1", "disk"]},
        {"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "disk"]},
    ],
)
def test_what_only_a_deployment_knows_stays_as_it_is(written: Any) -> None:
    assert value(written) == written


def test_what_is_not_deployed_is_left_out() -> None:
    assert resources(Condition="Prod") == []
    assert [one.condition for one in resources(Condition="Dev")] == [None]


def test_what_may_not_be_deployed_says_so() -> None:
    assert resources(Condition="Mine")[0].condition == "whether Mine holds is known only once it is deployed"
    assert resources(Condition="Nowhere")[0].condition == "there is no condition Nowhere"
