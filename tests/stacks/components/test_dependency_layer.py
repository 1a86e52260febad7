"""The layer's build: pip's arguments, the pruning, the cache. Nothing is downloaded here."""

import gzip
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.common.aws import SERVICES
from stacks.components import byte_code, dependency_layer
from stacks.components.dependency_layer import LayerBuildError, build, cached, fingerprint


class FakePip:
    """Stands for subprocess.run: writes what pip would, or fails."""

    def __init__(self, *, error: str = "") -> None:
        self.commands: list[list[str]] = []
        self._error = error

    def __call__(self, command: list[str], **_: Any) -> Any:
        self.commands.append(command)
        data = Path(command[command.index("--target") + 1]) / "botocore" / "data"
        for service in (*SERVICES, "emr", "rds"):
            (data / service / "2020-01-01").mkdir(parents=True)
            model = json.dumps({"metadata": {"endpointPrefix": f"{service}-prefix"}}).encode()
            (data / service / "2020-01-01" / "service-2.json.gz").write_bytes(gzip.compress(model))
        services: dict[str, dict[str, str]] = {f"{service}-prefix": {} for service in (*SERVICES, "emr")}
        (data / "endpoints.json").write_text(json.dumps({"partitions": [{"services": services}]}), encoding="utf-8")
        (data.parents[1] / "bin").mkdir()
        return SimpleNamespace(returncode=1 if self._error else 0, stdout="", stderr=self._error)


@pytest.fixture(autouse=True)
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str, str]]:
    """What was given to the compiler: folder, target, its name in Lambda."""
    given: list[tuple[Path, str, str]] = []
    monkeypatch.setattr(
        byte_code, "compile_folder", lambda folder, *, target, shipped_as: given.append((folder, target, shipped_as))
    )
    return given


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> FakePip:
    fake = FakePip()
    monkeypatch.setattr(subprocess, "run", fake)
    return fake


def test_only_the_data_of_services_in_use_is_kept(pip: FakePip, tmp_path: Path) -> None:
    build(tmp_path, target="arm64")

    data = tmp_path / "python" / "botocore" / "data"
    assert {entry.name for entry in data.iterdir()} == {*SERVICES, "endpoints.json"}
    assert not (tmp_path / "python" / "bin").exists()
    endpoints = json.loads((data / "endpoints.json").read_text(encoding="utf-8"))
    assert set(endpoints["partitions"][0]["services"]) == {f"{service}-prefix" for service in SERVICES}


@pytest.mark.parametrize(("target", "machine"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_wheels_are_fetched_for_the_target(pip: FakePip, tmp_path: Path, target: Any, machine: str) -> None:
    build(tmp_path, target=target)

    (command,) = pip.commands
    assert f"--platform=manylinux2014_{machine}" in command
    assert "--python-version=3.13" in command
    assert "--only-binary=:all:" in command


def test_for_the_host_pip_is_told_nothing_of_platforms(pip: FakePip, tmp_path: Path) -> None:
    build(tmp_path, target="host")

    assert not any("platform" in argument or "python-version" in argument for argument in pip.commands[0])


@pytest.mark.parametrize("target", ["host", "arm64", "x86_64"])
def test_what_pip_brought_is_compiled_for_the_target(
    pip: FakePip, compiled: list[tuple[Path, str, str]], tmp_path: Path, target: Any
) -> None:
    build(tmp_path, target=target)

    assert compiled == [(tmp_path, target, "/opt")]


def test_the_compiler_is_part_of_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint("arm64")

    monkeypatch.setattr(byte_code, "compiler_version", lambda _: "Pyodide 0.0.1")

    assert fingerprint("arm64") != before


def test_a_layer_is_built_once_per_content(pip: FakePip, tmp_path: Path) -> None:
    first = cached(target="arm64", cache=tmp_path)
    second = cached(target="arm64", cache=tmp_path)
    cached(target="host", cache=tmp_path)

    assert first == second == tmp_path / fingerprint("arm64")
    assert len(pip.commands) == 2


def test_two_processes_that_build_at_once_share_one_layer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def build_while_another_finishes(output: Path, *, target: Any, **_more: Any) -> None:
        for folder in (output, tmp_path / fingerprint(target)):
            (folder / "python").mkdir(parents=True)

    monkeypatch.setattr(dependency_layer, "build", build_while_another_finishes)

    layer = cached(target="arm64", cache=tmp_path)

    assert [entry.name for entry in tmp_path.iterdir()] == [layer.name]
    assert (layer / "python").is_dir()


def test_a_failed_build_is_told_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(subprocess, "run", FakePip(error="ERROR: No matching distribution found for msgspec"))

    with pytest.raises(LayerBuildError, match="No matching distribution"):
        cached(target="arm64", cache=tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_fingerprint_follows_what_is_in_the_layer(tmp_path: Path) -> None:
    before = fingerprint("arm64")
    other = tmp_path / "requirements.txt"
    other.write_text("msgspec==0.0.1\n", encoding="utf-8")

    assert fingerprint("arm64", other) != before
    assert fingerprint("arm64") != fingerprint("x86_64")


def test_a_capabilitys_own_layer_has_its_own_requirements(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("rapidfuzz==3.14.6\n", encoding="utf-8")
    commands: list[list[str]] = []

    def run(command: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        # Without botocore, of which there is nothing to prune.
        for name in ("rapidfuzz", "bin"):
            (tmp_path / "layer" / "python" / name).mkdir(parents=True)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    build(tmp_path / "layer", target="host", requirements=own)

    assert commands[0][commands[0].index("--requirement") + 1] == str(own)
    assert [entry.name for entry in (tmp_path / "layer" / "python").iterdir()] == ["rapidfuzz"]
