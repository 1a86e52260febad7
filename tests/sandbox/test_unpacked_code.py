"""Processes of functions share the files of their code and layers, which outlive them."""

import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from sandbox import unpacked_code

LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:words:1"
HANDLER = """\
import sys
import word

def handler(event, context):
    return {"word": word.WORD, "here": __file__, "there": word.__file__}
"""


def archive(**files: str) -> bytes:
    """A ZIP archive of these files; ``__`` in a name is a slash."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(name.replace("__", "/") + ".py", text)
    return made.getvalue()


CODE = archive(app=HANDLER)
Start = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a process of a function with a layer, and call it: start(layer, code) -> (worker, what it answered)."""
    layers: dict[str, bytes] = {}
    monkeypatch.setattr(lambda_runtime, "zipfile", zipfile)
    monkeypatch.setattr(lambda_runtime.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(lambda_svc, "_DOCKER_EXTRACT_CACHE", str(tmp_path / "shared"))
    monkeypatch.setattr(lambda_svc, "_docker_extract_dirs", {})
    monkeypatch.setattr(lambda_svc, "_resolve_layer_zip", lambda _layer: layers["it"])
    unpacked_code.install()
    workers: list[Any] = []
    processes: list[Any] = []

    def started(layer: bytes, code: bytes | None = None) -> Any:
        layers["it"] = layer
        config = {
            "FunctionName": "f",
            "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
            "Runtime": f"python3.{sys.version_info.minor}",
            "Handler": "app.handler",
            "Layers": [LAYER],
        }
        worker = lambda_runtime.Worker("f", config, code or CODE)
        workers.append(worker)
        answered = worker.invoke({}, "request")
        processes.append(worker._proc)
        return worker, answered

    yield started
    lambda_runtime.kill_workers(workers)
    for worker in (worker for worker in workers if worker._stderr_thread):
        worker._stderr_thread.join()
    # MiniStack leaves them open.
    for process in processes:
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


def test_two_processes_read_the_same_files_and_their_end_leaves_those_to_others(start: Start, tmp_path: Path) -> None:
    layer = archive(python__word="WORD = 'quarry'")
    (first, said), (_, again) = start(layer), start(layer)

    assert said["result"]["word"] == again["result"]["word"] == "quarry", said
    for name in ("here", "there"):
        one, other = Path(said["result"][name]), Path(again["result"][name])
        assert one != other
        assert one.resolve() == other.resolve()
        assert tmp_path / "shared" in one.resolve().parents

    lambda_runtime.kill_workers([first])

    assert not Path(said["result"]["here"]).exists()
    assert Path(again["result"]["here"]).read_text("utf-8") == HANDLER
    assert start(layer)[1]["result"]["word"] == "quarry"


def test_other_content_is_other_files(start: Start) -> None:
    (_, one), (_, other) = (start(archive(python__word=f"WORD = {word!r}")) for word in ("marble", "slate"))

    assert (one["result"]["word"], other["result"]["word"]) == ("marble", "slate")
    assert Path(one["result"]["here"]).resolve() == Path(other["result"]["here"]).resolve()


@pytest.mark.parametrize("name", ["..__..__escaped", "__escaped"])
def test_a_layer_that_leaves_its_folder_is_refused_as_before(start: Start, name: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Failed to resolve layer"):
        start(archive(**{name: "WORD = 1"}))

    assert list(tmp_path.rglob("*escaped*")) == []


def test_what_is_no_archive_is_refused_as_before(start: Start) -> None:
    with pytest.raises(RuntimeError, match="Failed to resolve layer"):
        start(b"no archive")
    with pytest.raises(zipfile.BadZipFile):
        start(archive(python__word="WORD = 1"), b"no archive")


def test_code_for_node_which_packages_are_linked_into_is_a_copy(tmp_path: Path) -> None:
    file, place = tmp_path / "code.zip", tmp_path / "code"
    file.write_bytes(archive(app="1"))
    (tmp_path / "_worker.mjs").touch()
    place.mkdir()

    with unpacked_code._SharedArchive(file) as opened:
        opened.extractall(place)

    assert not place.is_symlink()
    assert (place / "app.py").read_text("utf-8") == "1"
