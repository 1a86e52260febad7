"""What the house looks like in figures: ``python -m tests.structure``, or ``make structure``.

A room is what lies directly in a top folder: a module or a package. An arrow is one room's import of another, counted
once however many names it brings; imports for type checking count too.
"""

import graphlib
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import grimp

PROJECT = Path(__file__).resolve().parents[1]
TOP_FOLDERS = ("configuration", "lambdas", "stacks", "quarry", "sandbox")


@dataclass(frozen=True, kw_only=True)
class Floor:
    """One top folder.

    Attributes:
        modules: how many there are, packages' own files not counted.
        rooms: what lies directly in the folder.
        arrows: imports between its rooms.
        outward: imports of other top folders, counted from room to folder.
        chain: the longest way of imports within the folder, from the one that imports to the last one imported.
    """

    name: str
    modules: int
    rooms: int
    arrows: int
    outward: int
    chain: tuple[str, ...]


def graph(*packages: str, external: bool = False) -> grimp.ImportGraph:
    """Return what imports what; with ``external``, third-party packages too, each as one module."""
    return grimp.build_graph(*packages, cache_dir=None, include_external_packages=external)


def floor(name: str, imports: grimp.ImportGraph) -> Floor:
    """Measure one top folder."""
    modules = {module for module in imports.modules if module.startswith(f"{name}.")}
    leaves = {module for module in modules if not imports.find_children(module)}
    arrows: set[tuple[str, str]] = set()
    outward: set[tuple[str, str]] = set()
    within: dict[str, set[str]] = defaultdict(set)
    for importer in modules:
        for imported in imports.find_modules_directly_imported_by(importer):
            if imported not in modules:
                outward.add((_room(importer), imported.partition(".")[0]))
                continue
            within[importer].add(imported)
            if _room(importer) != _room(imported):
                arrows.add((_room(importer), _room(imported)))
    return Floor(
        name=name,
        modules=len(leaves),
        rooms=len({_room(module) for module in modules}),
        arrows=len(arrows),
        outward=len({pair for pair in outward if pair[1] != name}),
        chain=_longest(within),
    )


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _longest(imports: dict[str, set[str]]) -> tuple[str, ...]:
    """Return the longest way; empty if there are circles, in which there is none."""
    longest: dict[str, tuple[str, ...]] = {}
    try:
        for module in graphlib.TopologicalSorter(imports).static_order():
            below = max((longest[one] for one in sorted(imports.get(module, ()))), key=len, default=())
            longest[module] = (module, *below)
    except graphlib.CycleError as error:
        return ("circle", *error.args[1])
    return max(longest.values(), key=len, default=())


def main() -> int:
    """Print a line per top folder, then each one's longest chain."""
    there = [name for name in TOP_FOLDERS if (Path.cwd() / name / "__init__.py").is_file()]
    imports = graph(*there)
    floors = [floor(name, imports) for name in there]
    print(f"{'folder':<14}{'modules':>8}{'rooms':>7}{'arrows':>8}{'to other folders':>18}{'longest chain':>15}")
    for one in floors:
        print(f"{one.name:<14}{one.modules:>8}{one.rooms:>7}{one.arrows:>8}{one.outward:>18}{len(one.chain):>15}")
    for one in floors:
        print(f"\n{' -> '.join(one.chain)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
