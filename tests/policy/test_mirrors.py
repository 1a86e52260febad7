"""Tests lie where what they test lies: a folder of tests/ has the name of a package, and a package has its tests.

And a capability has one name: a package of the other top folders is called as that of lambdas/, or says why not.
"""

import re
from collections.abc import Set
from pathlib import Path
from typing import Final

import pytest

from tests.structure import PROJECT

MIRRORED = ("configuration", "lambdas", "stacks", "quarry", "benchmarks")

# Packages that lambdas/ has none of the name of: what they are instead.
NO_CAPABILITY: Final = {
    "configuration/cost": "prices of AWS's services, for quarry/cost",
    "stacks/components": "ground of the stacks",
    "stacks/foundation": "the stack under all others, with the end and the budget",
    "stacks/guardrails": "a policy, which no function of its own obeys",
    "stacks/inference": "the endpoint as deployed: api/ and all that stands below it",
    "stacks/playground": "files that API Gateway reads",
    "quarry/check": "what an operator says of model_access",
    "quarry/cost": "what an environment costs, before it is deployed",
    "quarry/deployed": "ground of the commands",
    "quarry/keys": "what an operator says of authorizer and allowances",
    "quarry/models": "the catalogue against what AWS offers",
    "quarry/prove": "what only a real account can show",
    "quarry/workshop": "keys and Studio together, for all participants at once",
}


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


def nameless(names: Set[str]) -> list[str]:
    """Return those of the packages, as "stacks/studio", whose names stand neither in lambdas/ nor in NO_CAPABILITY."""
    capabilities = {name.partition("/")[2] for name in names if name.startswith("lambdas/")}
    others = {name for name in names if name.count("/") == 1 and not name.startswith(("lambdas/", "benchmarks/"))}
    return sorted(name for name in others - NO_CAPABILITY.keys() if name.partition("/")[2] not in capabilities)


def test_a_capability_has_one_name() -> None:
    assert nameless(packages(PROJECT)) == []
    assert packages(PROJECT) >= NO_CAPABILITY.keys()


def test_another_name_of_a_capability_is_found() -> None:
    assert nameless({"lambdas/tuning", "lambdas/tuning/data_sets", "stacks/tuning", "quarry/tune"}) == ["quarry/tune"]


def described(table: str) -> set[str]:
    """Return the packages that a table's first column names: "`stacks/studio` `tuning`" are two of one folder."""
    found = set()
    for cell in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE):
        folder = ""
        for name in re.findall(r"`([\w/.]+)`", cell):
            folder = name.partition("/")[0] if "/" in name else folder
            found.add(name if "/" in name else f"{folder}/{name}")
    return found


def test_the_house_has_a_rule_for_every_room() -> None:
    house = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## The house")[2].partition("\n## ")[0]
    rooms = {name for name in packages(PROJECT) if name.count("/") == 1 and not name.startswith("benchmarks/")}

    assert rooms - described(house) == set()


def strangers(way: str, rooms: Set[str], folders: Set[str]) -> set[str]:
    """Return the rooms that an overview does not name, as "prove/", and what it names that is no folder."""
    named = set(re.findall(r"(\w+)/", way))
    return {room for room in rooms if room.rpartition("/")[2] not in named} | (named - folders)


def test_the_readme_shows_every_room_and_no_other() -> None:
    way = (PROJECT / "README.md").read_text(encoding="utf-8").partition("## Finding the way")[2].split("```")[1]
    rooms = {name for name in packages(PROJECT) if name.count("/") == 1 and not name.startswith("benchmarks/")}
    tops = {path.name for path in PROJECT.iterdir() if path.is_dir()}
    inside = {path.name for top in tops & {*MIRRORED, "sandbox", "tests"} for path in (PROJECT / top).rglob("*")}

    assert strangers(way, rooms, tops | inside) == set()


def test_a_room_that_an_overview_leaves_out_or_invents_is_found() -> None:
    assert strangers("quarry/ keys/ attic/", {"quarry/keys", "quarry/prove"}, {"quarry", "keys"}) == {
        "quarry/prove",
        "attic",
    }


def test_a_room_without_a_rule_is_found() -> None:
    assert described("| room | rule |\n| `stacks/a` `b` | their rule names `c` |\n") == {"stacks/a", "stacks/b"}
