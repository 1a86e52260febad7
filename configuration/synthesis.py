"""What a synthesis was made of, so that templates that are there can be told from those of other inputs.

The app writes a record beside the templates; whoever reads them, the command line, asks whether they are still what the
app would make now.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from configuration.environment_file import PROJECT

_RECORD: Final = "quarry-inputs.json"
# Everything that the app reads, but for what it builds and for AWS.
_INPUTS: Final = (
    "app.py",
    "cdk.json",
    "configuration",
    "constraints.txt",
    "environments",
    "guardrails",
    "lambdas",
    "package.json",
    "prompts",
    "requirements.txt",
    "samples",
    "stacks",
)
_PASSED_OVER: Final = ("__pycache__", ".ipynb_checkpoints")


def inputs(environment: str, *, project: Path = PROJECT) -> str:
    """Return a hash of everything that an environment's templates are made of."""
    digest = hashlib.sha256(environment.encode())
    for path in _files(project):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\n{path.relative_to(project).as_posix()} {content}".encode())
    return digest.hexdigest()


def record(outdir: Path, environment: str, *, project: Path = PROJECT) -> None:
    """Write beside the templates what they were made of."""
    document = {"environment": environment, "inputs": inputs(environment, project=project)}
    (outdir / _RECORD).write_text(json.dumps(document) + "\n", encoding="utf-8")


def forget(outdir: Path) -> None:
    """Take the record away: from now on the folder's templates may be of anything."""
    (outdir / _RECORD).unlink(missing_ok=True)


def is_current(outdir: Path, environment: str, *, project: Path = PROJECT) -> bool:
    """Return whether the folder has an environment's templates as the app would make them now."""
    try:
        document = json.loads((outdir / _RECORD).read_bytes())
        made_of = (document["environment"], document["inputs"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return made_of == (environment, inputs(environment, project=project))


def _files(project: Path) -> Iterator[Path]:
    for name in _INPUTS:
        place = project / name
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (path for path in found if path.is_file() and not {*path.parts} & {*_PASSED_OVER})
