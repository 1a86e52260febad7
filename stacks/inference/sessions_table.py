"""The table of sessions and their turns, as lambdas/sessions/items.py lays it out."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from lambdas.sessions import items
from stacks.components.table import Table, text


class SessionsTable(Construct):
    """Sessions, listed by owner, expiring by themselves. Nothing in it is billed while nobody uses it but storage."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.table = Table(
            self,
            "Table",
            partition_key=items.PARTITION_KEY,
            sort_key=items.SORT_KEY,
            time_to_live=items.TIME_TO_LIVE,
        )
        self.table.add_global_secondary_index(
            index_name=items.OWNER_INDEX,
            partition_key=text(items.OWNER_KEY),
            sort_key=text(items.PARTITION_KEY),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=list(items.LISTED),
        )
