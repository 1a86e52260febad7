"""An account with a knowledge base, as ``quarry knowledge`` meets it: S3 is moto's, the rest is faked here.

Time passes when somebody sleeps: each sleep takes the next of ``steps``.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from tests.lambdas.service_model import model
from tests.quarry.fakes import FakeEndpoint, event

BUCKET = "quarry-dev-documents"
WATCHER = "arn:aws:states:us-east-1:123456789012:stateMachine:watcher"
DEAD_QUEUE = "arn:aws:sqs:us-east-1:123456789012:ingestion-dead"
OUTPUTS = {
    "KnowledgeBaseId": "KB12345678",
    "DataSourceId": "DS12345678",
    "DataBucket": BUCKET,
    "DocumentsPrefix": "documents/",
    "IngestionQueueUrl": "https://sqs.test/123456789012/ingestion",
    "IngestionStateMachineArn": WATCHER,
    "IngestionTopicArn": "arn:aws:sns:us-east-1:123456789012:ingestion",
}
# Files of the fixture ``docs``.
NAMES = ["a b/über uns.txt", "leave.md", "travel.md", "travel.md.metadata.json"]
STATISTICS = {"numberOfDocumentsScanned": 3, "numberOfNewDocumentsIndexed": 2, "numberOfDocumentsDeleted": 1}


def uri(name: str) -> str:
    return f"s3://{BUCKET}/documents/{name}"


def keys(s3: Any) -> list[str]:
    return sorted(found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []))


def below(*names: str) -> list[str]:
    return sorted(f"documents/{name}" for name in names)


def denied(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, operation)


def check(service: str, operation: str, request: dict[str, Any]) -> None:
    """Refuse what botocore would refuse to send."""
    shape: Any = model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(request, shape)
    assert not report.has_errors(), report.generate_report()


@dataclass
class FakeKnowledge:
    """Queue, state machine and Bedrock.

    Attributes:
        queue: messages by the queue's attribute, "Delayed" and so on; "" are those that can be received.
        dead: messages of the dead-letter queue; None if there is no such queue.
        jobs: as GetIngestionJob tells them, the latest first.
        documents: URI -> (status, reason).
        executions: ARNs of running executions.
        steps: what happens during each sleep; without any left, nothing.
        slept: how long was slept each time, in seconds.
        sent: messages that were put into the queue.
        fails: operation -> what it raises.
    """

    queue: dict[str, int] = field(default_factory=dict)
    dead: int | None = 0
    jobs: list[dict[str, Any]] = field(default_factory=list)
    documents: dict[str, tuple[str, str]] = field(default_factory=dict)
    executions: list[str] = field(default_factory=list)
    steps: list[Callable[[], object]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    fails: dict[str, ClientError] = field(default_factory=dict)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        assert len(self.slept) < 50, "waits for something that does not happen"
        if self.steps:
            self.steps.pop(0)()

    def now(
        self,
        *,
        queue: dict[str, int] | None = None,
        dead: int | None = None,
        job: str | None = None,
        executions: list[str] | None = None,
    ) -> None:
        """Change what is there; None leaves it. ``job``: id of one that starts."""
        self.queue = self.queue if queue is None else queue
        self.dead = self.dead if dead is None else dead
        self.executions = self.executions if executions is None else executions
        if job:
            self.start_job(job)

    def start_job(self, job_id: str = "JOB0000001", *, status: str = "IN_PROGRESS", ago: int = -3600) -> dict[str, Any]:
        """Start a job, so many seconds ago; by default in an hour: after everything that the test sends."""
        started = datetime.now(UTC) - timedelta(seconds=ago)
        job = {"ingestionJobId": job_id, "status": status, "startedAt": started, "updatedAt": started}
        self.jobs.insert(0, {**job, "statistics": dict(STATISTICS), "failureReasons": []})
        return self.jobs[0]

    def end_job(self, status: str = "COMPLETE", **statistics: int) -> None:
        """End the latest job."""
        self.jobs[0]["status"] = status
        self.jobs[0]["statistics"].update(statistics)

    # SQS
    def get_queue_attributes(self, **kwargs: Any) -> dict[str, Any]:
        self._asked("sqs", "GetQueueAttributes", kwargs)
        counts = self.queue if kwargs["QueueUrl"] == OUTPUTS["IngestionQueueUrl"] else {"": self.dead or 0}
        attributes = {
            f"ApproximateNumberOfMessages{name}": str(counts.get(name, 0)) for name in ("", "Delayed", "NotVisible")
        }
        if self.dead is not None:
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": DEAD_QUEUE, "maxReceiveCount": 40})
        return {"Attributes": {name: value for name, value in attributes.items() if name in kwargs["AttributeNames"]}}

    def get_queue_url(self, **kwargs: Any) -> dict[str, Any]:
        self._asked("sqs", "GetQueueUrl", kwargs)
        assert kwargs == {"QueueName": "ingestion-dead", "QueueOwnerAWSAccountId": "123456789012"}
        return {"QueueUrl": "https://sqs.test/123456789012/ingestion-dead"}

    def send_message(self, **kwargs: Any) -> dict[str, Any]:
        assert kwargs["QueueUrl"] == OUTPUTS["IngestionQueueUrl"]
        self._asked("sqs", "SendMessage", kwargs)
        self.sent.append(json.loads(kwargs["MessageBody"]))
        return {"MessageId": "11111111-2222-3333-4444-555555555555"}

    # Step Functions
    def list_executions(self, **kwargs: Any) -> dict[str, Any]:
        assert (kwargs["stateMachineArn"], kwargs["statusFilter"]) == (WATCHER, "RUNNING")
        self._asked("stepfunctions", "ListExecutions", kwargs)
        return {"executions": [{"executionArn": arn} for arn in self.executions]}

    # Bedrock
    def list_ingestion_jobs(self, **kwargs: Any) -> dict[str, Any]:
        assert kwargs["sortBy"] == {"attribute": "STARTED_AT", "order": "DESCENDING"}
        self._asked("bedrock-agent", "ListIngestionJobs", kwargs)
        summaries = [{key: value for key, value in job.items() if key != "failureReasons"} for job in self.jobs]
        return {"ingestionJobSummaries": summaries[: kwargs["maxResults"]]}

    def get_ingestion_job(self, **kwargs: Any) -> dict[str, Any]:
        self._asked("bedrock-agent", "GetIngestionJob", kwargs)
        return {"ingestionJob": next(job for job in self.jobs if job["ingestionJobId"] == kwargs["ingestionJobId"])}

    def get_paginator(self, operation: str) -> "FakeKnowledge":
        assert operation == "list_knowledge_base_documents"
        return self

    def paginate(self, **kwargs: Any) -> Iterator[dict[str, Any]]:
        assert kwargs == {"knowledgeBaseId": "KB12345678", "dataSourceId": "DS12345678"}
        self._asked("bedrock-agent", "ListKnowledgeBaseDocuments", kwargs)
        for found, (status, reason) in self.documents.items():
            detail = {"status": status, "identifier": {"dataSourceType": "S3", "s3": {"uri": found}}}
            yield {"documentDetails": [{**detail, "statusReason": reason} if reason else detail]}

    def _asked(self, service: str, operation: str, request: dict[str, Any]) -> None:
        check(service, operation, request)
        if operation in self.fails:
            raise self.fails[operation]


CITATION: dict[str, Any] = {
    "number": 1,
    "document": "travel.md",
    "location": uri("travel.md"),
    "passage": "Book flights\nat least 21 days\x1b[31m in advance. " + "And more of it. " * 20,
    "score": 0.8123,
    "metadata": {"department": "Finance", "year": 2025, "public": False},
}
ANSWER: dict[str, Any] = {
    "id": "know_1",
    "object": "knowledge.answer",
    "created": 1,
    "model": "fast",
    "answer": "At least 21 days before [1].",
    "answered": True,
    "finish_reason": "stop",
    "search_query": "How early?",
    "citations": [CITATION],
    "usage": {"prompt_tokens": 300, "completion_tokens": 9, "total_tokens": 309},
}


@dataclass
class KnowledgeEndpoint(FakeEndpoint):
    """The endpoint, asked about documents. ``questions``: bodies without ``stream``; ``ends``: of its streams."""

    answer: dict[str, Any] = field(default_factory=lambda: dict(ANSWER))
    questions: list[dict[str, Any]] = field(default_factory=list)
    ends: str | None = None
    buffered: bool = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.fails is not None or not request.url.path.endswith("/knowledge/query"):
            return super().handle(request)
        body = json.loads(request.content)
        streamed = body.pop("stream", False)
        self.streamed.append(streamed)
        self.questions.append(body)
        if not streamed or self.buffered:
            return httpx.Response(200, json=self.answer)
        first, rest = self.answer["answer"][:8], self.answer["answer"][8:]
        parts = [{"id": "know_1", "object": "knowledge.answer.chunk", "delta": part} for part in (first, rest)]
        end = event(self.answer).decode() + "data: [DONE]\n\n" if self.ends is None else self.ends
        content = b"".join(map(event, parts)) + end.encode()
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=content)
