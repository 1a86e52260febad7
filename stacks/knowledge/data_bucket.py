"""The bucket of the documents, and of the records of what became of them."""

from typing import Final, cast

from aws_cdk import CfnResource, Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambdas.knowledge.data_bucket import OUTCOMES_PREFIX
from stacks.components.checks import acknowledge
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.lifecycle import Lifecycle

OUTCOME_DAYS: Final = 90
# How long what was overwritten or deleted can still be brought back.
FORMER_VERSION_DAYS: Final = 30
UNFINISHED_UPLOAD_DAYS: Final = 7


class DataBucket(Construct):
    """Versioned, encrypted, private. It tells EventBridge of changes.

    Where the environment retains data it stays with its contents; else it is emptied and goes with the stack.

    Attributes:
        bucket: the bucket.
        shown: its ARN as findings of cdk-nag show it.
        writers_go_first: what everything that writes to the bucket by itself has to depend on, so that at deletion
            nothing is written between the emptying and the bucket's end. None if the bucket stays.
    """

    def __init__(self, scope: Construct, id_: str, *, lifecycle: Lifecycle) -> None:
        super().__init__(scope, id_)
        stack = EnvironmentStack.of(self)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            removal_policy=stack.removal_policy,
            lifecycle_rules=[
                s3.LifecycleRule(prefix=OUTCOMES_PREFIX, expiration=Duration.days(OUTCOME_DAYS)),
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(FORMER_VERSION_DAYS),
                    abort_incomplete_multipart_upload_after=Duration.days(UNFINISHED_UPLOAD_DAYS),
                ),
            ],
        )
        itself = cast(s3.CfnBucket, self.bucket.node.default_child)
        # By the bucket's own property: the CDK's option for it would bring a custom resource and a function.
        itself.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
        self.shown = f"<{stack.get_logical_id(itself)}.Arn>"
        acknowledge(
            self.bucket,
            "AwsSolutions-S1",
            because="Access logs would need a second bucket; each ingestion's outcome is recorded, and CloudTrail can "
            "record who reads.",
        )
        self.writers_go_first: CfnResource | None = None
        if stack.removal_policy == RemovalPolicy.DESTROY:
            self.writers_go_first = lifecycle.empty(self, "Empty", bucket=self.bucket, after=())
        elif self.bucket.policy:
            # What stays, stays closed to plain HTTP.
            self.bucket.policy.apply_removal_policy(RemovalPolicy.RETAIN)
