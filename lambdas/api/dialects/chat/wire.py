"""How chat completions, and the routes of our own, put things on the wire: as OpenAI does."""

from typing import Any, Final

from lambdas.api.dialects.dialect import REQUEST_ID
from lambdas.api.dialects.server_sent import COMMENT, frame
from lambdas.common.errors import ApiError


class Chat:
    """OpenAI's shapes: one for all errors, events without names, ``[DONE]`` behind the last."""

    keep_alive: Final = COMMENT
    done: Final = b"data: [DONE]\n\n"
    request_ids: Final = (REQUEST_ID,)

    def error(self, error: ApiError, *, request_id: str) -> dict[str, Any]:  # noqa: ARG002 - the header has it
        """Return ``{"error": {"message", "type", "param", "code"}}``."""
        return error.to_body()

    def broken(self, error: ApiError, *, request_id: str) -> bytes:
        """Return the error as the stream's last event."""
        return frame(self.error(error, request_id=request_id))


CHAT: Final = Chat()
