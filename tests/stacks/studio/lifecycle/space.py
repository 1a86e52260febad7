"""A home folder like a space's, and the script run in it as a user who is not root."""

import base64
import json
import os
import pwd
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from stacks.studio.lifecycle_script import render
from tests.waiting import PATIENCE

NOWHERE = "http://127.0.0.1:9"
_READS_ALL = "+dac_read_search"


@dataclass
class Space:
    """A folder that has the home, and what the script is told.

    Attributes:
        values: what ``render`` gets.
        environ: further environment variables.
    """

    folder: Path
    values: dict[str, Any]
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The participant's home folder."""
        return self.folder / "home"

    def environment(self) -> dict[str, str]:
        """What processes of the space are started with."""
        return {
            "HOME": str(self.home),
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "STUDIO_RESOURCE_METADATA": str(self.folder / "metadata.json"),
            "AWS_ENDPOINT_URL": NOWHERE,
            "AWS_ACCESS_KEY_ID": "AKIAPARTICIPANT00000",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_EC2_METADATA_DISABLED": "true",
            **self.environ,
        }

    def named(self, document: object) -> None:
        """Write what SageMaker tells of the space."""
        (self.folder / "metadata.json").write_text(json.dumps(document), encoding="utf-8")

    def start(self, *, patience: int | None = None, file_bytes: int | None = None) -> str:
        """Run the script and return its log. It must end well, whatever happened.

        Args:
            patience: seconds for what is fetched, in place of the script's.
            file_bytes: the longest file that can be written.
        """
        script = base64.b64decode(render(**self.values)).decode()
        if patience is not None:
            script, changed = re.subn(r"^FETCH_SECONDS = \d+$", f"FETCH_SECONDS = {patience}", script, flags=re.M)
            assert changed == 1
        path = self.folder / "lifecycle.sh"
        path.write_text(script, encoding="utf-8")
        limits = (file_bytes, file_bytes) if file_bytes is not None else None
        done = self.run("bash", str(path), limits=limits)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def run(self, *command: str, limits: tuple[int, int] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command as the participant; its output has the standard error in it."""
        for path in (self.home, *self.home.rglob("*")):
            if not path.is_symlink() and os.geteuid() == 0:
                os.chown(path, *_nobody())
        return subprocess.run(
            [*_as_nobody(), *command],
            env=self.environment(),
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)) if limits else None,
        )

    def kernel_sees(self, *names: str) -> dict[str, str]:
        """Return variables that are set after the startup file ran, as it does in every kernel."""
        startup = self.home / ".ipython" / "profile_default" / "startup" / "00-quarry.py"
        program = f"exec(open({str(startup)!r}).read()); import json, os; print(json.dumps([dict(os.environ), dir()]))"
        # With a key, it need not ask for one.
        shown = self.run("env", "OPENAI_API_KEY=set", "python3", "-c", program).stdout
        variables, defined = json.loads(shown.splitlines()[-1])
        assert "_quarry" not in defined
        return {name: variables[name] for name in names if name in variables}

    def terminal_sees(self, name: str, *options: str) -> str:
        """Return a variable of a shell that a terminal starts."""
        shown = self.run("bash", *options, "-c", f'printf "<%s>" "${name}"').stdout
        # An interactive shell without a terminal says that it has no job control.
        return shown[shown.index("<") + 1 : shown.rindex(">")]


def _nobody() -> tuple[int, int]:
    user = pwd.getpwnam("nobody")
    return user.pw_uid, user.pw_gid


@cache
def _as_nobody() -> tuple[str, ...]:
    """What makes a command another user's, if this one is root: by itself, or with the right to read our Python."""
    if os.geteuid() != 0:
        return ()
    uid, gid = _nobody()
    plain = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    # By a shell: setpriv itself still starts what only root can.
    found = ("sh", "-c", '"$0" -c "import boto3"', sys.executable)
    for prefix in (plain, (*plain, f"--inh-caps={_READS_ALL}", f"--ambient-caps={_READS_ALL}")):
        if subprocess.run([*prefix, *found], capture_output=True, cwd="/").returncode == 0:
            return prefix
    raise AssertionError(f"the user nobody cannot run {sys.executable}; have the project where others can read it")


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder's files over HTTP, in another process, and yield the URL."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    with _listening(command) as url:
        yield url


@contextmanager
def silent() -> Iterator[str]:
    """Listen, accept, and never say a word."""
    program = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print('port', s.getsockname()[1]);"
        "c = [s.accept() for _ in iter(int, 1)]"
    )
    with _listening([sys.executable, "-u", "-c", program]) as url:
        yield url


@contextmanager
def _listening(command: list[str]) -> Iterator[str]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            port = re.search(r"port (\d+)", server.stdout.readline())
            assert port is not None
            yield f"http://127.0.0.1:{port[1]}"
        finally:
            server.kill()


def git(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
    """Run git with no settings of this machine's users."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
    named = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(
        ["git", *arguments], cwd=folder, env={**settings, **named, **(environ or {})}, check=True, capture_output=True
    )
