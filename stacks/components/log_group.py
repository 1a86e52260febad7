"""Log groups: always with a retention, and gone with the stack unless the environment keeps its data."""

from typing import Final

from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.components.environment_stack import EnvironmentStack

# Days -> CDK's name for them.
RETENTION: Final = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    120: logs.RetentionDays.FOUR_MONTHS,
    150: logs.RetentionDays.FIVE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    545: logs.RetentionDays.EIGHTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
}


def log_group(scope: Construct, id_: str) -> logs.LogGroup:
    """Return a log group that keeps the environment's ``log_days``."""
    stack = EnvironmentStack.of(scope)
    return logs.LogGroup(scope, id_, retention=RETENTION[stack.config.log_days], removal_policy=stack.removal_policy)
