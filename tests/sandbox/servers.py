"""Real sandbox servers for tests: on free ports, in a folder of their own, ended with the test module."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import boto3
from botocore.config import Config

from sandbox import process
from sandbox.connection import REGION, Connection
from sandbox.state import Record, StateDirectory


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on; all are held until the last is known, so that they differ."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@contextlib.contextmanager
def running(folder: Path, *, rest_api: str | None = None) -> Iterator[tuple[StateDirectory, Record]]:
    """A server that answers, with its state in ``folder``."""
    state = StateDirectory(folder)
    aws_port, port = free_ports(2)
    try:
        yield state, process.start(state, aws_port=aws_port, port=port, rest_api=rest_api)
    finally:
        process.stop(state)


def session(connection: Connection) -> boto3.Session:
    """A boto3 session with the administrator's key; give ``endpoint`` of the same connection to its clients."""
    return boto3.Session(
        aws_access_key_id=connection.access_key_id,
        aws_secret_access_key=connection.secret_access_key,
        region_name=REGION,
    )


ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
