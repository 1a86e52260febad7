"""Ending a process together with those that it started."""

import os
import signal
import subprocess
from pathlib import Path

_PROC = Path("/proc")


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the process and its descendants, which are in the group of this one and so need naming one by one.

    Its exit status is left to be collected. A process that ended already is left alone.
    """
    if process.poll() is not None:
        return
    for pid in [process.pid, *_descendants(process.pid)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # It ended meanwhile.


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found = list(children.get(pid, ()))
    for one in found:
        found.extend(children.get(one, ()))
    return found


def _parents() -> list[tuple[int, int]]:
    """Every process with its parent."""
    if (_PROC / "self/stat").exists():
        return [pair for entry in _PROC.iterdir() if entry.name.isdigit() and (pair := _parent(entry)) is not None]
    shown = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    return [(int(pid), int(parent)) for pid, parent in (line.split() for line in shown.stdout.splitlines())]


def _parent(entry: Path) -> tuple[int, int] | None:
    """Linux: the process and its parent, from proc(5)'s stat; None when it ended meanwhile."""
    try:
        text = (entry / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(entry.name), int(text.rpartition(")")[2].split()[1])
