"""The bucket of the documents, and of the records of what became of them."""

from typing import Final, cast

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambdas.knowledge.data_bucket import OUTCOMES_PREFIX
from stacks.components.lifecycle import Lifecycle
from stacks.components.private_bucket import PrivateBucket

OUTCOME_DAYS: Final = 90
FORMER_VERSION_DAYS: Final = 30


class DataBucket(PrivateBucket):
    """Versioned. It tells EventBridge of changes."""

    def __init__(self, scope: Construct, id_: str, *, lifecycle: Lifecycle) -> None:
        super().__init__(
            scope,
            id_,
            lifecycle=lifecycle,
            not_logged="Access logs would need a second bucket; each ingestion's outcome is recorded, and CloudTrail "
            "can record who reads.",
            former_version_days=FORMER_VERSION_DAYS,
            rules=[s3.LifecycleRule(prefix=OUTCOMES_PREFIX, expiration=Duration.days(OUTCOME_DAYS))],
        )
        itself = cast(s3.CfnBucket, self.bucket.node.default_child)
        # By the bucket's own property: the CDK's option for it would bring a custom resource and a function.
        itself.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
