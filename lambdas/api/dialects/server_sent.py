"""Server-sent events: frames of bytes. Source: WHATWG HTML, "Server-sent events"."""

from typing import Any, Final

import msgspec

# A line that readers of events pass over.
COMMENT: Final = b": keep-alive\n\n"

_encoder: Final = msgspec.json.Encoder()


def frame(data: Any, *, name: str | None = None) -> bytes:
    """Return one event.

    Args:
        data: what msgspec encodes.
        name: the event's, where the API has names.
    """
    if name is None:
        return b"data: " + _encoder.encode(data) + b"\n\n"
    return b"event: " + name.encode() + b"\ndata: " + _encoder.encode(data) + b"\n\n"
