"""Failures of the network, in one table: what may have been done, and what the caller is told.

| failure | the request | is tried again | the caller is told |
| --- | --- | --- | --- |
| no connection: refused, no route, none in time | was not sent | once, by ``KeptSession`` | 502; 504 if out of time |
| a kept connection was closed meanwhile | was not taken | once, by ``KeptSession`` | nothing |
| the connection closed before an answer | may have been done | only what changes nothing twice | 502 |
| silence, or the time was up | may have been done | only what changes nothing twice | 504 |
| broken or damaged in the middle of an answer | was begun | never | 502, in a stream as its last event |

Nothing but botocore's exceptions leaves ``lambdas.common``: what its HTTP library and its frame parser raise while a
body is read, no BotoCoreErrors, becomes one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from struct import error as StructError  # noqa: N812 - it is a class
from typing import Final

from botocore.eventstream import ParserError
from botocore.exceptions import (
    ConnectionError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError
from urllib3.exceptions import ReadTimeoutError as SilentError

# There was no connection, so nobody can have done anything.
NOTHING_SENT: Final = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
# All of the table, whoever was called.
BROKEN: Final = (ConnectionError, HTTPClientError)
# What botocore's parsers stumble over in frames whose sums are right and whose content is not; elsewhere, a defect.
DAMAGED: Final = (AttributeError, LookupError, StructError, TypeError, ValueError)
# 504 and not 502.
TOO_LATE: Final = (ConnectTimeoutError, ReadTimeoutError)


@contextmanager
def as_botocores(endpoint: str) -> Iterator[None]:
    """Raise botocore's exceptions for what breaks while a body is read.

    Args:
        endpoint: who sends it, for the exceptions.

    Raises:
        ReadTimeoutError: it was silent for too long.
        ResponseStreamingError: the connection broke, or what came over it is damaged.
    """
    try:
        yield
    except SilentError as error:
        raise ReadTimeoutError(endpoint_url=endpoint, error=error) from error
    except (HTTPError, OSError, ParserError, ResponseParserError) as error:
        raise ResponseStreamingError(error=error) from error
