"""Starting, watching and ending the sandbox's server process."""

import contextlib
import errno
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import full_disk
from sandbox.connection import ACCOUNT, REGION, Connection
from sandbox.language_model import Choice
from sandbox.state import Record, StateDirectory

SECRET_VARIABLE = "SANDBOX_SECRET_ACCESS_KEY"  # noqa: S105 the name of a variable, not a secret
COMMAND_VARIABLE = "SANDBOX_COMMAND"  # of what `exec` runs: the process that it became, and when that began
# How long a process that does not do what it is to do is waited for: one that ends is noticed at once.
START_SECONDS = 180.0
STOP_SECONDS = 8.0
_KILL_SECONDS = 60.0
_POLL_SECONDS = 0.05
_LOG_LINES_SHOWN = 30

# What the server may inherit. All else is left out: it would reach the functions, which on AWS have none of it.
_INHERITED = ("PATH", "LANG", "TZ", "LOG_LEVEL", "SSL_CERT_FILE", "COVERAGE_PROCESS_START")
_INHERITED_PREFIXES = ("LC_", "MINISTACK_", "SFN_", "SANDBOX_")

# Children of this process, kept so that ending one also collects its exit status.
_children: dict[int, subprocess.Popen[bytes]] = {}


class SandboxError(Exception):
    """The sandbox could not be started, reached or stopped; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """Whether the recorded server runs and answers on both ports."""

    running: bool
    answering: bool


def start_time(pid: int) -> str | None:
    """When the process began, in whatever form the system tells it, or None when there is no such (living) process."""
    if Path("/proc/self/stat").exists():
        return fields[19] if (fields := _stat(pid)) is not None else None
    shown = subprocess.run(  # noqa: S603 fixed command, the argument is a number
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    status, _, began = shown.stdout.strip().partition(" ")
    return None if shown.returncode or status.startswith("Z") else began.strip()


def _stat(pid: int) -> list[str] | None:
    """Linux: state, parent, group and so on of a living process, as in proc(5) from the third field on."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in ("Z", "X") else fields


def is_running(record: Record) -> bool:
    """Whether the recorded process is alive and not another one that got its id."""
    child = _children.get(record.pid)
    if child is not None and child.poll() is not None:
        del _children[record.pid]
    return start_time(record.pid) == record.started


def health(record: Record) -> Health:
    """Ask the recorded server on both of its ports."""
    if not is_running(record):
        return Health(running=False, answering=False)
    try:
        answered = request(record.connection, "GET", "/_sandbox/health").get("pid") == record.pid
        with socket.create_connection(("127.0.0.1", record.port), timeout=2):
            return Health(running=True, answering=answered)
    except (OSError, SandboxError):
        return Health(running=True, answering=False)


def request(connection: Connection, method: str, path: str, *, timeout: float = 60.0) -> dict[str, Any]:
    """Call a control endpoint on the AWS port and return its JSON object.

    Raises:
        OSError: the port does not answer within ``timeout`` seconds.
        SandboxError: the answer is not a JSON object with status 200.
    """
    client = http.client.HTTPConnection("127.0.0.1", connection.aws_port, timeout=timeout)
    try:
        client.request(method, path)
        response = client.getresponse()
        body = response.read()
        document = json.loads(body) if response.status == 200 else None
    except (http.client.HTTPException, json.JSONDecodeError) as error:
        raise SandboxError(f"{method} {connection.aws_url}{path} is not answered by a sandbox: {error}") from error
    finally:
        client.close()
    if not isinstance(document, dict):
        raise SandboxError(f"{method} {connection.aws_url}{path}: {response.status} {body[:500]!r}")
    return document


