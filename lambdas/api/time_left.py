"""When a request's answer has to be over: before its function, and before API Gateway, less what ending it takes.

The two clocks begin apart: API Gateway's when the request comes, Lambda's once an instance has started for it.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.api import composition
from lambdas.api.settings import ENDING_SECONDS
from lambdas.common.deadline import Deadline

# In which the Lambda Web Adapter hands Lambda's context on, overwriting a caller's own.
CONTEXT_HEADER: Final = "x-amzn-lambda-context"


class _Context(Struct):
    # Milliseconds since the epoch; 0 where nobody told.
    deadline: int = 0


def of(request_context: Mapping[str, Any], *, function_milliseconds: float) -> Deadline:
    """Return the deadline of a request.

    Args:
        request_context: API Gateway's, which tells when the request came.
        function_milliseconds: what its function has left.
    """
    most = composition.settings().call_seconds * 1000
    came = request_context.get("requestTimeEpoch")
    waited = 0.0 if came is None else time.time() * 1000 - came
    # Never more than the whole time: a clock that is behind must not lengthen it.
    left = min(function_milliseconds, most - max(waited, 0.0))
    return Deadline.after(left / 1000 - ENDING_SECONDS)


def of_header(request_context: Mapping[str, Any], context: str) -> Deadline:
    """Return the same, of Lambda's context as the adapter hands it on; without one, of a function asked just now."""
    ends_at = msgspec.json.decode(context, type=_Context).deadline
    left = ends_at - time.time() * 1000 if ends_at else composition.settings().call_seconds * 1000
    return of(request_context, function_milliseconds=left)
