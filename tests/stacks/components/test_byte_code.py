"""Byte code of the runtime's own version, which it takes as it is and never looks at the source again."""

import json
import shutil
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from stacks.components import byte_code
from stacks.components.byte_code import ByteCodeError, compile_folder, compiler_version, run_in_lambdas_python

# Of Python 3.13, from 3.13.0rc1 on. Source: CPython, Include/internal/pycore_magic_number.h.
PYTHON_3_13 = (3571).to_bytes(2, "little") + b"\r\n"
# Header: the magic number, flags (1: by hash, never checked), the source's hash. Source: PEP 552.
UNCHECKED = (1).to_bytes(4, "little")
SOURCE = '''NAMES = frozenset({"alpha", "beta", "gamma", "delta"})


def known(name: str) -> bool:
    """Tell by a set of constants, which is marshalled in the order of its hashes."""
    return name in {"alpha", "beta", "gamma", "delta"}
'''
SPOILT = """
with open("/var/task/lambdas/places.py", "w") as source:
    source.write("raise SystemExit('the source was read')")
"""
# As Lambda does: imports what lies there, where nothing can be written.
LOADED = """
import sys
sys.path.insert(0, "/var/task")
sys.dont_write_bytecode = True
import lambdas.places as places
print(places.known("beta"), places.known.__code__.co_filename, places.__cached__, sys.version_info[:2])
"""


def lay_out(folder: Path) -> Path:
    package = folder / "lambdas"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "places.py").write_text(SOURCE, encoding="utf-8")
    return package


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder compiled for Lambda."""
    folder = tmp_path_factory.mktemp("first")
    lay_out(folder)
    compile_folder(folder, target="arm64", shipped_as="/var/task")
    return folder


def test_it_is_of_the_runtimes_python_and_never_checked_against_the_source(shipped: Path) -> None:
    files = sorted((shipped / "lambdas" / "__pycache__").iterdir())

    assert [file.name for file in files] == ["__init__.cpython-313.pyc", "places.cpython-313.pyc"]
    assert {file.read_bytes()[:8] for file in files} == {PYTHON_3_13 + UNCHECKED}


def test_lambdas_python_makes_the_same_again_and_loads_it_and_not_the_source(shipped: Path, tmp_path: Path) -> None:
    """In a process of its own, in a folder of another name: one start of Pyodide takes seconds, so it does both."""
    lay_out(tmp_path)

    told = run_in_lambdas_python(
        f"{byte_code._COMPILE.format(folder='/var/task', renamed='')}\n{SPOILT}\n{LOADED}",
        folder=tmp_path,
        mounted_as="/var/task",
    )

    cached = "/var/task/lambdas/__pycache__/places.cpython-313.pyc"
    assert told.strip() == f"True /var/task/lambdas/places.py {cached} (3, 13)"
    names = [sorted(path.relative_to(folder) for path in folder.rglob("*.pyc")) for folder in (shipped, tmp_path)]
    assert names[0] == names[1]
    assert [(shipped / name).read_bytes() for name in names[0]] == [(tmp_path / name).read_bytes() for name in names[0]]


def test_for_the_sandbox_it_is_of_this_python_with_lambdas_names(tmp_path: Path) -> None:
    package = lay_out(tmp_path)

    compile_folder(tmp_path, target="host", shipped_as="/var/task")

    file = package / "__pycache__" / f"places.{sys.implementation.cache_tag}.pyc"
    assert file.read_bytes()[:8] == MAGIC_NUMBER + UNCHECKED
    assert b"/var/task/lambdas/places.py" in file.read_bytes()
    assert str(tmp_path).encode() not in file.read_bytes()


def test_a_file_that_does_not_compile_is_named(tmp_path: Path) -> None:
    (lay_out(tmp_path) / "broken.py").write_text("def (:\n", encoding="utf-8")

    with pytest.raises(ByteCodeError, match=r"broken\.py"):
        compile_folder(tmp_path, target="host", shipped_as="/var/task")


def test_without_the_pinned_pyodide_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "node_modules" / "pyodide").mkdir(parents=True)
    other = json.dumps({"name": "pyodide", "version": "0.1.0"})
    (tmp_path / "node_modules" / "pyodide" / "package.json").write_text(other, encoding="utf-8")
    version = compiler_version("arm64")
    monkeypatch.setattr(byte_code, "PROJECT", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: "node")
    monkeypatch.setenv("PATH", str(tmp_path / "node_modules" / ".bin"))

    with pytest.raises(ByteCodeError, match=f"no {version} .* run make install"):
        compile_folder(tmp_path, target="arm64", shipped_as="/var/task")


def test_the_version_is_known_where_pyodide_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert compiler_version("arm64").startswith("Pyodide 0.29.")
    assert compiler_version("x86_64") == compiler_version("arm64") != compiler_version("host")
