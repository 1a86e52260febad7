"""What a failed call to Bedrock means for the caller: one table from AWS's exceptions to the API's errors.

The messages say what to do. AWS's own words are passed on only where they concern the request (validation); everything
else goes to the log. Sources: Converse's API reference and the Bedrock user guide's troubleshooting page.
"""

import re
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.errors import (
    ApiError,
    InvalidRequestError,
    PermissionDeniedError,
    RateLimitError,
    UnavailableError,
    UpstreamError,
    UpstreamTimeoutError,
)
from lambdas.common.network_errors import TOO_LATE

# Bedrock names no time to wait. Its quotas refill continuously over a minute, so a few seconds make a retry worthwhile.
THROTTLED_RETRY_SECONDS: Final = 5
NOT_READY_RETRY_SECONDS: Final = 30
DAILY_RETRY_SECONDS: Final = 3600

# Worth a second try at once: nothing was generated and the next call may go to other capacity.
RETRYABLE: Final = frozenset({"ThrottlingException", "ServiceUnavailableException", "InternalServerException"})

_ABSENT: Final = frozenset({"ResourceNotFoundException", "ValidationException"})
_NO_GUARDRAIL: Final = re.compile(r"guardrail.*(does not exist|is invalid|not found)", re.IGNORECASE)


def error_code(error: BaseException) -> str:
    """Return AWS's exception name, or the Python class's where the call did not get that far."""
    if not isinstance(error, ClientError):
        return type(error).__name__
    code = code_of(error)
    # In mid-stream botocore names the event, which begins with a small letter, and not the exception.
    return code[:1].upper() + code[1:]


def is_daily_quota(error: BaseException) -> bool:
    """Return whether a call was throttled because the account's tokens or requests of the day are used up.

    Bedrock has no code of its own for that: "Too many tokens per day, please wait before trying again."
    """
    return isinstance(error, ClientError) and "per day" in error.response["Error"].get("Message", "")


def guardrail_trouble(error: ClientError) -> PermissionDeniedError | None:
    """Return the error of a call that failed because its guardrail cannot be used; None if that is not why.

    Bedrock tells it like trouble with the model, by the words alone: seen are a ValidationException or, of
    ApplyGuardrail, a ResourceNotFoundException, for "The guardrail identifier or version provided in the request does
    not exist." or "The provided guardrail identifier is invalid.", and an AccessDeniedException that names the action.
    """
    code, message = error_code(error), error.response["Error"].get("Message", "")
    if code == "AccessDeniedException" and "bedrock:ApplyGuardrail" in message:
        return PermissionDeniedError(
            "AWS denies this platform its guardrail, and without it no model is asked. The platform's owner can mend "
            "it: allow bedrock:ApplyGuardrail on the guardrail for the function's role, which deploying again does, or "
            "lift a policy that denies it.",
            code="guardrail_access_denied",
        )
    if code in _ABSENT and _NO_GUARDRAIL.search(message):
        return PermissionDeniedError(
            "The platform's guardrail, or its version, is not there any more, and without it no model is asked. The "
            "platform's owner can bring it back: destroy the guardrails' stack and deploy again.",
            code="guardrail_missing",
        )
    return None


def broken_off(alias: str) -> UpstreamError:
    """Return the error of a stream that ended without Bedrock's word that the answer does."""
    return UpstreamError(f"The answer of the model behind `{alias}` broke off. Try again.")


def out_of_time(alias: str) -> UpstreamTimeoutError:
    """Return the error of an answer that was not over in time."""
    return UpstreamTimeoutError(
        f"The model behind `{alias}` did not answer in time. Ask for a shorter answer with `max_tokens`, or try again."
    )


