"""A bucket of an environment: encrypted, closed to the public and to plain HTTP, and gone or kept with its contents."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import CfnResource, Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.checks import acknowledge
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.lifecycle import Lifecycle

UNFINISHED_UPLOAD_DAYS: Final = 7


class PrivateBucket(Construct):
    """Where the environment retains data the bucket stays with its contents; else it is emptied and goes.

    Args:
        lifecycle: of the stack; empties the bucket.
        not_logged: why nobody needs its access logs.
        former_version_days: how long what was overwritten or deleted can still be brought back; None: it cannot.
        rules: what expires besides.

    Attributes:
        bucket: the bucket.
        writers_go_first: what everything that writes to the bucket by itself has to depend on, so that at deletion
            nothing is written between the emptying and the bucket's end. None if the bucket stays.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        lifecycle: Lifecycle,
        not_logged: str,
        former_version_days: int | None = None,
        rules: Sequence[s3.LifecycleRule] = (),
    ) -> None:
        super().__init__(scope, id_)
        removal_policy = EnvironmentStack.of(self).removal_policy
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=former_version_days is not None,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            removal_policy=removal_policy,
            lifecycle_rules=[
                *rules,
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(former_version_days) if former_version_days else None,
                    abort_incomplete_multipart_upload_after=Duration.days(UNFINISHED_UPLOAD_DAYS),
                ),
            ],
        )
        acknowledge(self.bucket, "AwsSolutions-S1", because=not_logged)
        self.writers_go_first: CfnResource | None = None
        if removal_policy == RemovalPolicy.DESTROY:
            self.writers_go_first = lifecycle.empty(self, "Empty", bucket=self.bucket)
        elif self.bucket.policy:
            # What stays, stays closed to plain HTTP.
            self.bucket.policy.apply_removal_policy(removal_policy)
