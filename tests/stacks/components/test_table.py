"""What holds for every table, whatever is in it."""

from typing import Any

import pytest
from aws_cdk.assertions import Template

from configuration.config import Config
from configuration.environment_file import load
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.table import Table
from tests.templates import new_app
from tests.varying import Vary


def table(config: Config, **properties: Any) -> dict[str, Any]:
    """Return the resource that a table of these properties becomes."""
    stack = EnvironmentStack(new_app(), "Test", config=config, account=None, description="test")
    Table(stack, "Things", **properties)
    (found,) = Template.from_stack(stack).find_resources("AWS::DynamoDB::Table").values()
    return dict(found)


def test_it_is_paid_by_use_and_backed_up() -> None:
    properties = table(load("dev"), partition_key="id")["Properties"]

    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert properties["AttributeDefinitions"] == [{"AttributeName": "id", "AttributeType": "S"}]
    assert "TimeToLiveSpecification" not in properties


def test_it_can_have_a_sort_key_and_forget() -> None:
    properties = table(load("dev"), partition_key="id", sort_key="part", time_to_live="expires")["Properties"]

    assert properties["KeySchema"][1] == {"AttributeName": "part", "KeyType": "RANGE"}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


@pytest.mark.parametrize(
    ("retain", "policies"), [(False, ("Delete", "Delete")), (True, ("RetainExceptOnCreate", "Retain"))]
)
def test_it_stays_only_where_the_environment_says_so(vary: Vary, retain: bool, policies: tuple[str, str]) -> None:
    found = table(vary(retain_data=retain), partition_key="id")

    assert (found["DeletionPolicy"], found["UpdateReplacePolicy"]) == policies
    # Protected from the start, it could not go when its first deployment fails: stacks/components/lifecycle.py.
    assert found["Properties"].get("DeletionProtectionEnabled") is (None if retain else False)
