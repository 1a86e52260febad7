"""The chat function's server, started by its own ``run.sh`` as Lambda starts it, without the adapter in front."""

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from benchmarks.child_process import isolated
from benchmarks.function_home import FunctionHome
from benchmarks.measurement import MeasurementError
from sandbox import ports

READY_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.001

# run.sh calls ``python``: this one, without site-packages.
PYTHON: Final = f'#!/bin/sh\nexec "{sys.executable}" -S -P "$@"\n'


@dataclass(frozen=True, kw_only=True)
class ChatServer:
    """One that answers. ``cold``: milliseconds from the start of its process to its first answer to /ready."""

    port: int
    started_at: float
    cold: float

    def since_start(self) -> float:
        """Return the milliseconds since the start of its process."""
        return (time.perf_counter() - self.started_at) * 1000


@contextmanager
def chat_server(home: FunctionHome, *, upstream: str, folder: Path) -> Iterator[ChatServer]:
    """Run one for the time of the block, with a log ``*.log`` in the folder.

    Raises:
        MeasurementError: it ended, or was not ready in time; has its last lines.
    """
    with chat_servers(home, upstream=upstream, folder=folder, count=1) as (server,):
        yield server


@contextmanager
def chat_servers(home: FunctionHome, *, upstream: str, folder: Path, count: int) -> Iterator[list[ChatServer]]:
    """Run several at once; otherwise as ``chat_server``."""
    with ExitStack() as ended:
        begun = [ended.enter_context(_begun(home, upstream=upstream, folder=folder)) for _ in range(count)]
        yield [one.when_ready() for one in begun]


@dataclass(frozen=True, kw_only=True)
class _Begun:
    process: subprocess.Popen[bytes]
    port: int
    started_at: float
    log: Path

    def when_ready(self) -> ChatServer:
        while time.perf_counter() < self.started_at + READY_SECONDS:
            if _ready(self.port):
                cold = (time.perf_counter() - self.started_at) * 1000
                return ChatServer(port=self.port, started_at=self.started_at, cold=cold)
            if self.process.poll() is not None:
                break
            time.sleep(POLL_SECONDS)
        last = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        raise MeasurementError("\n".join(["the chat server was never ready", *last]))


@contextmanager
def _begun(home: FunctionHome, *, upstream: str, folder: Path) -> Iterator[_Begun]:
    (port,) = ports.free(1)
    log = folder / f"{port}.log"
    env = {
        **isolated({**home.env, **endpoints(upstream)}, [home.layer]),
        "LAMBDA_TASK_ROOT": str(home.code),
        "PORT": str(port),
        "PATH": f"{_python(folder)}{os.pathsep}{os.defpath}",
    }
    with log.open("wb") as output:
        started_at = time.perf_counter()
        process = _process(home.code / "lambdas" / "api" / "run.sh", env=env, output=output)
        try:
            yield _Begun(process=process, port=port, started_at=started_at, log=log)
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _process(script: Path, *, env: dict[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sh", str(script)], env=env, stdout=output, stderr=output, cwd=script.parents[2])


def endpoints(upstream: str) -> dict[str, str]:
    """Return the variables that send the function's calls to the local upstream."""
    return {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": upstream, "AWS_ENDPOINT_URL_DYNAMODB": upstream}


def _python(folder: Path) -> Path:
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    script = place / "python"
    if not script.exists():
        script.write_text(PYTHON, encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return place


def _ready(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
            one.sendall(b"GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return one.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False
