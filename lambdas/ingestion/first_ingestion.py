"""Ingestion at both ends of a data source: a new one is filled without an upload, an old one is left in peace.

Bedrock deletes no data source while one of its jobs runs.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.custom_resource import CustomResourceError
from lambdas.common.observability import logger
from lambdas.ingestion.changes import first_message

STOP_SECONDS: Final = 300.0
POLL_SECONDS: Final = 5.0
_IDS: Final = ("KnowledgeBaseId", "DataSourceId")
_RUNNING: Final = frozenset({"STARTING", "IN_PROGRESS", "STOPPING"})


class Queue(Protocol):
    """The call of SQS that is made."""

    def send_message(self, **kwargs: Any) -> Any: ...


class Bedrock(Protocol):
    """The calls of Bedrock's build-time API that are made, with its own shapes."""

    def list_ingestion_jobs(self, **kwargs: Any) -> Any: ...
    def stop_ingestion_job(self, **kwargs: Any) -> Any: ...
    def get_ingestion_job(self, **kwargs: Any) -> Any: ...


def request(properties: Mapping[str, Any], former: Mapping[str, Any] | None, *, sqs: Queue) -> None:
    """Ask for an ingestion, unless knowledge base and data source are what they were.

    Sent twice, because the function was run again, it starts one job all the same: ``lambdas.ingestion.starter``.

    Args:
        former: the properties before an update; None at creation.

    Raises:
        CustomResourceError: a property is missing.
    """
    missing = [name for name in ("QueueUrl", *_IDS) if not isinstance(properties.get(name), str)]
    if missing:
        raise CustomResourceError(f"The first ingestion's properties lack {', '.join(missing)}.")
    if former is not None and all(former.get(name) == properties[name] for name in _IDS):
        return
    knowledge_base, data_source = (properties[name] for name in _IDS)
    sqs.send_message(QueueUrl=properties["QueueUrl"], MessageBody=first_message(knowledge_base, data_source))


def stop(
    properties: Mapping[str, Any],
    *,
    bedrock: Bedrock,
    left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Stop the data source's running job, if there is one, and wait for its end.

    Whatever is in the way is logged and no error: the deletion of the data source, which comes next, has the last word.

    Args:
        left: seconds that the function still has for this.
        sleep: sleeps that many seconds; for tests.
    """
    if not all(isinstance(properties.get(name), str) for name in _IDS):
        return
    knowledge_base, data_source = (properties[name] for name in _IDS)
    ids = {"knowledgeBaseId": knowledge_base, "dataSourceId": data_source}
    try:
        # There is one job at a time, so the last one is the one that may run.
        newest = {"sortBy": {"attribute": "STARTED_AT", "order": "DESCENDING"}, "maxResults": 1}
        for job in bedrock.list_ingestion_jobs(**ids, **newest)["ingestionJobSummaries"]:
            _stop({**ids, "ingestionJobId": job["ingestionJobId"]}, job["status"], bedrock, left, sleep)
    except (ClientError, BotoCoreError) as error:
        logger.warning("job not stopped", extra={"data_source": data_source, "reason": str(error)})


def _stop(
    job: dict[str, str], status: str, bedrock: Bedrock, left: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    if status in ("STARTING", "IN_PROGRESS"):
        try:
            bedrock.stop_ingestion_job(**job)
        except ClientError as error:
            # It may have ended this very moment, which the next look shows.
            logger.info("job not stopped", extra={"reason": str(error)})
    waited = 0.0
    while status in _RUNNING and waited < STOP_SECONDS and left() > POLL_SECONDS:
        sleep(POLL_SECONDS)
        waited += POLL_SECONDS
        status = bedrock.get_ingestion_job(**job)["ingestionJob"]["status"]
    if status in _RUNNING:
        logger.warning("job still runs", extra={"job": job["ingestionJobId"], "status": status})
