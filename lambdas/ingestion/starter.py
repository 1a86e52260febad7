"""One ingestion job for many changes: batches of the queue start a job, or find one that has seen their changes.

A job reads the whole data source, so one that started after a change has seen it. A batch whose newest change is older
than the start of some job is therefore done, however that job ended: a failed one is told by the recorder and is not
started again, because it would fail again. Otherwise a job is started. If one is running already, the batch goes back
to the queue and is decided anew when it returns. Messages that come twice change nothing.

Every job has to be watched, though the function may end between the start of a job and that of its watcher. The batch
then returns, because it was not done. The job started after its messages were sent, so each batch first has a watcher
started for all jobs since its oldest message. A watcher is named after its job: the second start of it is refused, and
nothing happens.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common import aws
from lambdas.common.aws_errors import code_of
from lambdas.common.observability import logger
from lambdas.ingestion.changes import Change, NotAChangeError, change
from lambdas.ingestion.settings import StarterSettings

# Of this data source (Conflict), or of as many others as the account may run at once.
BUSY: Final = frozenset({"ConflictException", "ServiceQuotaExceededException", "ThrottlingException"})
# By how much the clocks of SQS and Bedrock may differ; a job too many that is looked at costs a refused call.
CLOCKS: Final = timedelta(minutes=1)
PAGE: Final = 100


class StarterError(Exception):
    """The batch cannot be served now. It returns, and ends in the dead-letter queue if that does not mend."""


class Bedrock(Protocol):
    """The calls of Bedrock's build-time API that are made, with its own shapes."""

    def list_ingestion_jobs(self, **kwargs: Any) -> Any: ...
    def start_ingestion_job(self, **kwargs: Any) -> Any: ...


class StepFunctions(Protocol):
    """The call of Step Functions that is made."""

    def start_execution(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Starter:
    """Starts jobs of one data source and their watchers."""

    settings: StarterSettings
    bedrock: Bedrock
    step_functions: StepFunctions

    def serve(self, changes: Sequence[Change]) -> Sequence[Change]:
        """Make sure that a job sees the changes; return those that have to come back.

        Raises:
            StarterError: the data source is not there.
            ClientError: another refusal.
        """
        ids = (self.settings.knowledge_base_id, self.settings.data_source_id)
        ours = [one for one in changes if one.data_source in (None, ids)]
        others = [one for one in changes if one.data_source not in (None, ids)]
        if others:
            # In a deployment that replaces the data source, this function may still be the former one.
            logger.warning("meant for another data source", extra={"messages": len(others)})
        return [*others, *self._decide(ours)] if ours else others

    def _decide(self, changes: Sequence[Change]) -> Sequence[Change]:
        newest = max(one.happened_by for one in changes)
        oldest = min(one.sent for one in changes) - CLOCKS
        seen_by = None
        for job in self._jobs(since=min(newest, oldest)):
            if job["startedAt"] >= oldest:
                self._watch(job["ingestionJobId"])
            if job["startedAt"] >= newest:
                seen_by = job["ingestionJobId"]
        if seen_by:
            logger.info("already seen", extra={"correlation_id": seen_by, "messages": len(changes)})
            return []
        job_id = self._start(changes)
        if job_id is None:
            return changes
        self._watch(job_id)
        logger.info("ingestion started", extra={"correlation_id": job_id, "messages": len(changes)})
        return []

    @property
    def _ids(self) -> dict[str, str]:
        return {"knowledgeBaseId": self.settings.knowledge_base_id, "dataSourceId": self.settings.data_source_id}

    def _jobs(self, *, since: datetime) -> Iterator[dict[str, Any]]:
        """Yield the jobs that started since, the last one first."""
        page: dict[str, Any] = {"sortBy": {"attribute": "STARTED_AT", "order": "DESCENDING"}, "maxResults": PAGE}
        while True:
            try:
                reply = self.bedrock.list_ingestion_jobs(**self._ids, **page)
            except ClientError as error:
                raise self._gone(error) from error
            for job in reply["ingestionJobSummaries"]:
                if job["startedAt"] < since:
                    return
                yield job
            if not reply.get("nextToken"):
                return
            page["nextToken"] = reply["nextToken"]

    def _start(self, changes: Sequence[Change]) -> str | None:
        """Start a job and return its id, or None if none can be started now.

        The token makes Bedrock answer the same batch, asked again because the first answer got lost, with the same job.
        """
        token = hashlib.sha256("\0".join(sorted({one.message_id for one in changes})).encode()).hexdigest()
        try:
            reply = self.bedrock.start_ingestion_job(**self._ids, clientToken=token)
        except ClientError as error:
            if code_of(error) not in BUSY:
                raise self._gone(error) from error
            logger.info("busy: the batch comes back", extra={"code": code_of(error), "messages": len(changes)})
            return None
        return str(reply["ingestionJob"]["ingestionJobId"])

    def _watch(self, job_id: str) -> None:
        try:
            self.step_functions.start_execution(
                stateMachineArn=self.settings.watcher_arn,
                name=job_id,
                input=json.dumps({**self._ids, "ingestionJobId": job_id, "polls": 0}),
            )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise

    def _gone(self, error: ClientError) -> Exception:
        if code_of(error) != "ResourceNotFoundException":
            return error
        where = f"{self.settings.data_source_id} of knowledge base {self.settings.knowledge_base_id}"
        return StarterError(
            f"There is no data source {where}: it is being replaced, or it is gone. Deploy the environment again, then "
            "send the messages of the dead-letter queue back."
        )


@cache
def starter() -> Starter:
    """The starter of the settings, made on first use."""
    return Starter(
        settings=StarterSettings.from_env(),
        bedrock=aws.client("bedrock-agent", read_timeout=5),
        step_functions=aws.client("stepfunctions", read_timeout=5),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: Any, starter: Callable[[], Starter] = starter) -> dict[str, Any]:
    """Serve a batch of the queue and return which messages have to come back, as SQS wants it.

    What cannot be read comes back too, until it ends in the dead-letter queue; the rest is served meanwhile.

    Args:
        starter: returns what starts; for tests.

    Raises:
        StarterError, ClientError: the batch could not be served, and all of it comes back.
    """
    changes: list[Change] = []
    failed: list[str] = []
    for record in event["Records"]:
        try:
            changes.append(change(record))
        except NotAChangeError as error:
            logger.error("not understood", extra={"message_id": record["messageId"], "reason": str(error)})
            failed.append(record["messageId"])
    if changes:
        try:
            failed += [one.message_id for one in starter().serve(changes)]
        except StarterError as error:
            logger.error("not started", extra={"reason": str(error)})
            raise
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in dict.fromkeys(failed)]}
