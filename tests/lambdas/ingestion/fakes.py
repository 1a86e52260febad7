"""Bedrock's ingestion and Step Functions in memory, at a time that stands still until it is moved.

Requests are held against botocore's own models, so that one that AWS would refuse for its shape fails.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from lambdas.ingestion.settings import RecorderSettings, StarterSettings
from tests.lambdas.service_model import check

KNOWLEDGE_BASE, DATA_SOURCE = "KB12345678", "DS12345678"
IDS = {"knowledgeBaseId": KNOWLEDGE_BASE, "dataSourceId": DATA_SOURCE}
WATCHER = "arn:aws:states:us-east-1:123456789012:stateMachine:watcher"
STARTER_SETTINGS = StarterSettings(knowledge_base_id=KNOWLEDGE_BASE, data_source_id=DATA_SOURCE, watcher_arn=WATCHER)
RECORDER_SETTINGS = RecorderSettings(
    data_bucket="data", outcomes_prefix="ingestions/", topic_arn="arn:aws:sns:us-east-1:1:told", environment="dev"
)
START = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@dataclass
class LambdaContext:
    """What Lambda hands to a handler."""

    function_name: str = "ingestion"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:ingestion"
    aws_request_id: str = "99999999-0000-0000-0000-000000000000"


def refused(code: str, operation: str = "Operation") -> ClientError:
    """Return botocore's exception for an error of AWS."""
    return ClientError({"Error": {"Code": code, "Message": f"words about {code}"}}, operation)


@dataclass
class Clock:
    """Seconds since START."""

    now: float = 0.0

    @property
    def time(self) -> datetime:
        return START + timedelta(seconds=self.now)


@dataclass
class FakeBedrock:
    """One data source: a job at a time, idempotent by token, listed in pages.

    Attributes:
        seconds: how long a job takes.
        refuse: operation -> codes that its next calls fail with.
        meanwhile: called before each call is served: what others do at that moment.
    """

    clock: Clock = field(default_factory=Clock)
    seconds: float = 20
    page: int = 2
    jobs: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    meanwhile: Callable[[], None] = lambda: None
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def job(self, started: float, *, status: str = "COMPLETE", **more: Any) -> str:
        """Add a job that started so many seconds after START and is over; return its id."""
        job_id = f"JOB{len(self.jobs):07d}"
        at = START + timedelta(seconds=started)
        ended = at + timedelta(seconds=self.seconds)
        self.jobs.append(
            {**IDS, "ingestionJobId": job_id, "status": status, "startedAt": at, "updatedAt": ended, **more}
        )
        return job_id

    def start_ingestion_job(self, **kwargs: Any) -> dict[str, Any]:
        with self._call("StartIngestionJob", kwargs):
            token = kwargs["clientToken"]
            if token in self.tokens:
                return {"ingestionJob": self.tokens[token]}
            if any(job["updatedAt"] > self.clock.time for job in self.jobs):
                raise refused("ConflictException")
            self.job(self.clock.now)
            self.tokens[token] = self.jobs[-1]
            return {"ingestionJob": self.jobs[-1]}

    def list_ingestion_jobs(self, **kwargs: Any) -> dict[str, Any]:
        with self._call("ListIngestionJobs", kwargs):
            assert kwargs["sortBy"] == {"attribute": "STARTED_AT", "order": "DESCENDING"}
            jobs = sorted(self.jobs, key=lambda job: job["startedAt"], reverse=True)
            return self._page(jobs, kwargs, "ingestionJobSummaries")

    def get_ingestion_job(self, **kwargs: Any) -> dict[str, Any]:
        with self._call("GetIngestionJob", kwargs):
            for job in self.jobs:
                if job["ingestionJobId"] == kwargs["ingestionJobId"]:
                    return {"ingestionJob": job}
            raise refused("ResourceNotFoundException")

    def list_knowledge_base_documents(self, **kwargs: Any) -> dict[str, Any]:
        with self._call("ListKnowledgeBaseDocuments", kwargs):
            return self._page(self.documents, kwargs, "documentDetails")

    @contextlib.contextmanager
    def _call(self, operation: str, arguments: dict[str, Any]) -> Iterator[None]:
        check("bedrock-agent", operation, arguments)
        assert {name: arguments[name] for name in IDS} == IDS
        self.meanwhile()
        self.calls.append(operation)
        if codes := self.refuse.get(operation):
            raise refused(codes.pop(0), operation)
        yield

    def _page(self, found: list[Any], arguments: dict[str, Any], name: str) -> dict[str, Any]:
        size = min(self.page, arguments["maxResults"])
        first = int(arguments.get("nextToken", 0))
        more = {"nextToken": str(first + size)} if first + size < len(found) else {}
        return {name: found[first : first + size], **more}


@dataclass
class FakeStepFunctions:
    """Executions by name. ``refuse``: codes that the next calls fail with."""

    started: dict[str, str] = field(default_factory=dict)
    refuse: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def start_execution(self, **kwargs: Any) -> dict[str, Any]:
        check("stepfunctions", "StartExecution", kwargs)
        assert kwargs["stateMachineArn"] == WATCHER
        self.meanwhile()
        if self.refuse:
            raise refused(self.refuse.pop(0), "StartExecution")
        if kwargs["name"] in self.started:
            raise refused("ExecutionAlreadyExists", "StartExecution")
        self.started[kwargs["name"]] = kwargs["input"]
        return {"executionArn": f"{WATCHER}:{kwargs['name']}"}


def uploaded(message_id: str, at: float, *, sent: float | None = None, **changes: Any) -> dict[str, Any]:
    """Return SQS's record of an upload so many seconds after START; S3 leaves out the fraction."""
    time = START + timedelta(seconds=int(at))
    body = {
        "version": "0",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "detail": {"bucket": {"name": "data"}, "object": {"key": "documents/travel.md"}, "reason": "PutObject"},
        **changes,
    }
    return record(message_id, body, sent=at + 0.5 if sent is None else sent)


def record(message_id: str, body: Any, *, sent: float = 0) -> dict[str, Any]:
    """Return SQS's record of a message; a body that is no text becomes JSON."""
    milliseconds = int((START + timedelta(seconds=sent)).timestamp() * 1000)
    return {
        "messageId": message_id,
        "receiptHandle": "handle",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"SentTimestamp": str(milliseconds), "ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    }
