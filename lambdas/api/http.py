"""Answers and failures as HTTP has them: status, headers, JSON. Both functions hand these to their frameworks."""

import json
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.api.call import Answer
from lambdas.api.dialects.dialect import Dialect
from lambdas.api.failures import record_failure
from lambdas.api.operation import CHAT, resolve

MEDIA_TYPE: Final = "application/json"


class Reply(Struct, frozen=True, kw_only=True):
    """A response. ``content`` is JSON; the headers are without its type and length."""

    status: int
    content: bytes
    headers: dict[str, str]


def answered(answer: Answer[Any], *, status: int, request_id: str, dialect: str = CHAT) -> Reply:
    """Return an answer's response.

    Args:
        dialect: names that of the request.

    Raises:
        UnicodeEncodeError: it has text that UTF-8 has not, which only a model can have said.
    """
    headers = {**identified(resolve(dialect), request_id), **answer.headers}
    return Reply(status=status, content=msgspec.json.encode(answer.body), headers=headers)


def failed(error: Exception, *, request_id: str, dialect: str = CHAT) -> Reply:
    """Record a failure and return its response, in the shape of the operation's dialect."""
    told = record_failure(error, request_id=request_id)
    speaks: Dialect = resolve(dialect)
    headers = {**identified(speaks, request_id), **told.headers()}
    body = speaks.error(told, request_id=request_id)
    # Half a surrogate pair, which a path can be quoted with, is no UTF-8; the failure is told all the same.
    content = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    return Reply(status=told.status, content=content, headers=headers)


def identified(dialect: Dialect, request_id: str) -> dict[str, str]:
    """Return the headers that tell a request's id."""
    return dict.fromkeys(dialect.request_ids, request_id)
