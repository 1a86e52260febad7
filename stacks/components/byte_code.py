"""Byte code for the Python that runs what is shipped: Lambda's file system is read-only, so a cold start keeps none.

For Lambda it is compiled by Pyodide, CPython for Node from npm, of the runtime's version: whatever Python synthesises,
on whatever machine, the bytes are the same. A CPython of that version beside it would write other ones (the marks for
what is referred to again depend on the interpreter's own objects), so none is looked for. For the sandbox, whose
functions run on this very interpreter, it is compiled by this one.
"""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final, Literal

Target = Literal["arm64", "x86_64", "host"]

PYTHON: Final = "3.13"
PROJECT: Final = Path(__file__).resolve().parents[2]
_RUNNER: Final = Path(__file__).with_suffix(".mjs")
# Unchecked: CDK's zip gives every file one old date, which makes dated byte code stale, and checking a hash reads the
# source again. The folder is named as Lambda has it, so that no file name in a traceback has to be put right at import.
_COMPILE: Final = """
import compileall, py_compile
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
done = compileall.compile_dir({folder!r}, quiet=1, force=True, invalidation_mode=unchecked{renamed})
if not done:
    raise SystemExit("a file does not compile")
"""
# Sets of constants are written in the order of their hashes.
_SEED: Final = {"PYTHONHASHSEED": "0"}


class ByteCodeError(Exception):
    """There is no compiler for the target, or it refused a file; says which, and the way out."""


@cache
def compiler_version(target: Target) -> str:
    """Return what decides the byte code besides the sources. Pyodide need not be installed to know which it will be."""
    if target == "host":
        return f"CPython {sys.version.split()[0]}"
    package = json.loads((PROJECT / "package.json").read_text(encoding="utf-8"))
    return f"Pyodide {package['devDependencies']['pyodide']}"


def compile_folder(folder: Path, *, target: Target, shipped_as: str) -> None:
    """Compile every Python file below ``folder``, which Lambda will have as ``shipped_as``, to byte code beside it.

    Raises:
        ByteCodeError: there is no compiler for the target, or a file does not compile; the folder may be half done.
    """
    if target == "host":
        renamed = f", stripdir={str(folder)!r}, prependdir={shipped_as!r}"
        _run([sys.executable, "-c", _COMPILE.format(folder=str(folder), renamed=renamed)])
    else:
        run_in_lambdas_python(_COMPILE.format(folder=shipped_as, renamed=""), folder=folder, mounted_as=shipped_as)


def run_in_lambdas_python(program: str, *, folder: Path, mounted_as: str) -> str:
    """Run a program in Pyodide, which has ``folder`` as ``mounted_as`` and nothing else of this machine.

    Returns:
        What it printed.

    Raises:
        ByteCodeError: Pyodide or Node is not there, or the program failed.
    """
    node = shutil.which("node")
    if node is None:
        raise ByteCodeError("there is no node on the PATH to compile byte code with: run make install")
    module = (_pyodide() / "pyodide.mjs").as_uri()
    return _run([node, str(_RUNNER), module, str(folder), mounted_as, program])


def _pyodide() -> Path:
    """Return npm's package, of the pinned version: this project's, or one where npm's programs are on the PATH."""
    pinned = compiler_version("arm64")
    programs = [PROJECT / "node_modules" / ".bin", *map(Path, os.environ.get("PATH", "").split(os.pathsep))]
    for package in (place.parent / "pyodide" for place in programs if place.parent.name == "node_modules"):
        description = package / "package.json"
        if description.is_file() and pinned == f"Pyodide {json.loads(description.read_bytes())['version']}":
            return package
    raise ByteCodeError(f"node_modules has no {pinned} to compile byte code for Python {PYTHON} with: run make install")


def _run(command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments
        command, capture_output=True, text=True, check=False, env={**os.environ, **_SEED}
    )
    if done.returncode != 0:
        tail = "\n".join(f"{done.stderr}\n{done.stdout}".strip().splitlines()[-5:])
        raise ByteCodeError(f"byte code could not be compiled:\n{tail}")
    return done.stdout
