"""``.quarry/<environment>.json``: an environment's endpoint, a key for it, and for a local AWS how to reach that.

The file is git-ignored and readable by its owner only (mode 600), because it holds a key.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from configuration.environment_file import PROJECT
from quarry.command_error import CommandError


@dataclass(frozen=True, kw_only=True)
class LocalAws:
    """An AWS that is not Amazon's: its URL and the credentials it takes."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str

    @classmethod
    def from_environ(cls) -> "LocalAws | None":
        """Return the local AWS that the standard AWS_* variables point to, or None if they point to none."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        if not endpoint:
            return None
        return cls(
            endpoint_url=endpoint,
            access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", ""),
            secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
        )


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What the file holds. ``base_url`` ends in /v1; ``aws`` is None for real AWS."""

    base_url: str
    api_key: str
    key_id: str
    aws: LocalAws | None = None


def path(environment: str) -> Path:
    """Return the file's path: in $QUARRY_STATE where that is set, else in .quarry/ of the project."""
    folder = os.environ.get("QUARRY_STATE")
    return (Path(folder) if folder else PROJECT / ".quarry") / f"{environment}.json"


def read(environment: str) -> Connection | None:
    """Return what was saved for the environment, or None.

    Raises:
        CommandError: the file is there but cannot be used.
    """
    file = path(environment)
    if not file.exists():
        return None
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        aws = document.pop("aws", None)
        return Connection(**document, aws=LocalAws(**aws) if aws else None)
    except (ValueError, TypeError, AttributeError) as error:
        raise CommandError(
            f"{file} is damaged ({error}). Delete it and run `quarry connect --environment {environment}`."
        ) from error


def save(environment: str, connection: Connection) -> Path:
    """Write the file, mode 600 from its first byte, and return its path."""
    file = path(environment)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(connection), indent=2) + "\n"
    temporary = file.with_suffix(".tmp")
    # An interrupted run's would keep its own mode.
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    temporary.replace(file)
    return file
