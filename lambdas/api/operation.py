"""What a row of the table of operations is made of: everything about a route, the code of it by name.

Stacks and both functions import the table, so a row only names its function and its types as ``package.module:name``;
whoever needs one resolves it, and its module is imported then.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final, Literal

from msgspec import Struct

from lambdas.common.errors import ApiError, InvalidRequestError

Errors = tuple[type[ApiError], ...]

# The functions in AWS: `chat` is behind the Lambda Web Adapter and streams, `inference` behind the proxy integration.
Function = Literal["inference", "chat"]

# The dialect of OpenAI's chat completions, which the routes of our own speak too.
CHAT: Final = "lambdas.api.dialects.chat.wire:CHAT"
# Anthropic's, on whose routes keys come in `x-api-key` too.
MESSAGES: Final = "lambdas.api.dialects.messages.wire:DIALECT"
# What Anthropic's clients send with every request, and nobody else does.
VERSION: Final = "anthropic-version"


class Parameter(Struct, frozen=True, kw_only=True):
    """A whole number or a text in the query. ``schema`` is JSON's; a whole number has bounds and a default."""

    name: str
    about: str
    schema: dict[str, Any]

    def number(self, query: Mapping[str, str]) -> int:
        """Return the whole number that a query has, or the default.

        Raises:
            InvalidRequestError: it is none, or out of bounds.
        """
        text = query.get(self.name)
        if text is None:
            return int(self.schema["default"])
        least, most = self.schema["minimum"], self.schema["maximum"]
        if not (text.isascii() and text.isdigit() and len(text) < 8 and least <= int(text) <= most):
            raise InvalidRequestError(
                f"`{self.name}` must be a whole number from {least} to {most:,}.", param=self.name
            )
        return int(text)


class Operation(Struct, frozen=True, kw_only=True):
    """One method of one path.

    Attributes:
        path: as ``/v1/sessions/{id}``; what is in braces is a parameter.
        name: ``operationId``.
        about: what it does, in a sentence.
        function: which function answers it.
        handler: names the Python function that answers it: takes a ``Call``, gives an ``Answer`` (or ``Streamed``).
        body: names the type of the request's body.
        answer: names the type of the answer's body; None for the description itself.
        status: of the answer.
        dialect: names the ``Dialect`` in which errors are told and streams are sent.
        anthropic: names the type of the answer's body for Anthropic's clients, where they are answered in their API's
            shape on a route of another dialect.
        events: names the type of a streamed answer's events, where there are streams.
        headers: of the answer, besides ``x-request-id``.
        query: parameters.
        errors: those that it can end with, besides the ones that every operation can.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    name: str
    about: str
    function: Function
    handler: str
    answer: str | None
    body: str | None = None
    status: int = 200
    dialect: str = CHAT
    anthropic: str | None = None
    events: str | None = None
    headers: tuple[str, ...] = ()
    query: tuple[Parameter, ...] = ()
    errors: Errors = ()

    @property
    def takes_x_api_key(self) -> bool:
        """Whether keys may come in that header too, as Anthropic's clients send them."""
        return self.anthropic is not None or self.dialect == MESSAGES

    def spoken(self, headers: Mapping[str, str]) -> str:
        """Return the name of the dialect of a request. ``headers`` are by their names in small letters."""
        return MESSAGES if self.anthropic and VERSION in headers else self.dialect


@cache
def resolve(reference: str) -> Any:
    """Return what ``package.module:name`` names, once its module is imported.

    Raises:
        ImportError: there is no such module.
        AttributeError: it has no such name.
    """
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
