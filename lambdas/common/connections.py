"""Connections that outlive a freeze: botocore's HTTP session, careful with the connections that it has kept.

Between two requests Lambda may freeze the process. What it kept open may be closed meanwhile, by the other side or by a
gateway on the way, and nobody is awake to be told; the next request on it then fails (boto/botocore#2787). So a
connection that was idle for long is not used again, and a request for which a kept one turns out to be closed goes once
more over a new one.
"""

import ssl
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
    AWSResponse,
)
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session

from lambdas.common.observability import logger

# Seconds. Services and gateways on the way are said to close an idle connection after a minute at the soonest.
IDLE_SECONDS: Final = 50.0
# Seconds from the request to the news. Longer, and the other side may have been at work on it.
AT_ONCE_SECONDS: Final = 1.0

# Seconds from any start.
Clock = Callable[[], float]


class KeptClosedError(ConnectionResetError):
    """A kept connection was closed before the request, as far as can be told from here."""


class KeptConnection(AWSHTTPConnection):
    """A connection that knows how long it has been idle, and that it was used before.

    Args:
        clock: seconds from any start; it has to go on while the process is frozen.
    """

    def __init__(self, *args: Any, clock: Clock, **options: Any) -> None:
        super().__init__(*args, **options)
        self._clock = clock
        self._asked_at = 0.0
        # When the last answer began; None: nothing was answered over it yet.
        self._answered_at: float | None = None

    def connect(self) -> None:
        """Connect, which makes it a new one."""
        self._answered_at = None
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
        try:
            response = super().getresponse()
        except ConnectionError as error:
            if kept and self._clock() - self._asked_at <= AT_ONCE_SECONDS:
                raise KeptClosedError(str(error)) from error
            raise
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
        # The managers, of proxies too, look up here what to make; a pool hands what it does not know to connections.
        pools: dict[str, Any] = self._pool_classes_by_scheme  # type: ignore[attr-defined]
        pools.update(http=partial(_Pool, clock=clock), https=partial(_TlsPool, clock=clock))

    def send(self, request: Any) -> AWSResponse:
        """Send a request, again if a kept connection turns out to be closed.

        Raises:
            BotoCoreError: as botocore's session.
        """
        try:
            return super().send(request)
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
