"""Break the packages that count money and keep what was said, and see which changes their unit tests notice.

mutmut makes the mutants and runs, for each, the tests that reach its function ([tool.mutmut] of pyproject.toml). Of a
sample from a seed, or of all, at least nine in ten must be noticed; those that cannot be, because they change nothing
that can be seen, are listed with the reason in tests/mutants/equal.yaml.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from configuration.environment_file import PROJECT
from tests.mutants.changes import Change, read

FOLDER: Final = PROJECT / "mutants"
EQUAL: Final = Path(__file__).with_name("equal.yaml")
FLOOR: Final = 0.9
# As mutmut tells pytest's: 0 passed, so that nobody noticed; 5 and 33: no test gets there.
_SURVIVED: Final = (0, 5, 33)


def equal_ones() -> dict[tuple[str, str, str], str]:
    """Return why a mutant is equal to the code, by (function, was, becomes)."""
    entries: list[dict[str, str]] = yaml.safe_load(EQUAL.read_text("utf-8")) or []
    return {(entry["function"], entry["was"], entry["becomes"]): entry["because"] for entry in entries}


def main() -> int:
    """Run it; 1 if too few are noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=100, help="how many mutants (default 100)")
    parser.add_argument("--seed", type=int, default=12, help="which (default 12)")
    parser.add_argument("--all", action="store_true", help="every one: hours")
    parser.add_argument("--only", default="", help="those whose function begins so, as lambdas.chat.service")
    options = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    # A name that nothing has: mutants are made, and which tests reach which function is found out.
    _mutmut("no-such-mutant", quiet=True)
    if not (FOLDER / "mutmut-stats.json").exists():
        print("mutmut made no mutants, or the tests fail without them: mutmut run says why")
        return 1
    known = [change for change in read(FOLDER) if change.function.startswith(options.only)]
    count = len(known) if options.all else min(options.sample, len(known))
    chosen = random.Random(options.seed).sample(known, count)
    _mutmut(*(change.name for change in chosen))
    return _report(chosen, of=len(known))


def _mutmut(*names: str, quiet: bool = False) -> None:
    """Run mutmut, whose exit code does not tell whether mutants survived."""
    output = subprocess.DEVNULL if quiet else None
    subprocess.run(["mutmut", "run", *names], cwd=PROJECT, stdout=output, stderr=output, check=False)


def _report(chosen: list[Change], *, of: int) -> int:
    codes: dict[str, Any] = {}
    for meta in FOLDER.rglob("*.py.meta"):
        codes |= json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
    survived = [change for change in chosen if codes[change.name] in _SURVIVED]
    unknown = [change for change in chosen if codes[change.name] is None]
    reasons = equal_ones()
    print(os.linesep)
    for change in sorted(survived, key=lambda change: change.name):
        because = reasons.get((change.function, change.was, change.becomes))
        print(f"{change.function}\n  - {change.was}\n  + {change.becomes}\n  {because or 'NOT NOTICED'}\n")
    noticed = len(chosen) - len(survived) - len(unknown)
    explained = sum((change.function, change.was, change.becomes) in reasons for change in survived)
    share = noticed / max(1, len(chosen))
    print(f"{noticed} of {len(chosen)} mutants noticed ({share:.0%}), {explained} equal, of {of} that there are")
    if unknown:
        print(f"{len(unknown)} were not tried")
    return 0 if share >= FLOOR and not unknown else 1


if __name__ == "__main__":
    sys.exit(main())
