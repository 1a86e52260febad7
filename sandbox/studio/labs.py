"""JupyterLab of a space: its home folder, the lifecycle script in it, and the server, real processes on this machine.

They are in the sandbox's process group, and so end with it however that ends; kernels end with their server.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import secrets
import shutil
import string
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox import ports
from sandbox.connection import REGION
from sandbox.streaming.processes import kill_tree
from sandbox.studio import container_credentials

METADATA_VARIABLE = "STUDIO_RESOURCE_METADATA"
"""Names the file that SageMaker has at /opt/ml/metadata/resource-metadata.json."""

BASE = "/jupyterlab/default"
SCRIPT_SECONDS = 300.0
# In which a JupyterLab answers, also on a slow machine.
START_SECONDS = 600.0
_LOOK_SECONDS = 0.1
# What SANDBOX_SPACE_NAME=VALUE gives to spaces as NAME; $SANDBOX_URL and the like are replaced in VALUE.
_VARIABLE_PREFIX = "SANDBOX_SPACE_"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What all apps have in common.

    Attributes:
        environment: the virtual environment with JupyterLab.
        aws_url: of the AWS APIs.
        url: of the front door.
    """

    environment: Path
    aws_url: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Start:
    """What an app is started with.

    Attributes:
        folder: of the space, kept from one start to the next.
        metadata: what SageMaker tells an app about itself.
        credentials: path of the AWS port that answers credentials.
        script: the lifecycle script.
    """

    folder: Path
    metadata: Mapping[str, str]
    credentials: str
    script: bytes | None


_machine: Machine | None = None
_labs: list[Lab] = []


def use(machine: Machine | None) -> None:
    """Start JupyterLab for every app of a space from now on; None: keep apps as records."""
    global _machine
    _machine = machine


def machine() -> Machine | None:
    """What apps run on, or None if they are records."""
    return _machine


def folder_of(domain_id: str, space: str) -> Path:
    """Return the folder of a space: its disk, and the app's log."""
    return Path(tempfile.gettempdir()) / "studio" / domain_id / space


def forget_disk(domain_id: str, space: str) -> None:
    """Remove a space's disk."""
    shutil.rmtree(folder_of(domain_id, space), ignore_errors=True)


def urls() -> dict[str, str]:
    """Return what opens each JupyterLab that runs, by the name of its space."""
    running = (lab for lab in _labs if lab.url and not lab.failure)
    return {lab.space: lab.url for lab in sorted(running, key=lambda lab: lab.space)}


def end_all() -> None:
    """End every JupyterLab."""
    for lab in list(_labs):
        lab.stop()


class Lab:
    """One app's JupyterLab, which starts at once, in the background.

    Attributes:
        url: opens it in a browser, with its token; "" before it answers.
    """

    def __init__(self, on: Machine, start: Start) -> None:
        self.url = ""
        self._start = start
        self._environment = _environment(on, start)
        self._python = on.environment / "bin" / "python3"
        self._failure = ""
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"JupyterLab of {self.space}")
        _labs.append(self)
        self._thread.start()

    @property
    def space(self) -> str:
        """The name of its space."""
        return self._start.folder.name

    @property
    def done(self) -> bool:
        """Whether the start is over, for good or ill."""
        return not self._thread.is_alive()

    @property
    def failure(self) -> str:
        """Why it does not run, or ""; in the words of an app's FailureReason."""
        if self._failure or self._stopped or not self.done or self._process is None:
            return self._failure
        code = self._process.poll()
        return "" if code is None else f"JupyterLab ended with exit code {code}. See {self._log}"

    def stop(self) -> None:
        """End it, with its kernels and terminals, at once."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                kill_tree(self._process)
                self._process.wait()
        container_credentials.forget(self._start.credentials)
        if self in _labs:
            _labs.remove(self)

    @property
    def _log(self) -> Path:
        return self._start.folder / "app.log"

    def _run(self) -> None:
        try:
            for folder in ("home", "tmp"):
                (self._start.folder / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._start.folder / "metadata.json").write_text(json.dumps(self._start.metadata), encoding="utf-8")
            self._run_script()
            self._serve()
        except _FailedError as error:
            self._failure = f"{error}. See {self._log}"
        except Exception as error:
            _logger.exception("an app of Studio did not start")
            self._failure = f"{type(error).__name__}: {error}"

    def _run_script(self) -> None:
        if self._start.script is None:
            return
        path = self._start.folder / "lifecycle.sh"
        path.write_bytes(self._start.script)
        process = self._spawn("/bin/bash", str(path))
        try:
            code = process.wait(SCRIPT_SECONDS)
        except subprocess.TimeoutExpired:
            kill_tree(process)
            process.wait()
            raise _FailedError(f"The lifecycle script took more than {SCRIPT_SECONDS / 60:.0f} minutes") from None
        if code != 0:
            raise _FailedError(f"The lifecycle script ended with exit code {code}")

    def _serve(self) -> None:
        (port,) = ports.free(1)
        token = secrets.token_hex(20)
        # By the environment: the command's words are for everybody on this machine to read.
        process = self._spawn(
            str(self._python),
            "-m",
            "jupyterlab",
            "--no-browser",
            f"--ServerApp.ip={ports.HOST}",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.base_url={BASE}",
            f"--ServerApp.allow_root={os.geteuid() == 0}",
            # It is to ask nothing of the internet.
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
            JUPYTER_TOKEN=token,
        )
        gives_up_at = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None:
                raise _FailedError(f"JupyterLab ended with exit code {process.returncode}")
            if time.monotonic() > gives_up_at:
                kill_tree(process)
                process.wait()
                raise _FailedError(f"JupyterLab did not answer within {START_SECONDS / 60:.0f} minutes")
            time.sleep(_LOOK_SECONDS)
        self.url = f"http://localhost:{port}{BASE}/lab?token={token}"

    def _spawn(self, *command: str, **variables: str) -> subprocess.Popen[bytes]:
        with self._lock, self._log.open("ab") as log:
            if self._stopped:
                raise _FailedError("The app was deleted while it started")
            self._process = subprocess.Popen(  # noqa: S603 what the app is to run
                command,
                cwd=self._start.folder / "home",
                env={**self._environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            return self._process


class _FailedError(Exception):
    """The app cannot start; worded as its FailureReason."""


def _environment(on: Machine, start: Start) -> dict[str, str]:
    """An app's whole environment: its own home, the sandbox's AWS, and what the sandbox was told to add."""
    found = {
        "PATH": f"{on.environment / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(start.folder / "home"),
        "TMPDIR": str(start.folder / "tmp"),
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        METADATA_VARIABLE: str(start.folder / "metadata.json"),
        "AWS_ENDPOINT_URL": on.aws_url,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": on.aws_url + start.credentials,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SANDBOX_URL": on.url,
    }
    added = {
        name.removeprefix(_VARIABLE_PREFIX): string.Template(value).safe_substitute(found)
        for name, value in os.environ.items()
        if name.startswith(_VARIABLE_PREFIX)
    }
    return {**found, **added}


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=5)
    try:
        connection.request("GET", f"{BASE}/api")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False  # it does not listen yet
    finally:
        connection.close()
