"""`.ci/node`, by which the CDK's library is run: where it keeps what it keeps, and that nothing grows with each run."""

import os
import subprocess
from pathlib import Path

from configuration.environment_file import PROJECT


def environ_of_node(folder: Path, **variables: str) -> dict[str, str]:
    """Return the environment of the node that is run, and as "" the words after its own flags."""
    node = folder / "node"
    node.write_text('#!/bin/sh\nenv\necho "=$@"\n', encoding="utf-8")
    node.chmod(0o755)
    environ = {"PATH": f"{folder}:{os.environ['PATH']}", **variables}
    ran = subprocess.run(
        [PROJECT / ".ci" / "node", "program.js"], env=environ, check=True, capture_output=True, text=True
    )
    return dict(line.split("=", 1) for line in ran.stdout.splitlines())


def test_it_keeps_fingerprints_where_it_is_told_and_compiled_code_nowhere(tmp_path: Path) -> None:
    environ = environ_of_node(tmp_path, HOME="/home/ann", CDK_HOME="/cdk", NODE_COMPILE_CACHE=str(tmp_path))

    assert environ["HOME"] == "/cdk"
    assert environ["NODE_DISABLE_COMPILE_CACHE"] == "1"
    assert environ[""].endswith(" program.js")


def test_without_a_place_of_its_own_it_is_the_users(tmp_path: Path) -> None:
    assert environ_of_node(tmp_path, HOME="/home/ann")["HOME"] == "/home/ann"
