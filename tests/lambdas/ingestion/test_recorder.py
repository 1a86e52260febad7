"""The recorder: one record, three counts, and a message if something failed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lambdas.common import aws
from lambdas.common.observability import metrics
from lambdas.ingestion import recorder
from lambdas.ingestion.outcome import JobNotOverError
from lambdas.ingestion.recorder import Recorder
from lambdas.ingestion.settings import RecorderSettings
from tests.lambdas.emitted import emitted
from tests.lambdas.ingestion.fakes import IDS, RECORDER_SETTINGS, FakeBedrock, LambdaContext, refused
from tests.lambdas.ingestion.test_outcome import detail
from tests.lambdas.service_model import check

STATISTICS = {"numberOfNewDocumentsIndexed": 2, "numberOfModifiedDocumentsIndexed": 1, "numberOfDocumentsFailed": 0}


@dataclass
class FakeS3:
    """Objects by key."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    down: bool = False

    def put_object(self, **kwargs: Any) -> None:
        check("s3", "PutObject", kwargs)
        if self.down:
            raise refused("AccessDenied", "PutObject")
        assert kwargs["Bucket"] == "data"
        self.objects[kwargs["Key"]] = kwargs


@dataclass
class FakeTopic:
    """Messages that were published."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    down: bool = False

    def publish(self, **kwargs: Any) -> None:
        check("sns", "Publish", kwargs)
        if self.down:
            raise refused("AuthorizationError", "Publish")
        self.messages.append(kwargs)


@dataclass
class Desk:
    """A recorder over fakes."""

    bedrock: FakeBedrock = field(default_factory=FakeBedrock)
    s3: FakeS3 = field(default_factory=FakeS3)
    topic: FakeTopic = field(default_factory=FakeTopic)

    def recorder(self) -> Recorder:
        return Recorder(settings=RECORDER_SETTINGS, bedrock=self.bedrock, s3=self.s3, sns=self.topic)

    def record(self, job_id: str, **event: Any) -> dict[str, str]:
        return recorder.lambda_handler({**IDS, "ingestionJobId": job_id, **event}, LambdaContext(), self.recorder)

    @property
    def written(self) -> dict[str, Any]:
        (one,) = self.s3.objects.values()
        document: dict[str, Any] = json.loads(one["Body"])
        return document


@pytest.fixture
def desk() -> Iterator[Desk]:
    yield Desk()
    metrics.clear_metrics()


def counts(output: str) -> dict[str, float]:
    """Return what the last line of embedded metrics counts."""
    last = emitted(output)[-1]
    return {name: last[name][0] for name in ("DocumentsIndexed", "DocumentsFailed", "IngestionJobsFailed")}


def test_a_complete_job_is_recorded_and_counted_and_nobody_is_bothered(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = desk.bedrock.job(0, statistics=STATISTICS)
    desk.bedrock.documents = [detail(f"{number}.md", "INDEXED") for number in range(7)]

    assert desk.record(job_id) == {"outcome": "complete"}

    assert list(desk.s3.objects) == [f"ingestions/20261121T120000Z-{job_id}.json"]
    assert desk.written["documents"] == {"failed": [], "indexed": 7}
    assert desk.written["statistics"] == STATISTICS
    assert desk.topic.messages == []
    assert counts(capsys.readouterr().out) == {"DocumentsIndexed": 3, "DocumentsFailed": 0, "IngestionJobsFailed": 0}


def test_one_message_tells_of_all_that_failed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    job_id = desk.bedrock.job(0, statistics={**STATISTICS, "numberOfDocumentsFailed": 2})
    desk.bedrock.documents = [
        detail("b.pdf", "FAILED", "is damaged"),
        detail("ok.md", "INDEXED"),
        detail("a.md", "METADATA_UPDATE_FAILED", "too large"),
    ]

    assert desk.record(job_id) == {"outcome": "partly_failed"}

    (message,) = desk.topic.messages
    assert message["TopicArn"] == RECORDER_SETTINGS.topic_arn
    assert message["Subject"] == "Quarry dev: 2 documents not ingested"
    assert "documents/a.md (METADATA_UPDATE_FAILED): too large\n" in message["Message"]
    assert "documents/b.pdf (FAILED): is damaged\n" in message["Message"]
    assert f"s3://data/ingestions/20261121T120000Z-{job_id}.json" in message["Message"]
    assert [one["uri"] for one in desk.written["documents"]["failed"]] == [
        "s3://data/documents/a.md",
        "s3://data/documents/b.pdf",
    ]
    assert counts(capsys.readouterr().out) == {"DocumentsIndexed": 3, "DocumentsFailed": 2, "IngestionJobsFailed": 0}


def test_failures_that_are_counted_and_not_listed_are_told(desk: Desk) -> None:
    job_id = desk.bedrock.job(0, statistics={"numberOfDocumentsFailed": 4})

    assert desk.record(job_id) == {"outcome": "partly_failed"}
    assert desk.topic.messages[0]["Subject"] == "Quarry dev: 4 documents not ingested"


@pytest.mark.parametrize(
    ("status", "timed_out", "outcome"),
    [("FAILED", False, "failed"), ("STOPPED", False, "failed"), ("STOPPING", True, "timed_out")],
)
def test_a_job_that_did_not_complete_is_counted_and_told(
    desk: Desk, capsys: pytest.CaptureFixture[str], status: str, timed_out: bool, outcome: str
) -> None:
    job_id = desk.bedrock.job(0, status=status, failureReasons=["no rights"])

    assert desk.record(job_id, timedOut=timed_out) == {"outcome": outcome}
    assert "no rights" in desk.topic.messages[0]["Message"]
    assert counts(capsys.readouterr().out)["IngestionJobsFailed"] == 1


def test_the_same_job_twice_writes_the_same_record(desk: Desk) -> None:
    job_id = desk.bedrock.job(0, status="FAILED")

    desk.record(job_id)
    first = dict(desk.s3.objects)
    desk.record(job_id, timedOut=False)

    assert desk.s3.objects == first


def test_every_page_of_documents_is_read(desk: Desk) -> None:
    job_id = desk.bedrock.job(0)
    desk.bedrock.documents = [detail(f"{number}.md", "FAILED") for number in range(25)]

    desk.record(job_id)

    assert len(desk.written["documents"]["failed"]) == 25
    assert desk.bedrock.calls.count("ListKnowledgeBaseDocuments") == 13


def test_a_running_job_is_not_recorded(desk: Desk) -> None:
    with pytest.raises(JobNotOverError):
        desk.record(desk.bedrock.job(0, status="IN_PROGRESS"))
    assert not desk.s3.objects
    assert not desk.topic.messages


@pytest.mark.parametrize("operation", ["GetIngestionJob", "ListKnowledgeBaseDocuments"])
def test_a_refusal_leaves_no_half_record(desk: Desk, operation: str) -> None:
    job_id = desk.bedrock.job(0)
    desk.bedrock.refuse[operation] = ["ThrottlingException"]

    with pytest.raises(ClientError, match="ThrottlingException"):
        desk.record(job_id)
    assert not desk.s3.objects

    assert desk.record(job_id) == {"outcome": "complete"}


def test_a_message_that_cannot_be_sent_fails_after_the_record_and_the_counts(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = desk.bedrock.job(0, status="FAILED")
    desk.topic.down = True

    with pytest.raises(ClientError, match="AuthorizationError"):
        desk.record(job_id)

    assert desk.written["outcome"] == "failed"
    assert counts(capsys.readouterr().out)["IngestionJobsFailed"] == 1


def test_without_a_record_nobody_is_told(desk: Desk) -> None:
    desk.s3.down = True

    with pytest.raises(ClientError, match="AccessDenied"):
        desk.record(desk.bedrock.job(0, status="FAILED"))
    assert not desk.topic.messages


@pytest.mark.parametrize("missing", ["knowledgeBaseId", "dataSourceId", "ingestionJobId"])
def test_an_event_that_names_no_job_is_an_error(desk: Desk, missing: str) -> None:
    event = {name: value for name, value in {**IDS, "ingestionJobId": "J"}.items() if name != missing}

    with pytest.raises(KeyError, match=missing):
        recorder.lambda_handler(event, LambdaContext(), desk.recorder)


def test_the_log_has_counts_and_no_names(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    job_id = desk.bedrock.job(0)
    desk.bedrock.documents = [detail("salaries.pdf", "FAILED", "words")]

    desk.record(job_id)

    assert [one.message for one in caplog.records] == ["ingestion recorded"]
    assert "salaries" not in caplog.text


def test_s3_and_sns_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the clients that the function makes, against moto."""
    with mock_aws():
        aws.client("s3", read_timeout=1).create_bucket(Bucket="data")
        sqs = aws.client("sqs", read_timeout=1)
        queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = aws.client("sns", read_timeout=1).create_topic(Name="told")["TopicArn"]
        aws.client("sns", read_timeout=1).subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        for name, value in (
            RecorderSettings(data_bucket="data", outcomes_prefix="ingestions/", topic_arn=topic, environment="dev")
            .to_env()
            .items()
        ):
            monkeypatch.setenv(name, value)
        recorder.recorder.cache_clear()
        made = recorder.recorder()
        bedrock = FakeBedrock()
        job_id = bedrock.job(0, status="FAILED", failureReasons=["öffentlich\nund \ud800 kaputt"])
        tried = Recorder(settings=made.settings, bedrock=bedrock, s3=made.s3, sns=made.sns)

        tried.record(
            knowledge_base_id=IDS["knowledgeBaseId"],
            data_source_id=IDS["dataSourceId"],
            job_id=job_id,
            timed_out=False,
        )

        (kept,) = aws.client("s3", read_timeout=1).list_objects_v2(Bucket="data")["Contents"]
        assert kept["Key"] == f"ingestions/20261121T120000Z-{job_id}.json"
        (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
        body = json.loads(message["Body"])
        assert body["Subject"] == "Quarry dev: an ingestion job failed"
        assert "- öffentlich und kaputt" in body["Message"]
    recorder.recorder.cache_clear()
