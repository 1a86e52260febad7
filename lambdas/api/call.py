"""What a route's function is called with and what it gives back, whichever function in AWS it runs in."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from msgspec import Struct

from lambdas.api.dialects.dialect import EventTable
from lambdas.common.caller import Caller
from lambdas.common.deadline import Deadline
from lambdas.exchange.streamed_exchange import StreamedExchange

Body = TypeVar("Body")


class Call(Struct, frozen=True, kw_only=True):
    """A request.

    Attributes:
        authorizer: what the authorizer told of the key.
        body: within the size that is accepted; empty where the operation has none.
        path: the values of the path's parameters.
        query: the query's parameters, the last of those that come more than once.
        headers: by their names in small letters.
        deadline: when the answer has to be over, so that it can be charged, stored and told before the function ends.
        request_id: API Gateway's, which the answer's header tells.
    """

    authorizer: Mapping[str, Any]
    deadline: Deadline
    body: bytes = b""
    path: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    request_id: str = ""

    @property
    def caller(self) -> Caller:
        """Who calls.

        Raises:
            ValueError: the authorizer told nothing that could be understood.
        """
        return Caller.from_authorizer_context(self.authorizer)


class Answer(Struct, Generic[Body], frozen=True, kw_only=True):
    """A whole answer. ``body`` is what msgspec encodes; the operation has the status."""

    body: Body
    headers: Mapping[str, str] = {}


class Streamed(Struct, frozen=True, kw_only=True):
    """An answer that is being given.

    Attributes:
        table: tells its events in the caller's dialect.
    """

    exchange: StreamedExchange
    table: EventTable
    key_id: str
    headers: Mapping[str, str]
