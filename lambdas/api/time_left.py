"""When a request's answer has to be over: the time that Lambda says is left, less what ending the answer takes."""

import time
from typing import Final

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


def of_function(milliseconds: float) -> Deadline:
    """Return the deadline of answers of a function that has so many milliseconds left."""
    return Deadline.after(milliseconds / 1000 - ENDING_SECONDS)


def of_header(context: str) -> Deadline:
    """Return the same, of the adapter's header; without one, of a function that was asked just now."""
    ends_at = msgspec.json.decode(context, type=_Context).deadline
    if not ends_at:
        return of_function(composition.settings().call_seconds * 1000)
    return of_function(ends_at - time.time() * 1000)
