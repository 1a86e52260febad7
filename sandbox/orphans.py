"""Processes that go on though the command that `python -m sandbox exec` ran was killed.

A deployment is such a one: what is called `node` may be a launcher of the real one, and whoever kills the launcher
(SIGKILL, which it cannot hand on) leaves the CDK at work, against which the next deployment runs.
"""

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox import process
from sandbox.terminal import shown

_STATE_VARIABLE = "SANDBOX_STATE"


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """A process, and its command as a shell would be given it."""

    pid: int
    command: str


def mark() -> dict[str, str]:
    """Return what to add to the environment of the command that takes the place of this process."""
    return {process.COMMAND_VARIABLE: f"{os.getpid()}:{process.start_time(os.getpid())}"}


def find(state: Path) -> list[Orphan]:
    """Return what is left of commands on the sandbox in ``state``, by process id.

    Only where the system shows other processes' environments under /proc; elsewhere nothing is found.
    """
    return sorted(_orphans(state), key=lambda orphan: orphan.pid)


def _orphans(state: Path) -> Iterator[Orphan]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = dict(
                entry.split("=", 1) for entry in (folder / "environ").read_text(errors="replace").split("\0") if entry
            )
            command = (folder / "cmdline").read_text(errors="replace").rstrip("\0").split("\0")
        except (OSError, ValueError):
            continue  # Another user's, or ended meanwhile.
        launcher, _, began = environ.get(process.COMMAND_VARIABLE, "").partition(":")
        if environ.get(_STATE_VARIABLE) != str(state) or not launcher.isdigit():
            continue
        if process.start_time(int(launcher)) != began and process.start_time(int(folder.name)) is not None:
            yield Orphan(pid=int(folder.name), command=shown(shlex.join(command)))


def complaint(found: list[Orphan]) -> str:
    """Say what goes on, and how it is ended."""
    lines = [f"  process {orphan.pid}: {orphan.command}" for orphan in found]
    pids = " ".join(str(orphan.pid) for orphan in found)
    return "\n".join(
        [
            "still at work on this sandbox, left by a command that was killed:",
            *lines,
            f"wait until it ends, or end it with: kill {pids}",
        ]
    )
