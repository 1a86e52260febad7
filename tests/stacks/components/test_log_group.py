"""Log groups: their retention and removal are the environment's."""

from typing import get_args

import pytest
from aws_cdk.assertions import Template

from configuration.config import LogDays
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.log_group import RETENTION, log_group
from tests.templates import new_app
from tests.varying import Vary


@pytest.mark.parametrize(("days", "retain", "policy"), [(3, False, "Delete"), (400, True, "RetainExceptOnCreate")])
def test_logs_are_kept_as_long_as_the_environment_says(vary: Vary, days: int, retain: bool, policy: str) -> None:
    config = vary(log_days=days, retain_data=retain)
    stack = EnvironmentStack(new_app(), "Test", config=config, account=None, description="test")
    log_group(stack, "Logs")

    Template.from_stack(stack).has_resource(
        "AWS::Logs::LogGroup", {"Properties": {"RetentionInDays": days}, "DeletionPolicy": policy}
    )


def test_every_number_of_days_that_an_environment_may_have_is_cloudwatchs() -> None:
    assert set(RETENTION) == set(get_args(LogDays))


def test_a_services_deliveries_have_a_name_that_takes_no_room_in_the_accounts_policy(vary: Vary) -> None:
    stack = EnvironmentStack(new_app(), "Test", config=vary(), account=None, description="test")
    log_group(stack, "Logs", vended_by="states")

    (group,) = Template.from_stack(stack).find_resources("AWS::Logs::LogGroup").values()
    first, _its_own = group["Properties"]["LogGroupName"]["Fn::Join"][1]
    assert first == "/aws/vendedlogs/states/quarry-dev-test-test-"
