"""Templates that tests only read, kept in .cache/tests from one run to the next, and for all processes of a run.

What is kept lies under a hash of all that it is made of, so that what is found cannot be of anything else:

- the function that makes it and its arguments,
- every file of the project but those of the folders that no synthesis reads (`_UNREAD`) and but documents,
- of `lambdas` and of the tests only the modules that the stacks, the configuration or that function import, however
  deep,
- the versions of Python and of every package.

So a change of a function's code that no stack imports leaves the templates what they are: the fingerprint of that code,
which is all that they would show of it, is a constant here. What is read while something is made is watched: a file
that is not in the hash is an error, not a stale template later.
"""

import ast
import hashlib
import inspect
import json
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final, ParamSpec
from unittest import mock

from pydantic import BaseModel

from configuration.environment_file import PROJECT
from stacks.components import function_code, kept_build

FOLDER: Final = PROJECT / ".cache" / "tests"
# Of a few branches, times the dozen files that make templates: each has a state of its own.
STATES: Final = 100

# Whose modules count if they are imported, and only then.
_IMPORTED: Final = ("lambdas", "tests", "quarry", "sandbox", "docs", "benchmarks")
_UNREAD: Final = ("tests", "quarry", "sandbox", "docs", "benchmarks", "node_modules", "cdk.out", "build", "mutants")
# What every synthesis imports.
_IMPORTERS: Final = ("stacks", "configuration")
_MADE_ON_THE_WAY: Final = ("__pycache__", ".ipynb_checkpoints")

Made = dict[str, Any]
Arguments = ParamSpec("Arguments")


def kept(make: Callable[Arguments, Made]) -> Callable[Arguments, Made]:
    """Return the function with what it has once returned for the same arguments of the same project.

    Args:
        make: a function of a module, which reads nothing but its arguments and files. What it returns is JSON.
    """
    found: dict[str, Made] = {}
    made_in = Path(inspect.getfile(make))

    @wraps(make)
    def kept_or_made(*arguments: Arguments.args, **named: Arguments.kwargs) -> Made:
        assert make.__closure__ is None, "what a closure holds would not be in the hash"
        told = json.dumps([make.__module__, make.__qualname__, _told(arguments), _told(named)], sort_keys=True)
        name = hashlib.sha256(told.encode()).hexdigest()
        if name not in found:
            known, made_of = _of_this_project(made_in)
            place = FOLDER / made_of / f"{name}.json"
            found[name] = _read(place) or _make(place, lambda: make(*arguments, **named), known)
        return found[name]

    return kept_or_made


def _told(value: Any) -> Any:
    """Return an argument as JSON that is the same for the same argument only."""
    if isinstance(value, BaseModel):
        return [type(value).__qualname__, value.model_dump(mode="json")]
    if isinstance(value, Mapping):
        return {str(name): _told(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_told(one) for one in value]
    assert value is None or isinstance(value, str | int | float | bool), f"{value!r} says not all that it is"
    return value


def _read(place: Path) -> Made | None:
    try:
        made: Made = json.loads(place.read_bytes())
    except FileNotFoundError:
        return None
    return made


def _make(place: Path, make: Callable[[], Made], known: frozenset[Path]) -> Made:
    with (
        watched(known),
        mock.patch.object(function_code, "_fingerprint", lambda target: f"of {target}"),
        mock.patch.object(kept_build, "built_code", _of_any_content(kept_build.built_code)),
    ):
        made = make()
    place.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=place.parent, suffix=".part", encoding="utf-8", delete=False) as file:
        json.dump(made, file)
    # Another process may have made the same.
    Path(file.name).replace(place)
    _tidy()
    return _read(place) or {}


