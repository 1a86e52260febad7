"""What a failed search means for the caller: one table from AWS's exceptions to the API's errors.

The messages say what to do. AWS's own words are passed on only where they concern the request. Source: API reference of
Retrieve, Bedrock user guide on permissions of knowledge bases.
"""

import re
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.chat.errors import (
    DAILY_RETRY_SECONDS,
    NOT_READY_RETRY_SECONDS,
    THROTTLED_RETRY_SECONDS,
    error_code,
    is_daily_quota,
)
from lambdas.common.errors import (
    ApiError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    UnavailableError,
    UpstreamError,
    UpstreamTimeoutError,
)
from lambdas.common.network_errors import TOO_LATE

# Worth a second try at once.
RETRYABLE: Final = frozenset(
    {
        "ThrottlingException",
        "TooManyRequestsException",
        "InternalServerException",
        "ServiceUnavailableException",
        "BadGatewayException",
        "DependencyFailedException",
    }
)

# OpenSearch says "Rewrite first" of a filter on a field that it has no keywords of.
_ABOUT_FILTERS: Final = re.compile(r"filter|rewrite first|metadata", re.IGNORECASE)
# Of a model of a third party that nobody has accepted the agreement of: every search is denied.
_ABOUT_AGREEMENT: Final = re.compile(r"marketplace|access to the model", re.IGNORECASE)
# What is denied is denied to the knowledge base's own role; Bedrock tells it as a validation.
_ABOUT_RIGHTS: Final = re.compile(r"not able to call|not authorized|access denied|unauthorized", re.IGNORECASE)


def to_api_error(
    error: ClientError | BotoCoreError, *, knowledge_base_id: str, filter_param: str | None = None
) -> ApiError:
    """Return the error that the caller is told when a search failed with ``error``.

    Args:
        filter_param: path of the request's filter; None if it has none.
    """
    if isinstance(error, TOO_LATE):
        return UpstreamTimeoutError("The knowledge base did not answer in time. Try again.")
    if not isinstance(error, ClientError):
        return UpstreamError("The call to the knowledge base failed. Try again.")
    code = error_code(error)
    message = error.response["Error"].get("Message", "")
    match code:
        case "ThrottlingException" | "TooManyRequestsException" if is_daily_quota(error):
            return RateLimitError(
                "The account's Bedrock quota of the day for a model that the knowledge base searches with is used up. "
                "Try again tomorrow; the platform's owner can ask AWS to raise it (Service Quotas, tokens per day).",
                code="insufficient_quota",
                retry_after=DAILY_RETRY_SECONDS,
            )
        case "ThrottlingException" | "TooManyRequestsException":
            return RateLimitError(
                "Amazon Bedrock is throttling the knowledge base. Wait and try again.",
                retry_after=THROTTLED_RETRY_SECONDS,
            )
        case "ServiceQuotaExceededException":
            return RateLimitError(
                "The account's quota for searching knowledge bases is used up. Ask the platform's owner to raise it "
                "(Service Quotas, Amazon Bedrock).",
                code="insufficient_quota",
                retry_after=NOT_READY_RETRY_SECONDS,
            )
        case "AccessDeniedException" | "UnrecognizedClientException" | "ExpiredTokenException":
            return _denied(message, knowledge_base_id)
        case "ResourceNotFoundException":
            return NotFoundError(
                f"The knowledge base {knowledge_base_id} is not there any more. The platform's owner can bring it "
                "back: deploy again.",
                code="knowledge_base_missing",
            )
        case "ConflictException":
            return UnavailableError(
                "The knowledge base is being changed. Wait and try again.",
                code="knowledge_not_ready",
                retry_after=NOT_READY_RETRY_SECONDS,
            )
        case "ValidationException":
            return _validation(message, knowledge_base_id, filter_param)
        case _:
            return UpstreamError(f"The knowledge base failed to answer ({code}). Try again.")


def _denied(message: str, knowledge_base_id: str) -> ApiError:
    if _ABOUT_AGREEMENT.search(message):
        return PermissionDeniedError(
            f"The account has no access to the reranking or embedding model of the knowledge base "
            f"{knowledge_base_id}. The platform's owner can mend it: `quarry check` names the model, and `quarry "
            "check --enable` accepts its agreement.",
            code="knowledge_access_denied",
        )
    return PermissionDeniedError(
        f"AWS denies this platform the knowledge base {knowledge_base_id}. The platform's owner can mend it: allow "
        "bedrock:Retrieve on that knowledge base for the function's role, or lift an organisation policy that denies "
        "it.",
        code="knowledge_access_denied",
    )


def _validation(message: str, knowledge_base_id: str, filter_param: str | None) -> ApiError:
    if _ABOUT_RIGHTS.search(message):
        # Names roles and accounts: for the log only.
        return PermissionDeniedError(
            f"The knowledge base {knowledge_base_id} may not use its embedding model, reranking model or vector store. "
            "The platform's owner can mend it: the function's log has what AWS says; deploy again to restore the "
            "rights of its role.",
            code="knowledge_access_denied",
        )
    if filter_param and _ABOUT_FILTERS.search(message):
        return InvalidRequestError(
            f"The knowledge base cannot filter so: {message}", param=filter_param, code="knowledge_filter"
        )
    return InvalidRequestError(f"The knowledge base refuses the search: {message}", code="knowledge_validation")
