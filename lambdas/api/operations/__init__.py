"""The table of operations: a route is one row here and the function that the row names.

Both functions, the stack, ``/openapi.json`` and the reference in docs/api.md are made from it, in this order.
"""

from typing import Final

from lambdas.api.operation import Function, Operation
from lambdas.api.operations.conversations import CONVERSATIONS
from lambdas.api.operations.platform import PLATFORM

OPERATIONS: Final = (*CONVERSATIONS, *PLATFORM)


def of(function: Function, operations: tuple[Operation, ...] = OPERATIONS) -> tuple[Operation, ...]:
    """Return what a function answers."""
    return tuple(operation for operation in operations if operation.function == function)
