"""A DynamoDB table: paid by use, backed up, and gone with the stack unless the environment keeps its data."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.components.environment_stack import EnvironmentStack


class Table(dynamodb.Table):
    """A table whose keys are strings.

    Args:
        partition_key: name of the attribute.
        sort_key: name of the attribute, if there is one.
        time_to_live: name of the attribute that has when an item expires, in seconds since the epoch; None keeps all.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        partition_key: str,
        sort_key: str | None = None,
        time_to_live: str | None = None,
    ) -> None:
        stack = EnvironmentStack.of(scope)
        super().__init__(
            scope,
            id_,
            partition_key=text(partition_key),
            sort_key=text(sort_key) if sort_key else None,
            time_to_live_attribute=time_to_live,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            # Where data is retained, a protected table could not be rolled back when its first deployment fails:
            # ``Lifecycle.protect`` protects it once everything is there.
            deletion_protection=None if stack.config.retain_data else False,
            removal_policy=stack.removal_policy,
        )


def text(name: str) -> dynamodb.Attribute:
    """Return a key of a table or an index: an attribute that holds a string."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