def to_api_error(error: ClientError | BotoCoreError, *, alias: str, model_id: str) -> ApiError:
    """Return the error that the caller of ``alias`` is told when calling ``model_id`` failed with ``error``."""
    if isinstance(error, TOO_LATE):
        return out_of_time(alias)
    if not isinstance(error, ClientError):
        return UpstreamError(f"The call to the model behind `{alias}` failed. Try again.")
    if about_guardrail := guardrail_trouble(error):
        return about_guardrail
    code = error_code(error)
    message = error.response["Error"].get("Message", "")
    match code:
        case "ThrottlingException" | "TooManyRequestsException":
            if is_daily_quota(error):
                return _day_used_up(alias)
            return RateLimitError(
                f"Amazon Bedrock is throttling the model behind `{alias}`. Wait and try again, or use another alias.",
                retry_after=THROTTLED_RETRY_SECONDS,
            )
        case "ServiceQuotaExceededException":
            return RateLimitError(
                f"The account's Bedrock quota for the model behind `{alias}` is used up. Ask the platform's owner to "
                "raise it (Service Quotas, Amazon Bedrock), or use another alias.",
                code="insufficient_quota",
                retry_after=NOT_READY_RETRY_SECONDS,
            )
        case "AccessDeniedException" | "UnrecognizedClientException" | "ExpiredTokenException":
            return _denied(alias, model_id)
        case "ModelNotReadyException" | "ServiceUnavailableException":
            return UnavailableError(
                f"The model behind `{alias}` is not ready. Wait and try again, or use another alias.",
                retry_after=NOT_READY_RETRY_SECONDS,
            )
        case "ModelTimeoutException":
            return out_of_time(alias)
        case "ResourceNotFoundException":
            return _not_found(alias, model_id, message)
        case "ValidationException":
            return _validation(alias, model_id, message)
        case _:
            return UpstreamError(f"Amazon Bedrock failed to answer for `{alias}` ({code}). Try again.")


def _day_used_up(alias: str) -> ApiError:
    # Nobody knows when the day ends that AWS counts by: an hour is soon enough to look again.
    return RateLimitError(
        f"The account's Bedrock quota of the day for the model behind `{alias}` is used up. Use another alias, or try "
        "again tomorrow; the platform's owner can ask AWS to raise it (Service Quotas, tokens per day).",
        code="insufficient_quota",
        retry_after=DAILY_RETRY_SECONDS,
    )


def _denied(alias: str, model_id: str) -> ApiError:
    return PermissionDeniedError(
        f"Amazon Bedrock denies this platform the model behind `{alias}` ({model_id}). The platform's owner can mend "
        "it: allow bedrock:InvokeModel on that model for the function's role, lift an organisation policy that denies "
        "it, or deploy again with another model under this alias."
    )


def _not_found(alias: str, model_id: str, message: str) -> ApiError:
    if "use case details" in message:
        return PermissionDeniedError(
            f"The model behind `{alias}` ({model_id}) wants Anthropic's use case form from this AWS account first. The "
            "platform's owner can send it with `quarry check --enable --form use-case-form.yaml`, or in the Bedrock "
            "console (Model catalog).",
            code="model_use_case_form_missing",
        )
    return PermissionDeniedError(
        f"The model behind `{alias}` ({model_id}) is not there any more: it may have reached its end of life. The "
        "platform's owner can put another model under this alias and deploy again.",
        code="model_unavailable",
    )


def _validation(alias: str, model_id: str, message: str) -> ApiError:
    if "Operation not allowed" in message:
        return PermissionDeniedError(
            "AWS does not let this account call Bedrock models yet (a new or unverified account). The platform's owner "
            "has to ask AWS Support to lift the block.",
            code="account_blocked",
        )
    if "on-demand throughput" in message or "model identifier is invalid" in message:
        return PermissionDeniedError(
            f"The model behind `{alias}` cannot be called as {model_id}. The platform's owner can put a model or "
            "inference profile that this region has under the alias and deploy again.",
            code="model_unavailable",
        )
    return InvalidRequestError(f"The model behind `{alias}` refuses the request: {message}", code="model_validation")
