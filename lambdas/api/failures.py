"""What becomes of a failed request: it is recorded, and the caller is told in the one error shape."""

from lambdas.api import outcome
from lambdas.common.errors import ApiError, InternalError, NotFoundError
from lambdas.common.failure import recorded
from lambdas.common.observability import logger


def record_failure(error: Exception, *, request_id: str) -> ApiError:
    """Record a failure, in the log and in the metrics, and return what the caller is told."""
    if isinstance(error, ApiError):
        outcome.refused(error)
        return error
    logger.error("unforeseen error", extra=recorded(error))
    return InternalError(f"Something went wrong here. Give the platform's owner this request id: {request_id}.")


def no_such_route(method: str, path: str) -> NotFoundError:
    """Return the error for a URL that no operation has."""
    return NotFoundError(f"There is no {method} {path} here.", code="unknown_url")
