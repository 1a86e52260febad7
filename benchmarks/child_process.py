"""Child processes of the measurements: timed, bounded, and always ended."""

import os
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from benchmarks.measurement import MeasurementError

PROJECT: Final = Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS: Final = 300

# No site-packages, no working directory: imports come from PYTHONPATH and the standard library alone.
ISOLATED: Final = [sys.executable, "-S", "-P"]
SITE_PACKAGES: Final = Path(sysconfig.get_path("purelib"))

# Credentials that sign and open nothing; no look into the user's AWS files or for an instance's role.
AWS_ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}

# With Node and the CDK's tools, however the measurements were started.
TOOLS_ENVIRONMENT: Final = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))},
    "PATH": os.pathsep.join(
        [str(Path(sys.executable).parent), str(PROJECT / "node_modules" / ".bin"), os.environ.get("PATH", "")]
    ),
}

READY: Final = "\nimport os\nos.write(1, b'.')\n"


def run(
    command: list[str], *, env: Mapping[str, str], stdout: int | IO[bytes] = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Run a process in the project's folder, to its end.

    Args:
        stdout: where it goes; by default it is in the result.

    Raises:
        MeasurementError: it failed or took longer than ``TIMEOUT_SECONDS``; has its last lines.
    """
    try:
        done = subprocess.run(
            command,
            env=env,
            cwd=PROJECT,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise MeasurementError(f"{_shown(command)} took longer than {TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        raise MeasurementError(_failure(command, done.returncode, done.stderr or done.stdout))
    return done


def milliseconds_to_end(command: list[str], *, env: Mapping[str, str]) -> list[float]:
    """Return how long the whole process takes, milliseconds.

    Raises:
        MeasurementError: as ``run``.
    """
    start = time.perf_counter()
    run(command, env=env)
    return [(time.perf_counter() - start) * 1000]


def isolated(env: Mapping[str, str], python_path: list[Path]) -> dict[str, str]:
    """Return the variables for an ``ISOLATED`` interpreter that imports from ``python_path`` and writes nothing."""
    return {**env, "PYTHONPATH": os.pathsep.join(map(str, python_path)), "PYTHONDONTWRITEBYTECODE": "1"}


def milliseconds_to_ready(code: str, *, env: Mapping[str, str]) -> list[float]:
    """Return the time from the start of an ``ISOLATED`` interpreter to the end of ``code``, milliseconds.

    The interpreter's shutdown is not in the time, but it has to succeed.

    Args:
        env: all its variables, as ``isolated`` returns them.

    Raises:
        MeasurementError: the process failed; has its last lines.
    """
    command = [*ISOLATED, "-c", code + READY]
    start = time.perf_counter()
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        deadline = threading.Timer(TIMEOUT_SECONDS, process.kill)
        deadline.start()
        process.stdout.read(1)
        elapsed = time.perf_counter() - start
        _, errors = process.communicate()
        deadline.cancel()
    if process.returncode != 0:
        raise MeasurementError(_failure(command, process.returncode, errors.decode(errors="replace")))
    return [elapsed * 1000]


@contextmanager
def serving(command: list[str]) -> Iterator[str]:
    """Run a server for the time of the block; yields the first line that it prints. It ends when its stdin closes.

    Raises:
        MeasurementError: it ends without having printed anything.
    """
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline().strip()
            if not line:
                raise MeasurementError(f"{_shown(command)} did not start")
            yield line
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()


def _shown(command: list[str]) -> str:
    return " ".join([Path(command[0]).name, *command[1:]]).strip().replace("\n", "; ")


def _failure(command: list[str], code: int, errors: str) -> str:
    ended = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return "\n".join([f"{_shown(command)} {ended}", *errors.strip().splitlines()[-5:]])
