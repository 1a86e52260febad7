"""AWS in memory: clients for whose calls moto answers, inside of ``mock_aws()`` and nowhere else.

Making a client takes longer than most tests, so that all tests of a process share them. What a test changes in one it
puts back.
"""

from functools import cache
from typing import Any

import boto3
from moto import mock_aws  # its import comes first: only clients that are made later ask it
from moto.core import models

__all__ = ["client", "mock_aws"]

# For which the calls of the library requests are answered too: none here, instead of a thousand patterns per account.
models.RESPONSES_METHODS.clear()


@cache
def client(service: str) -> Any:
    """Return this process's client of a service."""
    return boto3.client(service, region_name="us-east-1")  # type: ignore[call-overload]  # a name, not a literal
