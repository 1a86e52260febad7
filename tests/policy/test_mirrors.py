"""Tests lie where what they test lies: a folder of tests/ has the name of a package, and a package has its tests."""

from pathlib import Path

import pytest

from tests.structure import PROJECT

MIRRORED = ("configuration", "lambdas", "stacks", "quarry", "benchmarks")


def packages(root: Path) -> set[str]:
    """Return the packages of the mirrored folders, relative to ``root``."""
    return {path.parent.relative_to(root).as_posix() for top in MIRRORED for path in (root / top).rglob("__init__.py")}


def strays(tests: Path, project: Path) -> list[str]:
    """Return the folders of ``tests`` that no package of the same path has, and the packages without such a folder."""
    return sorted(packages(tests) ^ packages(project))


def test_tests_and_packages_have_the_same_folders() -> None:
    assert strays(PROJECT / "tests", PROJECT) == []


@pytest.mark.parametrize("folder", ["lambdas/inference", "quarry/commands/deep"])
@pytest.mark.parametrize("alone", ["tests", "."])
def test_a_folder_that_only_one_side_has_is_found(tmp_path: Path, folder: str, alone: str) -> None:
    (tmp_path / alone / folder).mkdir(parents=True)
    (tmp_path / alone / folder / "__init__.py").touch()

    assert strays(tmp_path / "tests", tmp_path) == [folder]
