"""Log groups: always with a retention, and gone with the stack unless the environment keeps its data."""

from typing import Final

from aws_cdk import Fn
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


def log_group(scope: Construct, id_: str, *, vended_by: str | None = None) -> logs.LogGroup:
    """Return a log group that keeps the environment's ``log_days``.

    Args:
        vended_by: the service that writes it by a delivery, as ``states``. Its name then begins with
            /aws/vendedlogs/: for all others each delivery takes room in the account's one policy for logs, which is
            full after some dozens. Source: Step Functions developer guide, "Logging using CloudWatch Logs".
    """
    stack = EnvironmentStack.of(scope)
    # The stack's own id is in it, because a group that was kept has the name for ever.
    own = Fn.select(0, Fn.split("-", Fn.select(2, Fn.split("/", stack.stack_id))))
    name = f"/aws/vendedlogs/{vended_by}/{stack.stack_name}-{scope.node.id.lower()}-{own}" if vended_by else None
    return logs.LogGroup(
        scope,
        id_,
        log_group_name=name,
        retention=RETENTION[stack.config.log_days],
        removal_policy=stack.removal_policy,
    )
