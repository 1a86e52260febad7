"""What becomes of a failed request: it is recorded, and the caller is told in one of the errors there are."""

import re
from typing import Final

from botocore.exceptions import ClientError

from lambdas.api import outcome
from lambdas.api.operations import OPERATIONS
from lambdas.common.aws_errors import code_of, is_passing, lacking
from lambdas.common.errors import (
    ApiError,
    InternalError,
    MethodNotAllowedError,
    NotFoundError,
    UnavailableError,
    UpstreamError,
    UpstreamTimeoutError,
)
from lambdas.common.failure import recorded
from lambdas.common.network_errors import BROKEN, TOO_LATE
from lambdas.common.observability import logger

# Tables have capacity again within a second or so; their clients have tried more than once by now.
BUSY_RETRY_SECONDS: Final = 1


def record_failure(error: Exception, *, request_id: str) -> ApiError:
    """Record a failure, in the log and in the metrics, and return what the caller is told."""
    if isinstance(error, ApiError):
        outcome.refused(error)
        return error
    if isinstance(error, BROKEN):
        logger.error("a service of AWS not reached", extra=recorded(error))
        if isinstance(error, TOO_LATE):
            return UpstreamTimeoutError("A service of AWS that this needs did not answer in time. Try again.")
        return UpstreamError("The connection to a service of AWS that this needs broke. Try again.")
    if isinstance(error, ClientError) and is_passing(error):
        logger.error("a service of AWS busy", extra={"aws": code_of(error), **recorded(error)})
        return UnavailableError(
            "A service of AWS that this needs is busy. Try again in a second.",
            code="service_busy",
            retry_after=BUSY_RETRY_SECONDS,
        )
    denied = lacking(error)
    logger.error("a right is lacking" if denied else "unforeseen error", extra={**denied, **recorded(error)})
    return InternalError(f"Something went wrong here. Give the platform's owner this request id: {request_id}.")


def no_such_route(method: str, path: str) -> ApiError:
    """Return the error for a URL that no operation has, or has for other methods. API Gateway says the same."""
    allowed = tuple(sorted(one.method for one in OPERATIONS if _is_of(one.path, path)))
    # One that is among them has a value in its path that no router takes.
    if allowed and method not in allowed:
        return MethodNotAllowedError(f"`{path}` takes {' and '.join(allowed)}, not {method}.", allowed=allowed)
    return NotFoundError(
        f"There is no {method} {path} here: GET /openapi.json has every route. A base URL ends in /v1, once and "
        "without a slash.",
        code="unknown_url",
    )


def _is_of(template: str, path: str) -> bool:
    """Tell whether a path is one of an operation's, as /v1/sessions/s-1 of /v1/sessions/{id}."""
    return re.fullmatch(re.sub(r"{\w+}", "[^/]+", template) + "/?", path) is not None
