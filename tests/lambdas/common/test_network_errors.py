"""Whatever breaks while a body is read is one of botocore's exceptions, which who calls AWS is ready for."""

import pytest
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import ProtocolError, SSLError
from urllib3.exceptions import ReadTimeoutError as SilentError

from lambdas.common.network_errors import NOTHING_SENT, TOO_LATE, as_botocores


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (SilentError(None, "/", "no more"), ReadTimeoutError),  # type: ignore[arg-type] # no pool is needed to say so
        (ProtocolError("cut"), ResponseStreamingError),
        (SSLError("ended"), ResponseStreamingError),
        (ConnectionResetError("reset"), ResponseStreamingError),
        (ChecksumMismatch(1, 2), ResponseStreamingError),
        (ResponseParserError("no JSON"), ResponseStreamingError),
    ],
)
def test_what_breaks_while_a_body_is_read_is_botocores(failure: Exception, raised: type[BotoCoreError]) -> None:
    assert not isinstance(failure, BotoCoreError)

    with pytest.raises(raised) as told, as_botocores("https://aws.test"):
        raise failure

    assert told.value.__cause__ is failure


def test_what_is_botocores_or_a_defect_passes() -> None:
    for error in (EndpointConnectionError(endpoint_url="https://aws.test"), KeyError("x")):
        with pytest.raises(type(error)) as told, as_botocores("https://aws.test"):
            raise error
        assert told.value is error


def test_a_connection_that_was_not_made_in_time_was_not_sent_and_is_too_late() -> None:
    assert issubclass(ConnectTimeoutError, NOTHING_SENT)
    assert issubclass(ConnectTimeoutError, TOO_LATE)
    assert not issubclass(ReadTimeoutError, NOTHING_SENT)
