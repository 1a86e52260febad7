"""What a service has to do something for before it may do it with what is ours."""

from aws_cdk import Stack

from stacks.components.confused_deputy import only_for
from tests.templates import new_app


def test_it_is_of_this_account_and_region_and_of_this_kind() -> None:
    stack = Stack(new_app(), "Test")

    assert stack.resolve(only_for(stack, service="cloudwatch", source="alarm:*")) == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {
            "aws:SourceArn": {
                "Fn::Join": [
                    "",
                    [
                        "arn:",
                        {"Ref": "AWS::Partition"},
                        ":cloudwatch:",
                        {"Ref": "AWS::Region"},
                        ":",
                        {"Ref": "AWS::AccountId"},
                        ":alarm:*",
                    ],
                ]
            }
        },
    }
