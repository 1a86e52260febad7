"""The sandbox's state directory: where it is, what is in it, which server it names."""

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.connection import Connection

_OWNED = ("server.json", "server.log", "tmp", "data", "cdk")


class NotUpError(Exception):
    """No sandbox is running for this state directory."""


def default_directory() -> Path:
    """``$SANDBOX_STATE``, or ``.sandbox`` in the project that holds the working directory."""
    if configured := os.environ.get("SANDBOX_STATE"):
        return Path(configured).absolute()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".git").exists() or (folder / "pyproject.toml").exists():
            return folder / ".sandbox"
    return here / ".sandbox"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One running server: its process, told apart from a later one with the same id by its start time.

    ``model`` is the file or the server that answers for Bedrock's models; "" is the stand-in. ``studio``: apps of
    Studio's spaces are real.
    """

    pid: int
    started: str
    aws_port: int
    port: int
    access_key_id: str
    secret_access_key: str
    model: str = ""
    studio: bool = False

    @property
    def connection(self) -> Connection:
        """How to reach the recorded server."""
        return Connection(
            aws_port=self.aws_port,
            port=self.port,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
        )


@dataclass(frozen=True)
class StateDirectory:
    """The directory that holds everything a sandbox writes."""

    path: Path

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.path / "server.log"

    @property
    def tmp(self) -> Path:
        """TMPDIR and HOME of the server and of the functions it runs."""
        return self.path / "tmp"

    @property
    def data(self) -> Path:
        """Where MiniStack would persist data."""
        return self.path / "data"

    def create(self) -> None:
        """Make the directory and its folders, readable by this user only."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.tmp, self.data):
            folder.mkdir(mode=0o700, exist_ok=True)

    def read(self) -> Record | None:
        """The recorded server, or None when there is no record or an unreadable one (which names no process)."""
        try:
            return Record(**json.loads((self.path / "server.json").read_text()))
        except (FileNotFoundError, json.JSONDecodeError, TypeError):
            return None

    def require(self) -> Record:
        """The recorded server.

        Raises:
            NotUpError: there is none.
        """
        if (record := self.read()) is None:
            raise NotUpError("the sandbox is not up; start it with: python -m sandbox up")
        return record

    def write(self, record: Record) -> None:
        """Record a server in one step, so that no reader sees half of it. The file holds a secret: mode 600."""
        target = self.path / "server.json"
        draft = self.path / f"server.json.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(dataclasses.asdict(record), indent=2) + "\n")
        draft.replace(target)

    def clear(self) -> None:
        """Remove what the sandbox put here, and the directory when nothing else is in it.

        Only names of ours are removed: the directory is the user's choice and may hold other things.
        """
        for name in _OWNED:
            entry = self.path / name
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
        for draft in self.path.glob("server.json.*"):
            draft.unlink(missing_ok=True)
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory, so that two ``up`` or ``down`` at once take turns; released even when killed.

        Afterwards the directory is removed when nothing is in it.
        """
        with self._lock() as lock:
            try:
                yield
            finally:
                lock.unlink()
                if not any(self.path.iterdir()):
                    self.path.rmdir()

    @contextlib.contextmanager
    def _lock(self) -> Iterator[Path]:
        lock = self.path / "lock"
        while True:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError), lock.open("w") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                # The one that held it may have removed it meanwhile: then this lock is on a file nobody else sees.
                if os.path.samestat(os.fstat(handle.fileno()), lock.stat()):
                    yield lock
                    return
