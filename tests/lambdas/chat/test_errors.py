"""What callers are told when Bedrock fails."""

import pytest
from botocore.exceptions import BotoCoreError, EndpointConnectionError, ReadTimeoutError

from lambdas.chat.errors import to_api_error
from tests.lambdas.fakes import client_error


@pytest.mark.parametrize(
    ("code", "message", "status", "says"),
    [
        ("ThrottlingException", "Too many requests", 429, "throttling"),
        ("ServiceQuotaExceededException", "x", 429, "quota"),
        ("AccessDeniedException", "User: arn:aws:sts::1:x is not authorized", 403, "allow bedrock:InvokeModel"),
        ("ModelNotReadyException", "x", 503, "not ready"),
        ("ServiceUnavailableException", "x", 503, "not ready"),
        ("ModelTimeoutException", "x", 504, "did not answer in time"),
        ("ResourceNotFoundException", "Model use case details have not been submitted", 403, "quarry check --enable"),
        ("ResourceNotFoundException", "This model version has reached the end of its life.", 403, "end of life"),
        ("ValidationException", "Operation not allowed", 403, "AWS Support"),
        ("ValidationException", "Invocation of model ID x with on-demand throughput isn't supported", 403, "profile"),
        ("ValidationException", "The provided model identifier is invalid.", 403, "alias"),
        ("ValidationException", "max_tokens is too large", 400, "max_tokens is too large"),
        ("InternalServerException", "secret internals", 502, "Try again"),
        ("SomethingNew", "secret internals", 502, "SomethingNew"),
    ],
)
def test_each_failure_has_its_status_and_says_what_to_do(code: str, message: str, status: int, says: str) -> None:
    error = to_api_error(client_error(code, message), alias="fast", model_id="m")

    assert error.status == status
    assert says in error.message
    assert "secret internals" not in error.message
    assert "arn:aws:sts" not in error.message


@pytest.mark.parametrize("status", [429, 503])
def test_what_passes_says_when_to_come_back(status: int) -> None:
    code = {429: "ThrottlingException", 503: "ModelNotReadyException"}[status]

    assert to_api_error(client_error(code), alias="fast", model_id="m").retry_after


@pytest.mark.parametrize(
    ("error", "status"),
    [(ReadTimeoutError(endpoint_url="http://x"), 504), (EndpointConnectionError(endpoint_url="http://x"), 502)],
)
def test_a_call_that_never_got_an_answer(error: BotoCoreError, status: int) -> None:
    assert to_api_error(error, alias="fast", model_id="m").status == status


GONE = "The guardrail identifier or version provided in the request does not exist."
DENIED = (
    "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: bedrock:ApplyGuardrail on resource: "
    "arn:aws:bedrock:us-east-1:1:guardrail/gr123 because no identity-based policy allows the bedrock:ApplyGuardrail "
    "action"
)
GUARDRAIL_TROUBLE = [
    ("ValidationException", GONE, "guardrail_missing"),
    ("ValidationException", "The provided guardrail identifier is invalid.", "guardrail_missing"),
    ("ResourceNotFoundException", GONE, "guardrail_missing"),
    ("AccessDeniedException", DENIED, "guardrail_access_denied"),
]


@pytest.mark.parametrize(("code", "message", "told"), GUARDRAIL_TROUBLE)
def test_a_guardrail_that_cannot_be_used_is_no_fault_of_the_request_or_the_model(
    code: str, message: str, told: str
) -> None:
    error = to_api_error(client_error(code, message), alias="fast", model_id="m")

    assert (error.status, error.code) == (403, told)
    assert "owner can" in error.message
    assert "arn:aws" not in error.message


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        ("ValidationException", "guardContent is not supported without a guardrail", "model_validation"),
        ("AccessDeniedException", "not authorized to perform: bedrock:InvokeModel", "model_access_denied"),
        ("ThrottlingException", GONE, "rate_limit_exceeded"),
    ],
)
def test_what_only_mentions_a_guardrail_is_told_as_what_it_is(code: str, message: str, told: str) -> None:
    assert to_api_error(client_error(code, message), alias="fast", model_id="m").code == told
