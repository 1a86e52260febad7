"""How the knowledge base stands: what is queued, what runs, what became of each document."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.ingestion.outcome import OVER, Documents, FailedDocument, Outcome
from lambdas.knowledge.data_bucket import OUTCOMES_PREFIX
from quarry.deployed.deployment import Deployment
from quarry.knowledge.stack import KnowledgeStack

NO_REASON: Final = "Bedrock gave no reason."
# Messages of a queue, whether they can be received now, later, or have been and may come back.
_MESSAGES: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What is queued and what runs, at one moment.

    Attributes:
        queued: changes of documents that no job has been started for yet.
        dead: changes that could not start a job, in the dead-letter queue; ``dead_queue`` is its ARN, if there is one.
        job: the job that started last, as ListIngestionJobs tells; None if there was none yet.
        executions: ARNs of running executions of the state machine that watches jobs.
    """

    queued: int
    dead: int
    dead_queue: str | None
    job: dict[str, Any] | None
    executions: list[str]

    @property
    def running(self) -> bool:
        """Whether a job runs."""
        return self.job is not None and self.job["status"] not in OVER

    @property
    def idle(self) -> bool:
        """Whether nothing is queued and nothing runs."""
        return not (self.queued or self.executions or self.running)

    def in_words(self) -> str:
        """Return what goes on, as a person would say it."""
        if self.job and self.running:
            done = self.job.get("statistics", {})
            return f"Ingestion {self.job['ingestionJobId']} is at work: {counts_in_words(done)}."
        if self.queued:
            waiting = "1 change waits" if self.queued == 1 else f"{self.queued} changes wait"
            return f"{waiting} for the next ingestion to start."
        return "The outcome is being recorded." if self.executions else "Nothing is queued or running."


