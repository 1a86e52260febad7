"""Tests lie where what they test lies: a folder of tests/ has the name of a package."""

from pathlib import Path

import pytest

from tests.structure import PROJECT

MIRRORED = ("configuration", "lambdas", "stacks", "quarry", "benchmarks")


def strays(tests: Path, project: Path) -> list[str]:
    """Return the folders of ``tests`` that no package of the same path has, relative to it."""
    return [
        folder.relative_to(tests).as_posix()
        for top in MIRRORED
        for folder in sorted(path.parent for path in (tests / top).rglob("__init__.py"))
        if not (project / folder.relative_to(tests)).is_dir()
    ]


def test_every_folder_of_tests_has_its_package() -> None:
    assert strays(PROJECT / "tests", PROJECT) == []


@pytest.mark.parametrize("folder", ["lambdas/inference", "quarry/commands/deep"])
def test_a_folder_without_a_package_is_found(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "__init__.py").touch()

    assert strays(tmp_path, PROJECT) == [folder]
