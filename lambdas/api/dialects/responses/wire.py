"""How the Responses API is put on the wire: OpenAI's error shape, events with names, ``[DONE]`` at their end."""

from typing import Any, Final

from lambdas.api.dialects.dialect import REQUEST_ID
from lambdas.api.dialects.server_sent import COMMENT, frame
from lambdas.common.errors import ApiError


class ResponsesDialect:
    """The dialect."""

    keep_alive: Final = COMMENT
    # Open Responses ends streams so; OpenAI's SDKs know it of the chat API.
    done: Final = b"data: [DONE]\n\n"
    request_ids: Final = (REQUEST_ID,)

    def error(self, error: ApiError, *, request_id: str) -> Any:  # noqa: ARG002
        """Return OpenAI's error body."""
        return error.to_body()

    def broken(self, error: ApiError, *, request_id: str) -> bytes:  # noqa: ARG002
        """Return the error as an event."""
        return frame({"type": "error", "sequence_number": 0, **error_members(error)}, name="error")


def error_members(error: ApiError) -> dict[str, Any]:
    """Return the members of the event ``error``: OpenAI's SDK looks for one, its description has them side by side."""
    told = error.to_body()["error"]
    return {"error": told, **{name: told[name] for name in ("code", "message", "param")}}


DIALECT: Final = ResponsesDialect()
