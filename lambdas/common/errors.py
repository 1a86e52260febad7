"""Every error that a caller of the API can be told, as a tree, with the HTTP status and OpenAI error type of each.

    ApiError
    ├── InvalidRequestError      400  the request is wrong; ``param`` names the field
    ├── AuthenticationError      401  no key, an unknown one, a revoked one
    ├── PermissionDeniedError    403  Bedrock refuses this platform's role or account
    ├── NotFoundError            404  no such alias or path
    ├── MethodNotAllowedError    405  the path is one, for other methods
    ├── ConflictError            409  it was changed meanwhile; nothing was stored, an answer is given
    ├── RequestTooLargeError     413
    ├── RateLimitError           429  with seconds to wait
    ├── InternalError            500  unforeseen; carries a request id and no internals
    ├── UpstreamError            502  Bedrock failed in a way that a retry may mend
    ├── UnavailableError         503  with seconds to wait
    └── UpstreamTimeoutError     504

The ``type`` and ``code`` strings are OpenAI's, so that its SDK raises the matching exception class.
A guardrail's intervention is not here: it is a result, not an error.
"""

import re
from typing import ClassVar, Final

# Characters of a caller's text (a name, a path of names) and of a whole message that are said again, in the reply and
# in the log: enough to find the place.
MOST_QUOTED: Final = 200
MOST_SAID: Final = 2000
# What messages quote stands between backticks. With white space in it, it may be what lies between two quotes.
_QUOTED: Final = re.compile(rf"`([^`\s]{{{MOST_QUOTED}}})[^`\s]+`")


def cut(text: str, most: int) -> str:
    """Return a text of at most ``most`` characters; one that was longer ends in "…"."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


class ApiError(Exception):
    """Base of all errors that reach a caller.

    Args:
        message: what went wrong and what to do about it, in one or two sentences. What it quotes in backticks, and all
            of it, is cut where it is long.
        param: path of the offending field, as ``messages[0].role``; cut where it is long.
        code: a word for programs; a class default where none is given.
        retry_after: seconds after which a retry makes sense, for the ``Retry-After`` header.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "api_error"
    default_code: ClassVar[str | None] = None

    def __init__(
        self, message: str, *, param: str | None = None, code: str | None = None, retry_after: int | None = None
    ) -> None:
        self.message = cut(_QUOTED.sub(r"`\1…`", message), MOST_SAID)
        super().__init__(self.message)
        self.param = None if param is None else cut(param, MOST_QUOTED)
        self.code = code or self.default_code
        self.retry_after = retry_after

    def headers(self) -> dict[str, str]:
        """Return response headers: when a retry makes sense."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def to_body(self) -> dict[str, dict[str, str | None]]:
        """Return OpenAI's error shape: ``{"error": {"message", "type", "param", "code"}}``."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


class InvalidRequestError(ApiError):
    """The request cannot be accepted as it is."""

    status = 400
    type = "invalid_request_error"


class AuthenticationError(ApiError):
    """The key is missing, unknown, expired or revoked."""

    status = 401
    type = "invalid_request_error"
    default_code = "invalid_api_key"


class PermissionDeniedError(ApiError):
    """Bedrock does not let this platform call the model."""

    status = 403
    type = "permission_error"
    default_code = "model_access_denied"


class NotFoundError(ApiError):
    """No such alias or path."""

    status = 404
    type = "invalid_request_error"


class MethodNotAllowedError(ApiError):
    """The path is there, but not for this method.

    Args:
        allowed: the methods that it is there for.
    """

    status = 405
    type = "invalid_request_error"
    default_code = "method_not_allowed"

    def __init__(self, message: str, *, allowed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.allowed = allowed

    def headers(self) -> dict[str, str]:
        """Return the header that HTTP wants (RFC 9110, 15.5.6): which methods there are."""
        return {**super().headers(), "Allow": ", ".join(self.allowed)}


class ConflictError(ApiError):
    """Another request changed the same thing meanwhile; nothing of this one was stored."""

    status = 409
    type = "invalid_request_error"
    default_code = "conflict"


class RequestTooLargeError(ApiError):
    """The body is larger than the platform accepts."""

    status = 413
    type = "invalid_request_error"
    default_code = "request_too_large"


class RateLimitError(ApiError):
    """Too many requests, here or at Bedrock."""

    status = 429
    type = "rate_limit_error"
    default_code = "rate_limit_exceeded"


class InternalError(ApiError):
    """Unforeseen; the log has the rest under the request id."""

    status = 500
    default_code = "internal_error"


class UpstreamError(ApiError):
    """Bedrock answered with an error of its own."""

    status = 502
    default_code = "upstream_error"


class UnavailableError(ApiError):
    """The model is not ready or the service is overloaded."""

    status = 503
    default_code = "model_unavailable"


class UpstreamTimeoutError(ApiError):
    """The model did not answer within the time that the API has."""

    status = 504
    default_code = "upstream_timeout"