def start(
    state: StateDirectory,
    *,
    aws_port: int,
    port: int,
    rest_api: str | None = None,
    model: Choice | None = None,
    studio: bool = False,
    seconds: float = START_SECONDS,
) -> Record:
    """Start a server and wait until both its ports answer, and the model does that is to answer.

    Raises:
        SandboxError: a port is taken, the disk full, the server ended, or silent for ``seconds``. No process is left.
    """
    if (full := full_disk.problem(state.path)) is not None:
        raise SandboxError(full)
    require_free_ports({"--aws-port": aws_port, "--port": port})
    state.clear()
    state.create()
    command = [sys.executable, "-m", "sandbox.server", "--state", str(state.path)]
    command += ["--aws-port", str(aws_port), "--port", str(port), *(["--rest-api", rest_api] if rest_api else [])]
    command += [*(model.arguments() if model else []), *(["--studio"] if studio else [])]
    with state.log.open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 our own interpreter and module
            command,
            # `-m` finds this package here; nothing goes into PYTHONPATH, which functions would inherit.
            cwd=Path(__file__).resolve().parent.parent,
            env=server_environment(os.environ, state=state, aws_port=aws_port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[child.pid] = child
    try:
        return _wait_until_answering(state, child, seconds=seconds)
    except BaseException:
        # Also when interrupted: a server nobody waited for is not to stay.
        _end_group(child.pid, seconds=1.0)
        raise


def _wait_until_answering(state: StateDirectory, child: subprocess.Popen[bytes], *, seconds: float) -> Record:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (code := child.poll()) is not None:
            raise SandboxError(f"the server ended with exit code {code}; its last lines:\n{last_lines(state)}")
        record = state.read()
        if record is not None and record.pid == child.pid and health(record).answering:
            return record
        time.sleep(_POLL_SECONDS)
    raise SandboxError(f"the server did not answer within {seconds:.0f} s; its last lines:\n{last_lines(state)}")


def wait_until_answering(record: Record, *, seconds: float) -> bool:
    """Wait for a server that something else started; False when it ends or stays silent for ``seconds``."""
    deadline = time.monotonic() + seconds
    while (now := health(record)).running and not now.answering and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return now.answering


def stop(state: StateDirectory, *, seconds: float = STOP_SECONDS) -> bool:
    """End the recorded server with everything it started, and remove what it wrote. False when none was running.

    Raises:
        SandboxError: a process would not end.
    """
    record = state.read()
    running = record is not None and is_running(record)
    if record is not None and (running or start_time(record.pid) is None):
        # The leader may be gone and its functions not: a group's id is not given away while it has members.
        _end_group(record.pid, seconds=seconds if running else 0.0)
    state.clear()
    return running


def _end_group(group: int, *, seconds: float) -> None:
    """SIGTERM to the group's leader, and after it ended or ``seconds`` passed SIGKILL to all that is left."""
    deadline = time.monotonic() + seconds
    if seconds and start_time(group) is not None:
        os.kill(group, signal.SIGTERM)
        while start_time(group) is not None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
    deadline = time.monotonic() + _KILL_SECONDS
    while _has_members(group):
        if time.monotonic() > deadline:
            raise SandboxError(f"the processes of group {group} do not end, even by SIGKILL")
        with contextlib.suppress(ProcessLookupError):  # The last one ended meanwhile.
            os.killpg(group, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
    if (child := _children.pop(group, None)) is not None:
        child.wait()


def _has_members(group: int) -> bool:
    """Whether a process of the group is alive; zombies, which nobody may ever collect, are not."""
    if Path("/proc/self/stat").exists():
        processes = (_stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return any(fields is not None and fields[2] == str(group) for fields in processes)
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False  # macOS says "not permitted" of a group of zombies.
    return True


def require_free_ports(ports: Mapping[str, int]) -> None:
    """Check that nobody listens on any of the ports, given by the option that chooses each.

    Raises:
        SandboxError: one is taken or may not be used; the message names it and its option.
    """
    if len(set(ports.values())) < len(ports):
        raise SandboxError(f"the two ports must differ: {', '.join(f'{name} {port}' for name, port in ports.items())}")
    for option, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                taken = (
                    "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
                )
                raise SandboxError(f"port {port} {taken}; choose another with {_chosen_by(option)}") from error
        # `localhost` may mean ::1 to a client: another program there would get its requests.
        if any(_answers(address, port) for address in ("127.0.0.1", "::1")):
            raise SandboxError(f"port {port} is taken by another program; choose another with {_chosen_by(option)}")


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False  # Refused, or this machine has no such address: nobody there.


def server_environment(inherited: Mapping[str, str], *, state: StateDirectory, aws_port: int) -> dict[str, str]:
    """The server's whole environment: MiniStack with IAM, on the loopback, writing inside the state directory only."""
    kept = {
        name: value
        for name, value in inherited.items()
        if (name in _INHERITED or name.startswith(_INHERITED_PREFIXES)) and name != COMMAND_VARIABLE
    }
    return {
        **kept,
        "AUTH": "true",
        # Nothing that state machines wait for takes long here.
        "SFN_WAIT_SCALE": "0.05",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(aws_port),
        "MINISTACK_HOST": "localhost",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        # Each opens a port of its own at a fixed number, so two sandboxes would collide.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # MiniStack removes containers it believes its own; it is not to find a daemon.
        "DOCKER_HOST": f"unix://{state.path}/no-docker",
        "TMPDIR": str(state.tmp),
        "HOME": str(state.tmp),
        "STATE_DIR": str(state.data),
        "S3_DATA_DIR": str(state.data / "s3"),
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONUNBUFFERED": "1",
        SECRET_VARIABLE: secrets.token_hex(20),
    }


def last_lines(state: StateDirectory, count: int = _LOG_LINES_SHOWN) -> str:
    """The end of the server's log; empty when there is none."""
    if not state.log.exists():
        return ""
    return "\n".join(state.log.read_text(errors="replace").splitlines()[-count:])


def _chosen_by(option: str) -> str:
    """Return how a port is chosen: by the option, and by the Makefile's variable, which is named like it."""
    return f"{option} PORT (make up {option.lstrip('-').replace('-', '_').upper()}=PORT)"
