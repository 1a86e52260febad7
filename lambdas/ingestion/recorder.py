"""The end of an ingestion job: its outcome is recorded, counted, and told if something failed.

Run twice it writes the same record again, counts again, and sends its message again.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from aws_lambda_powertools.metrics import MetricUnit

from lambdas.common import aws
from lambdas.common.observability import logger, metrics
from lambdas.ingestion import message
from lambdas.ingestion.outcome import Documents, Outcome
from lambdas.ingestion.settings import RecorderSettings

# Most that Bedrock lists in one page.
PAGE: Final = 1000


class Bedrock(Protocol):
    """The calls of Bedrock's build-time API that are made, with its own shapes."""

    def get_ingestion_job(self, **kwargs: Any) -> Any: ...
    def list_knowledge_base_documents(self, **kwargs: Any) -> Any: ...


class S3(Protocol):
    """The call of S3 that is made."""

    def put_object(self, **kwargs: Any) -> Any: ...


class Topic(Protocol):
    """The call of SNS that is made."""

    def publish(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Recorder:
    """Records outcomes of jobs."""

    settings: RecorderSettings
    bedrock: Bedrock
    s3: S3
    sns: Topic

    def record(self, *, knowledge_base_id: str, data_source_id: str, job_id: str, timed_out: bool) -> Outcome:
        """Find out what became of the job, and write, count and tell it.

        Raises:
            JobNotOverError: the job still runs and was not given up.
            ClientError: a call was refused; nothing is kept that doing it again would not mend.
        """
        ids = {"knowledgeBaseId": knowledge_base_id, "dataSourceId": data_source_id}
        job = self.bedrock.get_ingestion_job(**ids, ingestionJobId=job_id)["ingestionJob"]
        outcome = Outcome.of(job, Documents.from_details(self._details(ids)), timed_out=timed_out)
        key = f"{self.settings.outcomes_prefix}{outcome.name}"
        self.s3.put_object(
            Bucket=self.settings.data_bucket,
            Key=key,
            Body=json.dumps(outcome.to_json(), indent=2).encode(),
            ContentType="application/json",
        )
        _count(outcome)
        if outcome.verdict != "complete":
            self._tell(outcome, record=f"s3://{self.settings.data_bucket}/{key}")
        return outcome

    def _details(self, ids: dict[str, str]) -> Iterator[dict[str, Any]]:
        page: dict[str, Any] = {"maxResults": PAGE}
        while True:
            reply = self.bedrock.list_knowledge_base_documents(**ids, **page)
            yield from reply["documentDetails"]
            if not reply.get("nextToken"):
                return
            page["nextToken"] = reply["nextToken"]

    def _tell(self, outcome: Outcome, *, record: str) -> None:
        environment = self.settings.environment
        self.sns.publish(
            TopicArn=self.settings.topic_arn,
            Subject=message.subject(outcome, environment=environment),
            Message=message.text(outcome, environment=environment, record=record),
        )


def _count(outcome: Outcome) -> None:
    counts = {
        "DocumentsIndexed": outcome.indexed,
        "DocumentsFailed": outcome.failed,
        "IngestionJobsFailed": int(outcome.verdict in ("failed", "timed_out")),
    }
    for name, count in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    # Before the message is sent: the alarms do not depend on its success.
    metrics.flush_metrics()


@cache
def recorder() -> Recorder:
    """The recorder of the settings, made on first use."""
    return Recorder(
        settings=RecorderSettings.from_env(),
        # Bedrock lists five pages a second; a large data source has to wait for its turn.
        bedrock=aws.client("bedrock-agent", read_timeout=10, max_attempts=6),
        s3=aws.client("s3", read_timeout=10, max_attempts=3),
        sns=aws.client("sns", read_timeout=5, max_attempts=3),
    )


@logger.inject_lambda_context(correlation_id_path="ingestionJobId", clear_state=True)
def lambda_handler(event: dict[str, Any], _context: Any, recorder: Callable[[], Recorder] = recorder) -> dict[str, str]:
    """Record a job and return ``{"outcome": "complete" | "partly_failed" | "failed" | "timed_out"}``.

    Args:
        event: {"knowledgeBaseId", "dataSourceId", "ingestionJobId", "timedOut": whether the job was given up}.
        recorder: returns what records; for tests.

    Raises:
        JobNotOverError, ClientError: there is no record yet.
    """
    outcome = recorder().record(
        knowledge_base_id=event["knowledgeBaseId"],
        data_source_id=event["dataSourceId"],
        job_id=event["ingestionJobId"],
        timed_out=event.get("timedOut") is True,
    )
    logger.info(
        "ingestion recorded",
        extra={"outcome": outcome.verdict, "indexed": outcome.indexed, "failed": outcome.failed},
    )
    return {"outcome": outcome.verdict}
