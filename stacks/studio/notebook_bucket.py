"""The bucket of what participants keep outside their space's disk, each under a prefix of their own."""

from aws_cdk import CfnResource, Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.checks import acknowledge
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.lifecycle import Lifecycle

UNFINISHED_UPLOAD_DAYS = 7


class NotebookBucket(Construct):
    """Encrypted, private. Where the environment retains data it stays with its contents; else it is emptied and goes.

    Attributes:
        bucket: the bucket.
        writers_go_first: what everything that writes to the bucket has to depend on, so that at deletion nothing is
            written between the emptying and the bucket's end. None if the bucket stays.
    """

    def __init__(self, scope: Construct, id_: str, *, lifecycle: Lifecycle) -> None:
        super().__init__(scope, id_)
        stack = EnvironmentStack.of(self)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            removal_policy=stack.removal_policy,
            lifecycle_rules=[
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(UNFINISHED_UPLOAD_DAYS))
            ],
        )
        acknowledge(
            self.bucket,
            "AwsSolutions-S1",
            because="Access logs would need a second bucket for what participants try out; CloudTrail can record who "
            "reads.",
        )
        self.writers_go_first: CfnResource | None = None
        if stack.removal_policy == RemovalPolicy.DESTROY:
            self.writers_go_first = lifecycle.empty(self, "Empty", bucket=self.bucket, after=())
        elif self.bucket.policy:
            # What stays, stays closed to plain HTTP.
            self.bucket.policy.apply_removal_policy(RemovalPolicy.RETAIN)
