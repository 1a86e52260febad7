"""Telling templates that are current from those of other inputs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from configuration import synthesis


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with something of everything that the app reads."""
    for name in ("stacks/stack.py", "environments/dev.yaml", "lambdas/handler.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    (tmp_path / "app.py").write_text("app")
    (tmp_path / "out").mkdir()
    return tmp_path


def is_current(project: Path, environment: str = "dev") -> bool:
    return synthesis.is_current(project / "out", environment, project=project)


def test_what_was_just_made_is_current(project: Path) -> None:
    assert not is_current(project)

    synthesis.record(project / "out", "dev", project=project)

    assert is_current(project)
    assert not is_current(project, "production")


@pytest.mark.parametrize(
    "change",
    [
        lambda project: (project / "stacks" / "stack.py").write_text("other"),
        lambda project: (project / "environments" / "dev.yaml").write_text("other"),
        lambda project: (project / "lambdas" / "new.py").write_text(""),
        lambda project: (project / "lambdas" / "handler.py").rename(project / "lambdas" / "renamed.py"),
        lambda project: (project / "app.py").unlink(),
        lambda project: synthesis.forget(project / "out"),
        lambda project: next((project / "out").iterdir()).write_text("[]"),
        lambda project: next((project / "out").iterdir()).write_text("{"),
    ],
)
def test_what_was_made_of_something_else_is_not(project: Path, change: Callable[[Path], object]) -> None:
    synthesis.record(project / "out", "dev", project=project)

    change(project)

    assert not is_current(project)


def test_what_python_leaves_behind_does_not_count(project: Path) -> None:
    synthesis.record(project / "out", "dev", project=project)

    (project / "lambdas" / "__pycache__").mkdir()
    (project / "lambdas" / "__pycache__" / "handler.pyc").write_bytes(b"code")

    assert is_current(project)


def test_forgetting_what_was_never_recorded_does_nothing(project: Path) -> None:
    synthesis.forget(project / "out")

    assert not is_current(project)