@dataclass(frozen=True, kw_only=True)
class Status:
    """How the knowledge base stands.

    Attributes:
        outcome: what became of the last job that is over; None if there was none yet.
        counts: status -> how many documents have it.
        failed: documents that cannot be found, or not all of them, with Bedrock's reason or the one on record.
    """

    activity: Activity
    outcome: Outcome | None = None
    counts: dict[str, int] = field(default_factory=dict)
    failed: list[FailedDocument] = field(default_factory=list)

    @property
    def troubles(self) -> list[str]:
        """A sentence for each thing that somebody has to look at."""
        found = []
        over = self.outcome
        # Of an ingestion that only left documents out, the reasons say again what is said of each of those.
        if over and (over.verdict in {"failed", "timed_out"} or (over.failure_reasons and not self.failed)):
            reasons = " ".join(over.failure_reasons) or NO_REASON
            verdict = over.verdict.replace("_", " ")
            found.append(f"Ingestion {over.job_id} {verdict}: {reasons}")
            if over.verdict in {"failed", "timed_out"}:
                found.append("Once that is mended, `quarry knowledge ingest` tries again.")
        failed = max(len(self.failed), over.failed if over else 0)
        if failed:
            found.append(f"{failed} {'document' if failed == 1 else 'documents'} failed.")
        if self.activity.dead:
            found.append(
                f"{self.activity.dead} changes could not start an ingestion and are in the dead-letter queue. The log "
                "of the starter function has the reason; once it is mended, start them again with `aws sqs "
                f"start-message-move-task --source-arn {self.activity.dead_queue}`."
            )
        return found

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; times are ISO 8601 in UTC."""
        job = self.activity.job
        return {
            "idle": self.activity.idle,
            "healthy": not self.troubles,
            "queue": {"changes": self.activity.queued, "dead_letters": self.activity.dead},
            "running": {
                "job": job["ingestionJobId"] if job and self.activity.running else None,
                "executions": self.activity.executions,
            },
            "outcome": self.outcome.to_json() if self.outcome else None,
            "documents": {
                "counts": self.counts,
                "failed": [{"location": one.uri, "status": one.status, "reason": one.reason} for one in self.failed],
            },
        }


class StatusReader:
    """Asks AWS how an environment's knowledge base stands."""

    def __init__(self, deployment: Deployment, stack: KnowledgeStack) -> None:
        self.stack = stack
        self._agent = deployment.client("bedrock-agent")
        self._sqs = deployment.client("sqs")
        self._states = deployment.client("stepfunctions")
        self._s3 = deployment.client("s3")
        self._source = {"knowledgeBaseId": stack.knowledge_base_id, "dataSourceId": stack.data_source_id}
        self._dead_queue_url: str | None = None

    def activity(self) -> Activity:
        """Return what is queued and what runs now.

        The queue is asked first: what leaves it between the questions is then found as a job, and not nowhere.
        """
        attributes = self._attributes(self.stack.queue_url, "RedrivePolicy")
        dead_queue = json.loads(attributes.get("RedrivePolicy", "{}")).get("deadLetterTargetArn")
        jobs = self._jobs()
        executions = self._states.list_executions(
            stateMachineArn=self.stack.watcher_arn, statusFilter="RUNNING", maxResults=100
        )["executions"]
        return Activity(
            queued=_messages(attributes),
            dead=self._dead(dead_queue) if dead_queue else 0,
            dead_queue=dead_queue,
            job=jobs[0] if jobs else None,
            executions=[execution["executionArn"] for execution in executions],
        )

    def status(self) -> Status:
        """Return how everything stands, document by document."""
        activity = self.activity()
        details = [
            detail
            for page in self._agent.get_paginator("list_knowledge_base_documents").paginate(**self._source)
            for detail in page["documentDetails"]
        ]
        documents = Documents.from_details(details)
        # One job runs at a time, so the one that ended last is among the last two.
        over = next((job["ingestionJobId"] for job in self._jobs() if job["status"] in OVER), None)
        outcome, reasons = self._outcome(over, documents) if over else (None, {})
        return Status(
            activity=activity,
            outcome=outcome,
            counts=dict(sorted(Counter(detail["status"] for detail in details).items())),
            failed=[replace(one, reason=one.reason or reasons.get(one.uri) or NO_REASON) for one in documents.failed],
        )

    def _jobs(self) -> list[dict[str, Any]]:
        """Return the last two jobs, the latest first."""
        answer = self._agent.list_ingestion_jobs(
            **self._source, sortBy={"attribute": "STARTED_AT", "order": "DESCENDING"}, maxResults=2
        )
        jobs: list[dict[str, Any]] = answer["ingestionJobSummaries"]
        return jobs

    def _outcome(self, job_id: str, documents: Documents) -> tuple[Outcome, dict[str, str]]:
        """Return what became of a job that is over, and the recorded reasons: URI -> reason.

        That it was given up only the record knows. Without one (the watcher has not written it yet) Bedrock's word is
        taken.
        """
        job = self._agent.get_ingestion_job(**self._source, ingestionJobId=job_id)["ingestionJob"]
        outcome = Outcome.of(job, documents, timed_out=False)
        try:
            body = self._s3.get_object(Bucket=self.stack.bucket, Key=OUTCOMES_PREFIX + outcome.name)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"NoSuchKey", "404"}:
                raise
            return outcome, {}
        record = json.loads(body)
        reasons = {one["uri"]: one["reason"] for one in record["documents"]["failed"]}
        return Outcome.of(job, documents, timed_out=record["outcome"] == "timed_out"), reasons

    def _dead(self, arn: str) -> int:
        if self._dead_queue_url is None:
            *_, account, name = arn.split(":")
            self._dead_queue_url = self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        return _messages(self._attributes(self._dead_queue_url))

    def _attributes(self, url: str, *more: str) -> dict[str, str]:
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*_MESSAGES, *more])
        attributes: dict[str, str] = answer["Attributes"]
        return attributes


def counts_in_words(statistics: dict[str, int]) -> str:
    """Return a job's counts in words."""
    names = {
        "numberOfDocumentsScanned": "scanned",
        "numberOfNewDocumentsIndexed": "new",
        "numberOfModifiedDocumentsIndexed": "changed",
        "numberOfDocumentsDeleted": "deleted",
        "numberOfDocumentsFailed": "failed",
    }
    return ", ".join(f"{statistics.get(name, 0)} {word}" for name, word in names.items())


def when(time: datetime) -> str:
    """Return a time as 2026-11-21 15:04:05 UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _messages(attributes: dict[str, str]) -> int:
    return sum(int(attributes.get(name, 0)) for name in _MESSAGES)
