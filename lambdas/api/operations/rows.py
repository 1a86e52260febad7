"""What rows of the table of operations have in common: the errors that they can end with, the headers of answers."""

from typing import Final

from lambdas.api.operation import Errors
from lambdas.common.errors import (
    AuthenticationError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequestTooLargeError,
    UnavailableError,
    UpstreamError,
    UpstreamTimeoutError,
)

# 503 too: whoever the key is, a table is asked for it.
ALWAYS: Final[Errors] = (AuthenticationError, RateLimitError, UnavailableError, InternalError)
BODY: Final[Errors] = (InvalidRequestError, RequestTooLargeError)
MODEL: Final[Errors] = (
    *BODY,
    PermissionDeniedError,
    NotFoundError,
    UpstreamError,
    UnavailableError,
    UpstreamTimeoutError,
)

ALLOWANCE_HEADERS: Final = (
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "x-quarry-remaining-usd",
)
LEFT_OUT: Final = "x-quarry-dropped-parameters"
ASKED_HEADERS: Final = (LEFT_OUT, "x-quarry-not-recorded", *ALLOWANCE_HEADERS)
CHAT_HEADERS: Final = ("x-quarry-model", "x-quarry-tuned", "x-quarry-charged-usd", *ASKED_HEADERS)
