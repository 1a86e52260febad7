"""How an API puts things on the wire, as far as both functions have to know."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from lambdas.chat.events import Event
from lambdas.common.errors import ApiError

# What answers of every dialect tell a request's id by.
REQUEST_ID: Final = "x-request-id"


class Dialect(Protocol):
    """One API's shapes, whatever was asked. What an answer looks like, its routes know.

    Attributes:
        keep_alive: what is sent of a stream in silence, before its first event or between two: a comment, or an event
            of which its readers know that it means nothing.
        done: what is sent after the last event of a stream, answered or broken; empty if nothing is.
        request_ids: the headers that tell a request's id, ``x-request-id`` among them.
    """

    @property
    def keep_alive(self) -> bytes: ...

    @property
    def done(self) -> bytes: ...

    @property
    def request_ids(self) -> Sequence[str]: ...

    def error(self, error: ApiError, *, request_id: str) -> Any:
        """Return the body of a response that is an error, for ``json.dumps``; status and headers are HTTP's."""
        ...

    def broken(self, error: ApiError, *, request_id: str) -> bytes:
        """Return what is sent of a stream that could not be opened after its headers were gone.

        Of one that was opened, ``EventTable.broken`` tells, which knows what was sent before.
        """
        ...


class EventTable(Protocol):
    """What is sent of one answer that is being given: one object per answer, asked once per event, in their order."""

    def told(self, event: Event) -> bytes:
        """Return the frames of an event, all that it gives rise to; nothing where the API has no word for it.

        What is sent first are all frames up to the first of an event other than ``Began``. A table that waits for the
        count before it tells the end does so at ``Counted``, which is the last event.
        """
        ...

    def broken(self, error: ApiError, *, request_id: str) -> bytes:
        """Return the frames that end a stream which fails now, after whatever was told so far."""
        ...
