"""The events of a stream of AWS's, whose failures are botocore's exceptions, as a whole reply's are.

botocore's own stream lets through what its HTTP library and its frame parser raise when the connection breaks, falls
silent or delivers damage.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from botocore.eventstream import ParserError

from lambdas.common.network_errors import DAMAGED, as_botocores


class StreamedEvents:
    """The events, in order. Iterating anew goes on where the last iteration stopped.

    Args:
        events: botocore's ``EventStream``.
        raw: the response that it reads.
        endpoint: who sends it, for the exceptions.
    """

    def __init__(self, events: Any, raw: Any, endpoint: str) -> None:
        self._events = events
        self._raw = raw
        self._endpoint = endpoint

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the events.

        Raises:
            ClientError: the service says that it failed.
            ReadTimeoutError: it was silent for too long.
            ResponseStreamingError: the connection broke, or what came over it is damaged.
        """
        with as_botocores(self._endpoint):
            try:
                yield from self._events
            except DAMAGED as error:
                raise ParserError(str(error)) from error

    def close(self) -> None:
        """Stop reading. A thread that waits for the next event is woken, and not waited for."""
        # Closing a response waits for who reads it. Where it was read to its end, there is nothing to shut down.
        with suppress(AttributeError, OSError, RuntimeError, ValueError):
            self._raw.shutdown()
        self._events.close()
