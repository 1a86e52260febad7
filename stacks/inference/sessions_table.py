"""The table of sessions and their turns, as lambdas/sessions/items.py lays it out."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from lambdas.sessions import items
from stacks.components.environment_stack import EnvironmentStack

STRING = dynamodb.AttributeType.STRING


class SessionsTable(Construct):
    """Sessions, listed by owner, expiring by themselves. Nothing in it is billed while nobody uses it but storage."""

    def __init__(self, scope: EnvironmentStack, id_: str) -> None:
        super().__init__(scope, id_)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name=items.PARTITION_KEY, type=STRING),
            sort_key=dynamodb.Attribute(name=items.SORT_KEY, type=STRING),
            time_to_live_attribute=items.TIME_TO_LIVE,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=scope.config.retain_data,
            removal_policy=scope.removal_policy,
        )
        self.table.add_global_secondary_index(
            index_name=items.OWNER_INDEX,
            partition_key=dynamodb.Attribute(name=items.OWNER_KEY, type=STRING),
            sort_key=dynamodb.Attribute(name=items.PARTITION_KEY, type=STRING),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=list(items.LISTED),
        )
