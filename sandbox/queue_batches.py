"""How Lambda's event source mappings read SQS queues: whole batches, and the batching window.

MiniStack takes what is visible at once and ten messages at most. Here, as in the Lambda developer guide ("Amazon SQS
event source mappings"), a function is called when the batch is full, or when its oldest message has been waiting for
``MaximumBatchingWindowInSeconds``.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.services import lambda_svc, sqs


def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing.

    Raises:
        AttributeError: this MiniStack lacks the function that is replaced.
    """
    sqs._receive_messages_for_esm  # noqa: B018 - another MiniStack would never call what is put here
    sqs._receive_messages_for_esm = receive


def receive(queue_url: str, batch_size: int) -> list[dict[str, Any]]:
    """Return the messages of a batch that is due, now invisible to others, or nothing."""
    with sqs._queues_lock:
        queue = sqs._get_q(queue_url)
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        now = time.time()
        since = [message["visible_at"] for message in queue["messages"] if message["visible_at"] <= now]
        most = int(batch_size or 1)
        if not since or (len(since) < most and now - min(since) < _window(queue["attributes"]["QueueArn"])):
            return []
        found: list[dict[str, Any]] = sqs._collect_msgs(queue, most, int(queue["attributes"]["VisibilityTimeout"]))
        return found


def _window(queue_arn: str) -> float:
    """The batching window of the queue's mapping, in seconds."""
    mappings = (each for each in lambda_svc._esms.values() if each.get("EventSourceArn") == queue_arn)
    return max((float(each.get("MaximumBatchingWindowInSeconds") or 0) for each in mappings), default=0.0)
