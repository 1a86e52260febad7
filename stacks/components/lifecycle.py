"""The custom resources of a stack: one function that waits, empties a bucket, and does what a capability adds."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from aws_cdk import CfnResource, CustomResource, Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct, IConstruct

from lambdas.lifecycle.settings import LifecycleSettings
from stacks.components.checks import acknowledge_wildcards
from stacks.components.python_function import PythonFunction

# Long enough to empty a bucket of some 100,000 versions; the longest wait is five minutes.
TIMEOUT_SECONDS: Final = 600
# If the function cannot even answer, CloudFormation stops waiting; by itself it would wait an hour, and does not wait
# longer. Of each run of the function.
SERVICE_TIMEOUT_SECONDS: Final = TIMEOUT_SECONDS + 60


class Lifecycle(Construct):
    """What CloudFormation has no resource for.

    Args:
        handler: dotted path of the capability's function, which knows the actions: ``lambdas.lifecycle.actions``.
            CloudFormation lets no custom resource change its function, so a stack has one.
        description: what the function does.
        runs: how often the function may run for one request, as its handler says; five fit into the hour.

    Attributes:
        function: does it; who has it do more than wait and empty grants it the right.
    """

    def __init__(self, scope: Construct, id_: str, *, handler: str, description: str, runs: int = 1) -> None:
        super().__init__(scope, id_)
        self._service_timeout = Duration.seconds(runs * SERVICE_TIMEOUT_SECONDS)
        self.function = PythonFunction(
            self,
            "Function",
            description=description,
            handler=handler,
            service="lifecycle",
            settings=LifecycleSettings(),
            memory_megabytes=256,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        self._may_run_again = self._again() if runs > 1 else None

    def _again(self) -> iam.Policy:
        """Allow the function to call itself: beside its role's own policy, which the function waits for."""
        itself = iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.function.function.function_arn])
        return iam.Policy(self, "MayRunAgain", roles=[self.function.role], statements=[itself])

    def wait(self, scope: Construct, id_: str, *, seconds: int, after: Sequence[CfnResource]) -> CfnResource:
        """Return a resource that is there ``seconds`` after those before it are. It does not wait at deletion."""
        # What has another id is another resource, and so something to wait for.
        ids = ",".join(before.logical_id for before in after)
        properties = {"Seconds": str(seconds), "Of": ids}
        return self.resource(scope, id_, kind="Wait", action="wait", properties=properties, after=after)

    def empty(self, scope: Construct, id_: str, *, bucket: s3.IBucket) -> CfnResource:
        """Return a resource that empties the bucket when it is deleted, which the function may do from now on."""
        self._may_empty(bucket)
        properties = {"Bucket": bucket.bucket_name}
        return self.resource(scope, id_, kind="EmptyBucket", action="empty_bucket", properties=properties, after=())

    def _may_empty(self, bucket: s3.IBucket) -> None:
        """Allow the function deleting all that a bucket holds: versions, delete markers, unfinished uploads."""
        role = self.function.role
        statements = [
            iam.PolicyStatement(
                actions=["s3:ListBucketMultipartUploads", "s3:ListBucketVersions"], resources=[bucket.bucket_arn]
            ),
            iam.PolicyStatement(
                actions=["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"],
                resources=[f"{bucket.bucket_arn}/*"],
            ),
        ]
        for statement in statements:
            role.add_to_policy(statement)
        acknowledge_wildcards(role, statements, because="All objects of the bucket are deleted before it.")

    def protect(self, *, tables: Sequence[dynamodb.ITable], after: Sequence[IConstruct]) -> CfnResource:
        """Return a resource that protects the tables from deletion, once all of ``after`` is there.

        The handler has to be that of ``lambdas.lifecycle.protection``, which says why it is no property of theirs.
        """
        iam.Grant.add_to_principal(
            grantee=self.function.role,
            actions=["dynamodb:DescribeTable", "dynamodb:UpdateTable"],
            resource_arns=[table.table_arn for table in tables],
        )
        names = [table.table_name for table in tables]
        return self.resource(
            self,
            "Protection",
            kind="TableProtection",
            action="protect_tables",
            properties={"Tables": names},
            after=after,
        )

    def resource(
        self,
        scope: Construct,
        id_: str,
        *,
        kind: str,
        action: str,
        properties: Mapping[str, str | Sequence[str]],
        after: Sequence[IConstruct],
    ) -> CfnResource:
        """Return a resource of the type Custom::Quarry``kind`` that has the function do an action.

        Args:
            action: its name in the handler's module.
            properties: what the action needs.
            after: what has to be there before it, and goes after it.
        """
        custom = CustomResource(
            scope,
            id_,
            service_token=self.function.function.function_arn,
            resource_type=f"Custom::Quarry{kind}",
            service_timeout=self._service_timeout,
            properties={"Action": action, **properties},
        )
        custom.node.add_dependency(*after, *([self._may_run_again] if self._may_run_again else []))
        return cast(CfnResource, custom.node.default_child)
