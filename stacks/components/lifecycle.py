"""The custom resources of a knowledge base: one function that waits, empties a bucket, and asks for an ingestion."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, cast

from aws_cdk import CfnResource, CustomResource, Duration
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IConstruct

from lambdas.lifecycle.settings import LifecycleSettings
from stacks.components.python_function import PythonFunction

# Long enough to empty a bucket of some 100,000 versions; the longest wait is five minutes.
TIMEOUT_SECONDS: Final = 600
# If the function cannot even answer, CloudFormation stops waiting; by itself it would wait an hour.
SERVICE_TIMEOUT_SECONDS: Final = TIMEOUT_SECONDS + 60


class Lifecycle(Construct):
    """What CloudFormation has no resource for.

    Attributes:
        function: does it; who has it do more than wait grants it the right.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.function = PythonFunction(
            self,
            "Function",
            description="Waits, empties the data bucket and asks for the first ingestion, for CloudFormation",
            handler="lambdas.lifecycle.handler.lambda_handler",
            service="lifecycle",
            settings=LifecycleSettings(),
            memory_megabytes=256,
            timeout_seconds=TIMEOUT_SECONDS,
        )

    def wait(self, scope: Construct, id_: str, *, seconds: int, after: Sequence[CfnResource]) -> CfnResource:
        """Return a resource that is there ``seconds`` after those before it are. It does not wait at deletion."""
        # What has another id is another resource, and so something to wait for.
        ids = ",".join(before.logical_id for before in after)
        return self._resource(scope, id_, "Wait", "wait", {"Seconds": str(seconds), "Of": ids}, after=after)

    def empty(self, scope: Construct, id_: str, *, bucket: s3.IBucket, after: Sequence[CfnResource]) -> CfnResource:
        """Return a resource that empties the bucket when it is deleted."""
        return self._resource(scope, id_, "EmptyBucket", "empty_bucket", {"Bucket": bucket.bucket_name}, after=after)

    def fill(
        self,
        scope: Construct,
        id_: str,
        *,
        queue: sqs.IQueue,
        base: bedrock.CfnKnowledgeBase,
        source: bedrock.CfnDataSource,
        after: Sequence[IConstruct],
    ) -> CfnResource:
        """Return a resource that asks for an ingestion; deleted, it stops the one that is running."""
        ids = {
            "QueueUrl": queue.queue_url,
            "KnowledgeBaseId": base.attr_knowledge_base_id,
            "DataSourceId": source.attr_data_source_id,
        }
        return self._resource(scope, id_, "FirstIngestion", "ingest", ids, after=after)

    def gate(
        self,
        scope: Construct,
        id_: str,
        *,
        action: Literal["open", "close"],
        collection: str,
        policy: str,
        seconds: int,
        after: Sequence[CfnResource],
    ) -> CfnResource:
        """Return a resource that makes a private collection public by a network policy of that name, or ends that.

        "open" makes the policy, and deletes it when it is deleted itself; "close" does the opposite. After making it
        either waits ``seconds``.
        """
        properties = {"Collection": collection, "Policy": policy, "Seconds": str(seconds)}
        return self._resource(scope, id_, "PublicAccess", f"{action}_network", properties, after=after)

    def _resource(
        self,
        scope: Construct,
        id_: str,
        kind: str,
        action: str,
        properties: Mapping[str, str],
        *,
        after: Sequence[IConstruct],
    ) -> CfnResource:
        custom = CustomResource(
            scope,
            id_,
            service_token=self.function.function.function_arn,
            resource_type=f"Custom::Quarry{kind}",
            service_timeout=Duration.seconds(SERVICE_TIMEOUT_SECONDS),
            properties={"Action": action, **properties},
        )
        custom.node.add_dependency(*after)
        return cast(CfnResource, custom.node.default_child)
