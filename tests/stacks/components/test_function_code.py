"""What is shipped of our own code: sources, the target's byte code, nothing that only a build or this machine reads."""

import shutil
import sys
from pathlib import Path

import pytest

from stacks.components import byte_code, function_code
from stacks.components.function_code import build, cached, files, fingerprint


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A package as lambdas/ is one, with what is not shipped among it."""
    package = tmp_path / "project" / "lambdas"
    (package / "api" / "__pycache__").mkdir(parents=True)
    for name in ("__init__.py", "api/handler.py", "api/run.sh", "models.yaml", "requirements.txt", "api/stray.pyc"):
        (package / name).write_bytes(b"")
    (package / "api" / "__pycache__" / "handler.cpython-39.pyc").write_bytes(b"of another Python")
    (package / "api" / "run.sh").chmod(0o755)
    return package


def test_only_our_code_is_shipped_and_no_sources_of_data() -> None:
    names = {path.name for path in files()}

    assert {"catalogue.json", "customization.json", "conversation.toml", "handler.py"} <= names
    assert not any(name.endswith((".yaml", ".pyc", "requirements.txt")) for name in names)


def test_what_is_built_has_the_packages_name_its_modes_and_byte_code(sources: Path, tmp_path: Path) -> None:
    build(tmp_path / "built", target="host", sources=sources)

    found = {path.relative_to(tmp_path / "built").as_posix() for path in (tmp_path / "built").rglob("*.*")}
    tag = sys.implementation.cache_tag
    assert found == {
        "lambdas/__init__.py",
        f"lambdas/__pycache__/__init__.{tag}.pyc",
        "lambdas/api/handler.py",
        f"lambdas/api/__pycache__/handler.{tag}.pyc",
        "lambdas/api/run.sh",
    }
    assert (tmp_path / "built" / "lambdas" / "api" / "run.sh").stat().st_mode & 0o111


def test_the_fingerprint_follows_content_mode_target_and_compiler(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = [fingerprint("arm64", sources), fingerprint("host", sources)]

    (sources / "api" / "__pycache__" / "more.pyc").write_bytes(b"not shipped")
    (sources / "models.yaml").write_text("not: shipped\n", encoding="utf-8")
    assert fingerprint("arm64", sources) == seen[0]

    (sources / "api" / "handler.py").write_text("answer = 42\n", encoding="utf-8")
    seen.append(fingerprint("arm64", sources))
    (sources / "api" / "run.sh").chmod(0o644)
    seen.append(fingerprint("arm64", sources))
    monkeypatch.setattr(byte_code, "compiler_version", lambda _: "Pyodide 0.0.1")
    seen.append(fingerprint("arm64", sources))
    assert len(set(seen)) == len(seen)

    moved = shutil.copytree(sources, tmp_path / "elsewhere" / "lambdas")
    assert fingerprint("arm64", moved) == seen[-1]


def test_code_is_built_once_per_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built: list[str] = []

    def remember(output: Path, *, target: str) -> None:
        output.mkdir()
        built.append(target)

    monkeypatch.setattr(function_code, "build", remember)

    assert cached(target="host", cache=tmp_path) == cached(target="host", cache=tmp_path)
    cached(target="arm64", cache=tmp_path)

    assert built == ["host", "arm64"]
