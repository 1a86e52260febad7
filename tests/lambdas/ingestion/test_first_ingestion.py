"""The first ingestion, asked for in the words that the starter reads; and the last, which is stopped."""

from typing import Any

import pytest
from moto import mock_aws

from lambdas.common import aws
from lambdas.common.custom_resource import CustomResourceError
from lambdas.ingestion import custom_resources, first_ingestion
from lambdas.ingestion.changes import change
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.ingestion.fakes import DATA_SOURCE, KNOWLEDGE_BASE, FakeBedrock, record
from tests.lambdas.lifecycle.fakes import Time
from tests.lambdas.service_model import check


class FakeQueue:
    """Keeps bodies."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def send_message(self, **kwargs: Any) -> None:
        check("sqs", "SendMessage", kwargs)
        assert kwargs["QueueUrl"] == "https://queue.test"
        self.bodies.append(kwargs["MessageBody"])


def properties(**changes: Any) -> dict[str, Any]:
    ids = {"QueueUrl": "https://queue.test", "KnowledgeBaseId": "KB", "DataSourceId": "DS"}
    return {"Action": "ingest", **ids, **changes}


def test_a_new_store_is_asked_for_in_the_starters_words() -> None:
    queue = FakeQueue()

    first_ingestion.request(properties(), None, sqs=queue)

    (body,) = queue.bodies
    assert change(record("m", body)).data_source == ("KB", "DS")


@pytest.mark.parametrize(
    ("former", "asks"),
    [
        (properties(), False),
        (properties(QueueUrl="https://former.test"), False),
        (properties(DataSourceId="DS0"), True),
        (properties(KnowledgeBaseId="KB0"), True),
        ({}, True),
    ],
)
def test_an_update_asks_only_for_a_store_that_is_new(former: dict[str, Any], asks: bool) -> None:
    queue = FakeQueue()

    first_ingestion.request(properties(), former, sqs=queue)

    assert bool(queue.bodies) == asks


@pytest.mark.parametrize("missing", ["QueueUrl", "KnowledgeBaseId", "DataSourceId"])
def test_a_missing_property_is_named(missing: str) -> None:
    with pytest.raises(CustomResourceError, match=missing):
        first_ingestion.request(properties(**{missing: None}), None, sqs=FakeQueue())


def test_sqs_takes_it() -> None:
    with mock_aws():
        sqs = aws.client("sqs", read_timeout=1)
        url = sqs.create_queue(QueueName="changes")["QueueUrl"]

        first_ingestion.request(properties(QueueUrl=url), None, sqs=sqs)

        (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["SentTimestamp"])["Messages"]
        read = change({"messageId": "m", "body": message["Body"], "attributes": message["Attributes"]})
        assert read.happened_by == read.sent


IDS = {"KnowledgeBaseId": KNOWLEDGE_BASE, "DataSourceId": DATA_SOURCE}


class Stopping(FakeBedrock):
    """A data source whose job, told to stop, ends at the ``ends``th look at it."""

    ends = 3

    def stop_ingestion_job(self, **kwargs: Any) -> dict[str, Any]:
        with self._call("StopIngestionJob", kwargs):
            self.jobs[-1]["status"] = "STOPPING"
            return {"ingestionJob": self.jobs[-1]}

    def get_ingestion_job(self, **kwargs: Any) -> dict[str, Any]:
        reply = super().get_ingestion_job(**kwargs)
        if self.calls.count("GetIngestionJob") >= self.ends:
            reply["ingestionJob"]["status"] = "STOPPED"
        return reply


def stopped(bedrock: Stopping, left: float = 500, /, **changes: Any) -> Time:
    """Stop what runs, and return the time that passed."""
    time = Time(left=left)
    first_ingestion.stop({**IDS, **changes}, bedrock=bedrock, left=time, sleep=time.sleep)
    return time


@pytest.mark.parametrize(("status", "told"), [("STARTING", True), ("IN_PROGRESS", True), ("STOPPING", False)])
def test_a_running_job_is_stopped_and_waited_for(status: str, told: bool) -> None:
    bedrock = Stopping()
    bedrock.job(0)
    bedrock.job(9, status=status)

    time = stopped(bedrock)

    assert ("StopIngestionJob" in bedrock.calls) == told
    assert bedrock.jobs[-1]["status"] == "STOPPED"
    assert len(time.slept) == bedrock.ends


@pytest.mark.parametrize("status", ["COMPLETE", "FAILED", "STOPPED"])
def test_a_job_that_is_over_is_left_alone(status: str) -> None:
    bedrock = Stopping()
    bedrock.job(0, status=status)

    assert not stopped(bedrock).slept
    assert not stopped(Stopping()).slept
    assert bedrock.calls == ["ListIngestionJobs"]


@pytest.mark.parametrize(("left", "most"), [(10_000, first_ingestion.STOP_SECONDS), (33, 33), (0, 0), (-20, 0)])
def test_a_job_that_does_not_stop_is_waited_for_within_limits(left: float, most: float) -> None:
    bedrock = Stopping()
    bedrock.ends = 10_000
    bedrock.job(0, status="IN_PROGRESS")

    assert sum(stopped(bedrock, left).slept) <= most


def test_a_job_that_ends_before_it_is_told_is_looked_at_again() -> None:
    bedrock = Stopping(refuse={"StopIngestionJob": ["ConflictException"]})
    bedrock.job(0, status="IN_PROGRESS")

    stopped(bedrock)

    assert bedrock.jobs[-1]["status"] == "STOPPED"


@pytest.mark.parametrize("operation", ["ListIngestionJobs", "GetIngestionJob"])
@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_whatever_is_in_the_way_is_no_error(operation: str, code: str, caplog: pytest.LogCaptureFixture) -> None:
    bedrock = Stopping(refuse={operation: [code]})
    bedrock.job(0, status="IN_PROGRESS")

    stopped(bedrock)

    assert "job not stopped" in caplog.text


def test_at_its_deletion_the_resource_stops_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    bedrock = Stopping()
    bedrock.job(0, status="IN_PROGRESS")
    bedrock.ends = 0
    monkeypatch.setattr(aws, "client", lambda *_arguments, **_options: bedrock)
    monkeypatch.setattr(first_ingestion, "POLL_SECONDS", 0.001)
    cloudformation = FakeCloudFormation()

    custom_resources.lambda_handler(
        asked("Delete", {**IDS, "Action": "ingest"}, PhysicalResourceId="DS"), Context(600), send=cloudformation
    )

    assert cloudformation.answer["Status"] == "SUCCESS"
    assert bedrock.jobs[-1]["status"] == "STOPPED"


@pytest.mark.parametrize("missing", ["KnowledgeBaseId", "DataSourceId"])
def test_what_was_never_made_has_no_job(missing: str) -> None:
    bedrock = Stopping()

    stopped(bedrock, **{missing: None})

    assert bedrock.calls == []