def _tidy() -> None:
    states = sorted(FOLDER.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for older in states[STATES:]:
        shutil.rmtree(older, ignore_errors=True)


def _of_any_content(built_code: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that makes assets of what is built, with its place in the stead of its content's hash."""

    def built(source: Path, *, fingerprint: str, build: Callable[[], Path]) -> Any:
        named = f"{source.relative_to(PROJECT).as_posix()} {Path(build.__code__.co_filename).stem}"
        return built_code(source, fingerprint=hashlib.sha256(named.encode()).hexdigest(), build=build)

    return built


@cache
def _of_this_project(made_in: Path) -> tuple[frozenset[Path], str]:
    known = files(made_in)
    return known, state(known)


def state(known: Iterable[Path], project: Path = PROJECT) -> str:
    """Return a hash of these files, of Python and of the packages: of all that a template is made of but arguments."""
    digest = hashlib.sha256(json.dumps([sys.version, *_packages()]).encode())
    for path in sorted(known):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\n{path.relative_to(project).as_posix()} {path.stat().st_mode & 0o111:o} {content}".encode())
    return digest.hexdigest()


def _packages() -> list[str]:
    """Return the names of the installed packages, with their versions."""
    places = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    return sorted(path.name for place in places for path in Path(place).glob("*.dist-info"))


def files(made_in: Path, project: Path = PROJECT) -> frozenset[Path]:
    """Return the files that a function of this file makes templates of."""
    own = [path for path in _all(project) if path.parts[len(project.parts)] not in _UNREAD and path.suffix != ".md"]
    plain = {path for path in own if path.suffix != ".py" or path.relative_to(project).parts[0] not in _IMPORTED}
    importers = [path for path in plain if path.suffix == ".py" and path.relative_to(project).parts[0] in _IMPORTERS]
    return frozenset(plain | _modules([*importers, made_in, project / "tests" / "kept.py"], project))


def _all(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in (*_MADE_ON_THE_WAY, "node_modules", "cdk.out"):
            continue
        if path.is_dir():
            yield from _all(path)
        else:
            yield path


def _modules(importers: Iterable[Path], project: Path) -> set[Path]:
    """Return these modules, and those of `_IMPORTED` that they import, at their beginning or anywhere in them."""
    found: set[Path] = set()
    waiting = list(importers)
    while waiting:
        path = waiting.pop()
        if path not in found and path.is_file():
            found.add(path)
            waiting += (project / place for place in _imports(path.read_bytes()))
    return found


@cache  # most modules are read once for each of the functions that make templates
def _imports(source: bytes) -> frozenset[str]:
    """Return where in the project the modules may be that a source imports."""
    places: set[str] = set()
    if not any(package.encode() in source for package in _IMPORTED):
        return frozenset()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            first, *rest = name.split(".")
            if first not in _IMPORTED:
                continue
            # A package's own file is run first; of what is no module there is no file.
            for depth in range(len(rest) + 1):
                place = "/".join([first, *rest[:depth]])
                places |= {f"{place}/__init__.py", f"{place}.py"}
    return frozenset(places)


_watching: set[str] | None = None


@cache
def _watch() -> None:
    def opened(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and _watching is not None and isinstance(arguments[0], str):
            _watching.add(arguments[0])

    sys.addaudithook(opened)


@contextmanager
def watched(known: frozenset[Path], project: Path = PROJECT) -> Iterator[None]:
    """Raise an error at the end if a file of the project was read, or tried, that is not among the known ones."""
    global _watching
    _watch()
    _watching = set()
    try:
        yield
        unknown = {path for path in map(_source, _watching) if path.is_relative_to(project)} - known
    finally:
        _watching = None
    ours = {path.relative_to(project) for path in unknown if path.is_file()}
    unread = sorted(str(path) for path in ours if not path.parts[0].startswith("."))
    if unread:
        raise AssertionError(f"these are read, and not in the hash of what is kept: {unread}")


def _source(opened: str) -> Path:
    """Return the file that was opened; of byte code, the module."""
    path = Path.cwd() / opened
    if path.parent.name == "__pycache__":
        return path.parent.parent / f"{path.name.partition('.')[0]}.py"
    return path
