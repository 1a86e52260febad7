"""Builds are kept by their fingerprint, and the oldest go."""

import os
from pathlib import Path

from stacks.components.kept_build import KEPT, kept


def test_the_newest_builds_stay(tmp_path: Path) -> None:
    for number in range(KEPT):
        folder = kept(tmp_path, f"build-{number}", Path.mkdir)
        os.utime(folder, (number, number))
    # Used again: now it is the newest.
    kept(tmp_path, "build-0", Path.mkdir)

    kept(tmp_path, "one-more", Path.mkdir)

    assert {one.name for one in tmp_path.iterdir()} == {
        "one-more",
        "build-0",
        *(f"build-{number}" for number in range(2, KEPT)),
    }
