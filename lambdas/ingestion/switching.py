"""Another knowledge base or data source takes the place of the one there was, and no question notices.

Two waits of an update, in this order. The new data source is filled before anybody is told of it; and everybody has
heard of it before CloudFormation takes the former one away. At creation there is nothing to take the place of.

fill        {KnowledgeBaseId, DataSourceId}: until the first ingestion job of a new data source has ended, however; for
            some minutes at most, since documents may take hours
hand_over   {KnowledgeBaseId, Seconds}: so long, if the knowledge base is another one
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common import aws
from lambdas.common.custom_resource import CustomResourceError, Request
from lambdas.common.observability import logger
from lambdas.ingestion.outcome import OVER
from lambdas.lifecycle.actions import READ_SECONDS, Action
from lambdas.lifecycle.wait import pause

FILL_SECONDS: Final = 480.0
POLL_SECONDS: Final = 5.0
_SHORT_SECONDS: Final = 1.0
_IDS: Final = ("KnowledgeBaseId", "DataSourceId")


class Jobs(Protocol):
    """The call of Bedrock's build-time API that is made, with its own shapes."""

    def list_ingestion_jobs(self, **kwargs: Any) -> Any: ...


def fill(
    properties: Mapping[str, Any],
    former: Mapping[str, Any] | None,
    *,
    bedrock: Jobs,
    left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until the documents are in a data source that is new. That they are not yet is logged, and no error.

    Args:
        former: the properties before an update; None at creation.
        left: seconds that the function still has for this.
        sleep: sleeps that many seconds; for tests.

    Raises:
        CustomResourceError: a property is missing.
    """
    ids = [_needed(properties, name) for name in _IDS]
    if former is None or [former.get(name) for name in _IDS] == ids:
        return
    waited = 0.0
    while not (status := _ended(*ids, bedrock=bedrock)) and waited < FILL_SECONDS and left() > POLL_SECONDS:
        # A few documents take seconds.
        seconds = _SHORT_SECONDS if waited < POLL_SECONDS else POLL_SECONDS
        sleep(seconds)
        waited += seconds
    logger.info("waited for the first ingestion", extra={"data_source": ids[1], "status": status, "seconds": waited})


def _ended(knowledge_base: str, data_source: str, *, bedrock: Jobs) -> str:
    """Return how the data source's newest job ended; "" if there is none, or it has not."""
    newest = {"sortBy": {"attribute": "STARTED_AT", "order": "DESCENDING"}, "maxResults": 1}
    try:
        listed = bedrock.list_ingestion_jobs(knowledgeBaseId=knowledge_base, dataSourceId=data_source, **newest)
    except (ClientError, BotoCoreError) as error:
        # The right to it is as new as the knowledge base.
        logger.info("jobs not listed", extra={"reason": str(error)})
        return ""
    return next((job["status"] for job in listed["ingestionJobSummaries"] if job["status"] in OVER), "")


def _needed(properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    if not isinstance(value, str) or not value:
        raise CustomResourceError(f"The switch's properties lack {name}.")
    return value


def hand_over(
    properties: Mapping[str, Any],
    former: Mapping[str, Any] | None,
    *,
    left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until whoever asks the knowledge base has heard that it is another one.

    Args:
        former: the properties before an update; None at creation.
        left: seconds that the function still has for this.
        sleep: sleeps that many seconds; for tests.

    Raises:
        CustomResourceError: a property is missing or wrong.
    """
    knowledge_base = _needed(properties, "KnowledgeBaseId")
    if former is not None and former.get("KnowledgeBaseId") != knowledge_base:
        pause(properties, left=left, sleep=sleep)


def _fill(request: Request) -> None:
    if not request.deletes:
        bedrock = aws.client("bedrock-agent", read_timeout=READ_SECONDS)
        fill(request.properties, request.former, bedrock=bedrock, left=request.left)


def _hand_over(request: Request) -> None:
    if not request.deletes:
        hand_over(request.properties, request.former, left=request.left)


ACTIONS: Final = {"fill": Action(do=_fill), "hand_over": Action(do=_hand_over)}
