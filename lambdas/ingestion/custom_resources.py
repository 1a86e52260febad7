"""The custom resources around a knowledge base: those of every stack (``lambdas.lifecycle.actions``), and its own.

ingest          {QueueUrl, KnowledgeBaseId, DataSourceId}: asks for an ingestion at creation and when an id changed;
                stops the job that runs at deletion
open_network    {Collection, Policy, Seconds}: opens a private collection and waits; closes it at deletion
close_network   the same: closes it; opens it and waits at deletion
fill, hand_over see ``lambdas.ingestion.switching``
"""

from typing import Any, Final

from lambdas.common import aws
from lambdas.common.custom_resource import CustomResourceError, Request
from lambdas.ingestion import first_ingestion, private_collection, switching
from lambdas.lifecycle.actions import GENERIC, READ_SECONDS, Action, property_named, waiting
from lambdas.lifecycle.handler import handler


def _ingest(request: Request) -> None:
    if request.deletes:
        bedrock = aws.client("bedrock-agent", read_timeout=READ_SECONDS)
        first_ingestion.stop(request.properties, bedrock=bedrock, left=request.left)
    else:
        queue = aws.client("sqs", read_timeout=READ_SECONDS)
        first_ingestion.request(request.properties, request.former, sqs=queue)


def _network(*, opens: bool) -> Action:
    """Return the action that opens, and closes at deletion; or the one that closes, and opens at deletion."""
    about = private_collection.gate("open_network" if opens else "close_network")

    def do(request: Request) -> None:
        if request.deletes and not private_collection.named(request.properties):
            return
        if request.kind == "Update":
            # The collection is closed by now, and the resource that would close it again may not be updated.
            if about(request.properties) != request.physical_id:
                raise CustomResourceError(
                    "Collection and Policy cannot be changed; give the resource another logical id."
                )
            return
        policies: Any = aws.client("opensearchserverless", read_timeout=READ_SECONDS)
        if opens != request.deletes:
            private_collection.open_collection(request.properties, policies=policies, left=request.left)
        else:
            private_collection.close_collection(request.properties, policies=policies)

    return Action(do=do, about=about)


ACTIONS: Final = {
    **GENERIC,
    "wait": waiting(knob=private_collection.KNOB),
    "ingest": Action(do=_ingest, about=property_named("DataSourceId")),
    "open_network": _network(opens=True),
    "close_network": _network(opens=False),
    **switching.ACTIONS,
}

lambda_handler: Final = handler(ACTIONS)
