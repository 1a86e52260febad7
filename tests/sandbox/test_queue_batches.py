"""Batches that an event source mapping takes from a queue, in a MiniStack of this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ministack.services import lambda_svc, sqs

from sandbox import queue_batches


@pytest.fixture
def queue() -> Iterator[str]:
    """The URL of a queue with a mapping that waits for a minute."""
    url = str(sqs._act_create_queue({"QueueName": "work"}, "")["QueueUrl"])
    arn = sqs._queues[url]["attributes"]["QueueArn"]
    lambda_svc._esms["mapping"] = {"UUID": "mapping", "EventSourceArn": arn, "MaximumBatchingWindowInSeconds": 60}
    # Not the poller's: it would take the messages of this test.
    lambda_svc._esms["mapping"]["Enabled"] = False
    yield url
    lambda_svc._esms.clear()
    sqs.reset()


def _send(url: str, count: int) -> None:
    for number in range(count):
        sqs._act_send_message({"MessageBody": str(number)}, url)


def test_a_batch_waits_for_its_window(queue: str) -> None:
    _send(queue, 3)
    assert queue_batches.receive(queue, 10) == []

    sqs._queues[queue]["messages"][0]["visible_at"] -= 60

    assert [message["body"] for message in queue_batches.receive(queue, 10)] == ["0", "1", "2"]
    assert queue_batches.receive(queue, 10) == []


def test_a_full_batch_does_not_wait(queue: str) -> None:
    _send(queue, 25)

    assert len(queue_batches.receive(queue, 20)) == 20
    assert queue_batches.receive(queue, 20) == []


def test_without_a_window_messages_are_taken_at_once(queue: str) -> None:
    lambda_svc._esms["mapping"]["MaximumBatchingWindowInSeconds"] = 0
    _send(queue, 1)

    assert len(queue_batches.receive(queue, 10)) == 1


def test_delayed_messages_are_not_there_yet(queue: str) -> None:
    lambda_svc._esms["mapping"]["MaximumBatchingWindowInSeconds"] = 0
    sqs._act_send_message({"MessageBody": "later", "DelaySeconds": 100}, queue)

    assert queue_batches.receive(queue, 10) == []


def test_it_is_what_ministack_calls() -> None:
    queue_batches.install()

    assert sqs._receive_messages_for_esm is queue_batches.receive
