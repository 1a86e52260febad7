"""The lines at the end of a run, of one process and of one that has another run the tests."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from configuration.environment_file import PROJECT
from tests.closing_lines import NOTICE, longest

TESTS = f"""
import time

import pytest

@pytest.mark.parametrize("number", range(2))
def test_quick(number, record_property):
    if number:
        record_property("{NOTICE}", "a model ends")

def test_that_fails():
    assert False
"""


def test_files_are_added_up_and_the_longest_come_first() -> None:
    parts = [("a.py::one", 1.0), ("b.py::C::two[a::b]@group", 2.4), ("a.py::three", 3.0), *[("c.py::x", 0.5)] * 4]

    assert longest(parts) == "longest: a.py 4 s, b.py 2 s, c.py 2 s"
    assert longest((f"{number}.py::test", number) for number in range(9)).count(" s") == 5


@pytest.mark.parametrize("processes", ["0", "1"])
def test_a_run_ends_with_notices_files_and_pytests_own_line(tmp_path: Path, processes: str) -> None:
    (tmp_path / "test_slow.py").write_text(f"{TESTS}\ndef test_slow():\n    time.sleep(0.6)\n", encoding="utf-8")
    (tmp_path / "test_quick.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    plugins = ("-p", "xdist.plugin", "-p", "tests.closing_lines")
    command = [sys.executable, "-m", "pytest", *plugins, "-n", processes, "--tb=no", str(tmp_path)]
    environ = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "80"}

    ran = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    *before, last = ran.stdout.splitlines()
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert re.fullmatch(r"=+ 2 failed, 5 passed in [0-9.]+s =+", last)
    assert before.count(f"{NOTICE}: a model ends") == 2
    assert before[-1].startswith("longest: test_slow.py 1 s, test_quick.py ")
