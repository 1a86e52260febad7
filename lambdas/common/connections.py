"""Connections that outlive a freeze: botocore's HTTP session, careful with the connections that it has kept.

Between two requests Lambda may freeze the process. What it kept open may be closed meanwhile, by the other side or by a
gateway on the way, and nobody is awake to be told; the next request on it then fails (boto/botocore#2787). So a
connection that was idle for long is not used again, and a request for which a kept one turns out to be closed goes once
more over a new one.

What is read over them can be bounded as a whole, which no time-out of HTTP libraries does: theirs bound each silence,
and a stream that never falls silent has no end.
"""

import io
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPResponse
from typing import Any, Final

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
    AWSResponse,
)
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from lambdas.common.deadline import NEVER, Deadline
from lambdas.common.network_errors import NOTHING_SENT
from lambdas.common.observability import logger

# Seconds. Services and gateways on the way are said to close an idle connection after a minute at the soonest.
IDLE_SECONDS: Final = 50.0
# Seconds from the request to the news. Longer, and the other side may have been at work on it.
AT_ONCE_SECONDS: Final = 1.0

# Seconds from any start.
Clock = Callable[[], float]


class KeptClosedError(ConnectionResetError):
    """A kept connection was closed before the request, as far as can be told from here."""


class _BoundedReading(io.RawIOBase):
    """What comes over a socket, until the deadline.

    Args:
        raw: reads the socket.
        silence: the longest that is waited for the next bytes, in seconds; None for ever.
    """

    def __init__(self, raw: Any, sock: socket.socket, *, silence: float | None, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._silence = math.inf if silence is None else silence
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        """Read some bytes into the buffer and return how many.

        Raises:
            TimeoutError: none came in time, or the time is up, even if there are some.
        """
        left = self._deadline.left
        if left <= 0:
            raise TimeoutError("the time is up")
        self._sock.settimeout(min(self._silence, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    """A response, head and body, that is read until the deadline."""

    def __init__(
        self, sock: socket.socket, *args: Any, silence: float | None, deadline: Deadline, **options: Any
    ) -> None:
        super().__init__(sock, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedReading(raw, sock, silence=silence, deadline=deadline))


class KeptConnection(AWSHTTPConnection):
    """A connection that knows how long it has been idle, and that it was used before.

    Args:
        clock: seconds from any start; it has to go on while the process is frozen.
        deadline: gives when the request has to be over that this thread is sending.
    """

    def __init__(
        self, *args: Any, clock: Clock, deadline: Callable[[], Deadline] = lambda: NEVER, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._clock = clock
        self._deadline = deadline
        self._asked_at = 0.0
        # When the last answer began; None: nothing was answered over it yet.
        self._answered_at: float | None = None

    def connect(self) -> None:
        """Connect, which makes it a new one."""
        self._answered_at = None
        # 0 would mean a socket that never waits, and less is none.
        if (deadline := self._deadline()) is not NEVER:
            left = max(deadline.left, 0.001)
            self.timeout = left if self.timeout is None else min(self.timeout, left)
        super().connect()

    @property
    def is_connected(self) -> bool:
        """Whether it may be used again: urllib3 asks this before it takes one that it has kept."""
        if self._answered_at is not None and self._clock() - self._answered_at > IDLE_SECONDS:
            return False
        return super().is_connected

    def request(self, *args: Any, **options: Any) -> Any:
        """Send a request.

        Raises:
            KeptClosedError: TLS had ended already. Other connections' ends urllib3 finds out in ``getresponse``, for
                the other side may have answered before it closed.
        """
        self._asked_at = self._clock()
        try:
            return super().request(*args, **options)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            if self._answered_at is None:
                raise
            raise KeptClosedError(str(error)) from error

    def getresponse(self) -> Any:
        """Return the response, of which the head has arrived.

        Raises:
            KeptClosedError: this connection was kept and is closed, nothing was answered, and it came to light at once.
                What was closed cannot have taken the request.
        """
        kept = self._answered_at is not None
        usual: Any = self.response_class
        if (deadline := self._deadline()) is not NEVER:
            bounded: Any = partial(_BoundedResponse, silence=self.timeout, deadline=deadline)
            self.response_class = bounded
        try:
            response = super().getresponse()
        except ConnectionError as error:
            if kept and self._clock() - self._asked_at <= AT_ONCE_SECONDS:
                raise KeptClosedError(str(error)) from error
            raise
        finally:
            self.response_class = usual
        self._answered_at = self._clock()
        return response


class _KeptTlsConnection(KeptConnection, AWSHTTPSConnection):  # type: ignore[misc] # as botocore's stubs
    pass


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = KeptConnection


class _TlsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _KeptTlsConnection


class KeptSession(URLLib3Session):
    """botocore's HTTP session over such connections; threads may share it.

    Args:
        clock: the wall clock, because others may stand still while the process is frozen; tests give another.
        options: as botocore's.
    """

    def __init__(self, *, clock: Clock = time.time, **options: Any) -> None:
        super().__init__(**options)
        # Of a thread, because nothing between a client's call and the connection hands anything of ours down.
        self._bounds = threading.local()
        # The managers, of proxies too, look up here what to make; a pool hands what it does not know to connections.
        pools: dict[str, Any] = self._pool_classes_by_scheme  # type: ignore[attr-defined]
        made: dict[str, Any] = {"clock": clock, "deadline": self._deadline}
        pools.update(http=partial(_Pool, **made), https=partial(_TlsPool, **made))

    @contextmanager
    def until(self, deadline: Deadline) -> Iterator[None]:
        """Bound what this thread asks for meanwhile, all that is read of it included, whoever reads it and when."""
        before = self._deadline()
        self._bounds.deadline = deadline
        try:
            yield
        finally:
            self._bounds.deadline = before

    def _deadline(self) -> Deadline:
        bound: Deadline = getattr(self._bounds, "deadline", NEVER)
        return bound

    def send(self, request: Any) -> AWSResponse:
        """Send a request, once more if nobody can have taken it: without a connection, or over a kept one that closed.

        Raises:
            ReadTimeoutError: also if its deadline has passed: then nothing is sent.
            BotoCoreError: as botocore's session.
        """
        if self._deadline().passed:
            raise ReadTimeoutError(endpoint_url=request.url, error="the time is up")
        try:
            return super().send(request)
        except NOTHING_SENT as error:
            if self._deadline().passed:
                raise
            logger.info("connecting again", extra={"endpoint": request.url, "reason": type(error).__name__})
        except ConnectionClosedError as error:
            if not _was_kept(error):
                raise
            # Whatever closed this one has closed the others too.
            self.close()
            logger.info("connection renewed", extra={"endpoint": request.url})
        request.reset_stream()
        return super().send(request)


def _was_kept(error: ConnectionClosedError) -> bool:
    """Tell whether urllib3's ``ProtocolError``, which botocore hands on, is about a kept connection."""
    return any(isinstance(cause, KeptClosedError) for cause in error.kwargs["error"].args)
