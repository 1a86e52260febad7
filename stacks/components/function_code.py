"""The functions' own code as it is shipped: ``lambdas/`` as it lies in the project, and byte code beside it."""

import hashlib
import shutil
from functools import cache
from pathlib import Path
from typing import Final

from aws_cdk import aws_lambda as lambda_

from stacks.components import byte_code, kept_build
from stacks.components.byte_code import PROJECT, Target

SOURCES: Final = PROJECT / "lambdas"
CACHE: Final = kept_build.CACHE / "function-code"
# Where Lambda has a function's code.
TASK_ROOT: Final = "/var/task"


def files(sources: Path = SOURCES) -> list[Path]:
    """Return what of ``sources`` is shipped: no byte code of this machine, nothing that a build alone reads."""
    return sorted(
        path
        for path in sources.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.suffix not in {".pyc", ".yaml"}
        and path.name != "requirements.txt"
    )


def fingerprint(target: Target, sources: Path = SOURCES) -> str:
    """Return a hash of everything that decides the code's content.

    Raises:
        ByteCodeError: there is no compiler for the target.
    """
    digest = hashlib.sha256(f"{target}\0{byte_code.compiler_version(target)}\0".encode())
    for module in (Path(__file__), Path(byte_code.__file__)):
        digest.update(module.read_bytes())
    for path in files(sources):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(sources).as_posix()} {path.stat().st_mode & 0o111:o} {content}\n".encode())
    return digest.hexdigest()


def build(output: Path, *, target: Target, sources: Path = SOURCES) -> None:
    """Copy the code to ``output`` under its package's name, and compile it.

    Raises:
        ByteCodeError: there is no compiler for the target, or a file does not compile.
    """
    for path in files(sources):
        copy = output / sources.name / path.relative_to(sources)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    byte_code.compile_folder(output, target=target, shipped_as=TASK_ROOT)


def cached(*, target: Target, cache: Path = CACHE) -> Path:
    """Return a folder with the code, built now unless an earlier build of the same fingerprint is there.

    Raises:
        ByteCodeError: there is no compiler for the target, or a file does not compile; nothing half-built is kept.
    """
    return kept_build.kept(cache, fingerprint(target), lambda folder: build(folder, target=target))


def function_code(target: Target) -> lambda_.AssetCode:
    """Return the code that all functions share, so that import paths are the same here, in tests and in Lambda."""
    return kept_build.built_code(SOURCES, fingerprint=_fingerprint(target), build=lambda: cached(target=target))


@cache
def _fingerprint(target: Target) -> str:
    """Read the sources once for all functions of a synthesis."""
    return fingerprint(target)
