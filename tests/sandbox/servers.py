"""Real sandbox servers for tests, on free ports, in a folder of their own, ended with the test module; and clients."""

import contextlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sandbox import ports, process
from sandbox.connection import REGION, Connection
from sandbox.state import Record, StateDirectory
from tests.waiting import PATIENCE


def start(state: StateDirectory, *, rest_api: str | None = None, studio: bool = False) -> Record:
    """Start a server and wait until it answers; whoever started it stops it."""
    aws_port, port = ports.free(2)
    return process.start(state, aws_port=aws_port, port=port, rest_api=rest_api, studio=studio, seconds=PATIENCE)


@contextlib.contextmanager
def running(
    folder: Path, *, rest_api: str | None = None, studio: bool = False
) -> Iterator[tuple[StateDirectory, Record]]:
    """A server that answers, with its state in ``folder``."""
    state = StateDirectory(folder)
    try:
        yield state, start(state, rest_api=rest_api, studio=studio)
    finally:
        process.stop(state)


@cache
def session(connection: Connection) -> boto3.Session:
    """A boto3 session with the administrator's key; give ``endpoint`` of the same connection to its clients.

    One for all: each reads anew what botocore knows of services.
    """
    return boto3.Session(
        aws_access_key_id=connection.access_key_id,
        aws_secret_access_key=connection.secret_access_key,
        region_name=REGION,
    )


ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=PATIENCE)
"""Each request is sent once, and its answer is waited for."""


def settled(cloudformation: Any, stack: str, waiter: str) -> None:
    """Wait until a stack is what a waiter of boto3 waits for, such as ``stack_create_complete``.

    Raises:
        botocore.exceptions.WaiterError: it became something else.
    """
    delay = 0.1
    cloudformation.get_waiter(waiter).wait(
        StackName=stack, WaiterConfig={"Delay": delay, "MaxAttempts": int(PATIENCE / delay)}
    )
