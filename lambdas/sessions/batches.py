"""Calls of DynamoDB that answer in part: what a busy table left undone is asked for again, later each time, and not for
ever."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from lambdas.common.errors import UnavailableError

ATTEMPTS: Final = 6
# Doubles with every attempt; what is waited is drawn between 0 and it. All attempts wait 0.8 s on average.
BACKOFF_SECONDS: Final = 0.05

Sleep = Callable[[float], None]


def done(
    operation: Callable[..., dict[str, Any]], requests: dict[str, Any], *, left: str, sleep: Sleep = time.sleep
) -> Iterator[dict[str, Any]]:
    """Yield the replies of BatchGetItem or BatchWriteItem until everything is done.

    Args:
        requests: ``RequestItems``.
        left: the reply's member that has what was not done, as ``UnprocessedKeys``.
        sleep: waits that many seconds; for tests.

    Raises:
        UnavailableError: the table stayed busy; what was done stays so.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 - jitter
        reply = operation(RequestItems=requests)
        yield reply
        requests = reply.get(left) or {}
        if not requests:
            return
    raise UnavailableError(
        "The table of sessions is busy, and not all was done. Try again in a second.",
        code="service_busy",
        retry_after=1,
    )
