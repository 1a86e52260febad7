"""What the custom resources can do, by their property ``Action``.

wait            {Seconds, Of}: sleeps at creation and when ``Of`` changed; nothing at deletion
empty_bucket    {Bucket}: empties the bucket at deletion
ingest          {QueueUrl, KnowledgeBaseId, DataSourceId}: asks for an ingestion at creation and when an id changed;
                stops the job that runs at deletion
open_network    {Collection, Policy, Seconds}: opens a private collection and waits; closes it at deletion
close_network   the same: closes it; opens it and waits at deletion
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.common import aws
from lambdas.common.observability import logger
from lambdas.lifecycle import emptying, ingestion, network
from lambdas.lifecycle.errors import LifecycleError
from lambdas.lifecycle.wait import wait

READ_SECONDS: Final = 20.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """What CloudFormation asks.

    Attributes:
        kind: Create, Update or Delete.
        former: the properties before an update; None otherwise.
        physical_id: what the resource was about so far; None at creation.
        left: seconds that the function still has for it.
    """

    kind: str
    properties: Mapping[str, Any]
    former: Mapping[str, Any] | None
    physical_id: str | None
    left: Callable[[], float]

    @property
    def deletes(self) -> bool:
        """Whether the resource goes."""
        return self.kind == "Delete"


Action = Callable[[Request], None]


def _wait(request: Request) -> None:
    if not request.deletes:
        wait(request.properties, request.former, left=request.left)


def _empty_bucket(request: Request) -> None:
    bucket = about(request.properties)
    if not request.deletes:
        if not bucket:
            raise LifecycleError("The emptying's properties lack Bucket.")
    elif bucket:
        deleted = emptying.empty(bucket, s3=aws.client("s3", read_timeout=READ_SECONDS), left=request.left)
        logger.info("bucket emptied", extra={"bucket": bucket, "deleted": deleted})


def _ingest(request: Request) -> None:
    if request.deletes:
        bedrock = aws.client("bedrock-agent", read_timeout=READ_SECONDS)
        ingestion.stop(request.properties, bedrock=bedrock, left=request.left)
    else:
        queue = aws.client("sqs", read_timeout=READ_SECONDS)
        ingestion.request(request.properties, request.former, sqs=queue)


def _network(*, opens: bool) -> Action:
    """Return the action that opens, and closes at deletion; or the one that closes, and opens at deletion."""

    def action(request: Request) -> None:
        if request.deletes and not network.named(request.properties):
            return
        if request.kind == "Update":
            # The collection is closed by now, and the resource that would close it again may not be updated.
            if about(request.properties) != request.physical_id:
                raise LifecycleError("Collection and Policy cannot be changed; give the resource another logical id.")
            return
        policies = aws.client("opensearchserverless", read_timeout=READ_SECONDS)
        if opens != request.deletes:
            network.open_collection(request.properties, policies=policies, left=request.left)
        else:
            network.close_collection(request.properties, policies=policies)

    return action


ACTIONS: Final[Mapping[str, Action]] = {
    "wait": _wait,
    "empty_bucket": _empty_bucket,
    "ingest": _ingest,
    "open_network": _network(opens=True),
    "close_network": _network(opens=False),
}


def about(properties: Mapping[str, Any]) -> str | None:
    """Return the name of what the resource is about; None if that does not matter, or is missing."""
    name = {"empty_bucket": "Bucket", "ingest": "DataSourceId"}.get(str(properties.get("Action")))
    if name:
        found = properties.get(name)
        return found if isinstance(found, str) and found else None
    if properties.get("Action") in ("open_network", "close_network") and network.named(properties):
        return f"{properties['Action']}/{properties['Collection']}/{properties['Policy']}"
    return None
