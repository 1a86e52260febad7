"""Documents on their way into the deployed knowledge base: bursts, broken ones, and who is told."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.platform.conftest import Platform
from tests.waiting import eventually

DOCUMENTS = 200


class Knowledge:
    """The deployed knowledge base and what is around it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.outputs = platform.quarry("outputs")["quarry-sandbox-knowledge"]
        self.s3 = platform.client("s3")
        self._agent = platform.client("bedrock-agent")
        self._ids = {
            "knowledgeBaseId": self.outputs["KnowledgeBaseId"],
            "dataSourceId": self.outputs["DataSourceId"],
        }

    def command(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Run ``quarry knowledge ... --json`` and return its exit code and what it printed."""
        ended = self._platform.command("knowledge", *arguments)
        assert ended.out, ended.err
        return ended.code, json.loads(ended.out)

    def jobs(self) -> set[str]:
        found = self._agent.list_ingestion_jobs(**self._ids, maxResults=100)["ingestionJobSummaries"]
        return {job["ingestionJobId"] for job in found}

    def documents(self) -> dict[str, str]:
        """Key below the prefix -> status of every document."""
        found: dict[str, str] = {}
        token: dict[str, str] = {}
        while True:
            page = self._agent.list_knowledge_base_documents(**self._ids, **token)
            for one in page["documentDetails"]:
                found[one["identifier"]["s3"]["uri"].split("/documents/", 1)[1]] = one["status"]
            if not page.get("nextToken"):
                return found
            token = {"nextToken": page["nextToken"]}

    @contextmanager
    def together(self, changes: int) -> Iterator[None]:
        """Let nothing be read from the queue before so many changes are in it, however long they take to get there."""
        queue = self.outputs["IngestionQueueUrl"]
        sqs, functions = self._platform.client("sqs"), self._platform.client("lambda")
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        (mapping,) = functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]

        def all_there() -> bool:
            held = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
            waiting = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
            return sum(int(held[name]) for name in waiting) >= changes

        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
            eventually(all_there)
        finally:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    def put(self, name: str, content: bytes) -> None:
        key = self.outputs["DocumentsPrefix"] + name
        self.s3.put_object(Bucket=self.outputs["DataBucket"], Key=key, Body=content)

    def remove(self, *names: str) -> None:
        """Delete documents and wait until they are out of the index."""
        with self.together(len(names)):
            for name in names:
                self.s3.delete_object(Bucket=self.outputs["DataBucket"], Key=self.outputs["DocumentsPrefix"] + name)
        code, told = self.command("status", "--wait")
        assert code == 0, told


@pytest.fixture
def knowledge(platform: Platform) -> Knowledge:
    return Knowledge(platform)


@pytest.fixture
def inbox(platform: Platform, knowledge: Knowledge) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the topic's subscribers are sent, by a queue that is subscribed for the test."""
    sns, sqs = platform.client("sns"), platform.client("sqs")
    queue = sqs.create_queue(QueueName="test-inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = knowledge.outputs["IngestionTopicArn"]
    sending = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**sending, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]

    def read() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    yield read
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


def test_a_burst_starts_at_most_three_jobs_and_all_is_indexed(knowledge: Knowledge, tmp_path: Path) -> None:
    before = knowledge.jobs()
    names = [f"burst/{number:03}.txt" for number in range(DOCUMENTS)]
    (tmp_path / "burst").mkdir()
    for number, name in enumerate(names):
        (tmp_path / name).write_text(f"Sheet {number} lists the zyx{number:03} screws in drawer {number}.", "utf-8")
    try:
        with knowledge.together(DOCUMENTS):
            code, told = knowledge.command("sync", str(tmp_path))
            assert code == 0, told
        code, told = knowledge.command("status", "--wait")

        assert code == 0, told
        assert 1 <= len(knowledge.jobs() - before) <= 3
        found = knowledge.documents()
        assert {found[name] for name in names} == {"INDEXED"}
    finally:
        knowledge.remove(*names)
    assert not set(names) & set(knowledge.documents())


def test_a_broken_document_is_named_to_everybody(
    platform: Platform, knowledge: Knowledge, inbox: Callable[[], list[dict[str, Any]]]
) -> None:
    knowledge.put("broken.pdf", b"\x00\x01 this is no PDF")
    try:
        code, told = knowledge.command("status", "--wait")
        messages: list[dict[str, Any]] = []

        def all_told() -> bool:
            messages.extend(inbox())
            return any("broken.pdf" in message["Message"] for message in messages) and bool(_alarms_told(messages))

        eventually(all_told)
    finally:
        knowledge.remove("broken.pdf")

    assert code == 1
    assert "broken.pdf" in json.dumps(told)


def _alarms_told(messages: list[dict[str, Any]]) -> list[str]:
    told = []
    for message in messages:
        try:
            told.append(json.loads(message["Message"])["AlarmName"])
        except (ValueError, KeyError, TypeError):
            continue
    return told
