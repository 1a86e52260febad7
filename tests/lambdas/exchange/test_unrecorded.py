"""What is said of an answer that could not be charged or stored."""

import io
import json

import pytest
from botocore.exceptions import ConnectTimeoutError

from lambdas.common.errors import ConflictError
from lambdas.exchange import unrecorded
from tests.lambdas.fakes import client_error


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (ConflictError("Busy.", code="session_conflict"), "session_conflict", "session_conflict"),
        (client_error("AccessDeniedException", "a secret"), "unavailable", "AccessDeniedException"),
        (ConnectTimeoutError(endpoint_url="https://dynamodb"), "unavailable", "ConnectTimeoutError"),
    ],
)
def test_the_log_says_why_and_not_what(error: Exception, code: str, reason: str, printed: io.StringIO) -> None:
    assert unrecorded.log("turn", error, key_id="key_1") == code

    line = json.loads(printed.getvalue())
    assert (line["what"], line["reason"], line["key_id"]) == ("turn", reason, "key_1")
    assert "a secret" not in printed.getvalue()


def test_the_header_has_all_of_it_or_is_not_there() -> None:
    assert unrecorded.header({}) == {}
    assert unrecorded.header({"turn": "a", "charge": "b"}) == {"x-quarry-not-recorded": "charge=b, turn=a"}
