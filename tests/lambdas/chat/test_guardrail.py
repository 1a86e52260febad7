"""Asking the guardrail about a prompt that no model is asked."""

from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from lambdas.chat.guardrail import MOST_CHARACTERS, Guardrail
from lambdas.common.errors import ApiError, PermissionDeniedError, RateLimitError, UpstreamError, UpstreamTimeoutError
from tests.lambdas.chat.test_errors import GUARDRAIL_TROUBLE
from tests.lambdas.fakes import FakeConverse, client_error, converse_reply


def guardrail(client: Any) -> Guardrail:
    return Guardrail(client=client, guardrail_id="gr123", version="2")


def test_what_is_stopped_is_told_with_the_policys_message() -> None:
    client = FakeConverse(converse_reply())
    client.stops = {"bad"}

    assert guardrail(client).stopped("bad") == "Stopped by policy."
    assert guardrail(client).stopped("good") is None


class Masking:
    """A guardrail that masks, which is an intervention too."""

    def apply_guardrail(self, **_: Any) -> dict[str, Any]:
        found = {"sensitiveInformationPolicy": {"piiEntities": [{"type": "EMAIL", "action": "ANONYMIZED"}]}}
        return {"action": "GUARDRAIL_INTERVENED", "outputs": [{"text": "{EMAIL}"}], "assessments": [found]}


def test_what_is_only_masked_is_let_through() -> None:
    assert guardrail(Masking()).stopped("ann@example.com") is None


def test_of_a_long_prompt_as_much_is_judged_as_bedrock_takes() -> None:
    client = FakeConverse(converse_reply())

    guardrail(client).stopped("x" * 100_000)

    assert client.judged == ["x" * MOST_CHARACTERS]


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (client_error("ThrottlingException"), RateLimitError),
        (client_error("ServiceUnavailableException"), UpstreamError),
        (ConnectionClosedError(endpoint_url="http://x"), UpstreamError),
        (ReadTimeoutError(endpoint_url="http://x"), UpstreamTimeoutError),
    ],
)
def test_a_failure_is_told(failure: Exception, error: type[ApiError]) -> None:
    client = FakeConverse(converse_reply())
    client.stops = failure

    with pytest.raises(error):
        guardrail(client).stopped("x")


@pytest.mark.parametrize(("code", "message", "told"), GUARDRAIL_TROUBLE)
def test_one_that_is_gone_or_denied_is_told_as_every_call_tells_it(code: str, message: str, told: str) -> None:
    client = FakeConverse(converse_reply())
    client.stops = client_error(code, message)

    with pytest.raises(PermissionDeniedError) as refused:
        guardrail(client).stopped("x")

    assert refused.value.code == told
