"""How the Messages API puts errors and streams on the wire. Source: Anthropic's API reference, "Errors"."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.api.dialects.dialect import REQUEST_ID
from lambdas.api.dialects.server_sent import frame
from lambdas.common.errors import ApiError

# Status -> what Anthropic calls an error of it; those not listed are errors of the service.
TYPES: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


class ErrorDetail(Struct, frozen=True):
    """What went wrong. ``param`` and ``code`` are ours: the field's path, and a word for programs."""

    type: str
    message: str
    param: str | None
    code: str | None


class MessagesError(Struct, tag_field="type", tag="error", frozen=True):
    """An error, as a response's body or as the last event of a stream."""

    error: ErrorDetail
    request_id: str


def error_of(error: ApiError, *, request_id: str) -> MessagesError:
    """Return an error in Anthropic's shape."""
    kind = TYPES.get(error.status, "api_error")
    return MessagesError(ErrorDetail(kind, error.message, error.param, error.code), request_id)


class MessagesDialect:
    """Anthropic's: named events, pings in silence, nothing after the last event."""

    keep_alive: Final = frame({"type": "ping"}, name="ping")
    done: Final = b""
    # By the first, Anthropic's clients know a request; by the other all of ours.
    request_ids: Final = ("request-id", REQUEST_ID)

    def error(self, error: ApiError, *, request_id: str) -> Any:
        """Return the body of a response that is an error."""
        return msgspec.to_builtins(error_of(error, request_id=request_id))

    def broken(self, error: ApiError, *, request_id: str) -> bytes:
        """Return what is sent of a stream that could not be opened."""
        return frame(error_of(error, request_id=request_id), name="error")


DIALECT: Final = MessagesDialect()
