"""The bucket of tuning: data sets, requests, Bedrock's output, reports. A request starts a run, nothing else does."""

from typing import Final, cast

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambdas.tuning.places import OUTPUT_PREFIX
from stacks.components.lifecycle import Lifecycle
from stacks.components.private_bucket import PrivateBucket

# What Bedrock writes about a job is read by nobody later; the report has what counts.
OUTPUT_DAYS: Final = 90
FORMER_VERSION_DAYS: Final = 30


class TuningBucket(PrivateBucket):
    """Versioned. It tells EventBridge of new objects."""

    def __init__(self, scope: Construct, id_: str, *, lifecycle: Lifecycle) -> None:
        super().__init__(
            scope,
            id_,
            lifecycle=lifecycle,
            not_logged="Access logs would need a second bucket; CloudTrail can record who reads.",
            former_version_days=FORMER_VERSION_DAYS,
            rules=[s3.LifecycleRule(prefix=OUTPUT_PREFIX, expiration=Duration.days(OUTPUT_DAYS))],
        )
        itself = cast(s3.CfnBucket, self.bucket.node.default_child)
        # By the bucket's own property: the CDK's option for it would bring a custom resource and a function.
        itself.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
