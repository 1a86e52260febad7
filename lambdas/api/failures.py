"""What becomes of a failed request: it is recorded, and the caller is told in the one error shape."""

import traceback

from lambdas.api import outcome
from lambdas.common.errors import ApiError, InternalError
from lambdas.common.observability import logger


def told(error: Exception, *, request_id: str) -> ApiError:
    """Record a failure and return what the caller is told."""
    if isinstance(error, ApiError):
        outcome.refused(error)
        return error
    # An exception's text may quote the prompt. The places in the code tell enough.
    where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    logger.error("unforeseen error", extra={"error_type": type(error).__name__, "where": where})
    return InternalError(f"Something went wrong here. Give the platform's owner this request id: {request_id}.")
