"""Tests in two forked processes: each is run once, and what is seen of them is what one process would tell."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from configuration.environment_file import PROJECT

FILE = """
import atexit, os, warnings, pathlib
import pytest

@pytest.fixture(scope="session", autouse=True)
def shared():
    yield
    pathlib.Path(f"let-go-by-{os.getpid()}").touch()

@pytest.mark.parametrize("number", range(3))
def test_that_passes(number, tmp_path, capfd):
    os.write(1, b"told")
    assert capfd.readouterr().out == "told"
    pathlib.Path(f"run-by-{os.getpid()}-{tmp_path.parent.name}-{tmp_path.name}").touch()
"""
ODD = """
import warnings

def test_that_fails():
    print("why it failed")
    assert False

def test_that_warns():
    warnings.warn("a plain warning")
"""
ENDS = "import os\n\ndef test_that_ends_its_process():\n    os._exit(3)\n"
LEAKS = """
import gc

def test_that_leaves_an_open_file():
    gc.disable()
    circle = [open(__file__)]
    circle.append(circle)
"""


def run(folder: Path, files: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmax_warnings = 0\n", encoding="utf-8")
    plugins = ("-p", "xdist.plugin", "-p", "tests.two_processes")
    command = [sys.executable, "-m", "pytest", *plugins, "-n", "0", *words]
    environ = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "80"}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_each_test_is_run_once_and_all_is_told(tmp_path: Path) -> None:
    ran = run(tmp_path, {"a": FILE, "b": FILE, "c": FILE, "odd": ODD})

    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert re.fullmatch(r"=+ 1 failed, 10 passed, 1 warning in [0-9.]+s =+", ran.stdout.splitlines()[-1])
    assert "why it failed" in ran.stdout
    assert "UserWarning: a plain warning" in ran.stdout
    tests = [path.name.split("-") for path in tmp_path.glob("run-by-*")]
    processes = {process for _, _, process, *_ in tests}
    # Each has folders of its own, and lets go what it made.
    assert len(tests) == 9
    assert processes == {path.name.split("-")[-1] for path in tmp_path.glob("let-go-by-*")}
    assert {folder for *_, folder, _ in tests} <= {"first", "second"}


@pytest.mark.parametrize(
    ("files", "words", "said"),
    [
        ({"a": FILE, "ends": ENDS}, (), "process ended with 3"),
        ({"a": FILE, "leaks": LEAKS}, ("-W", "error"), "process ended with 1"),
    ],
)
def test_a_process_that_does_not_come_to_its_end_fails_the_run(
    tmp_path: Path, files: dict[str, str], words: tuple[str, ...], said: str
) -> None:
    ran = run(tmp_path, files, *words)

    assert ran.returncode == 3, ran.stdout
    assert said in ran.stdout + ran.stderr


def test_after_the_first_failure_both_stop(tmp_path: Path) -> None:
    many = "import time, pytest\n@pytest.mark.parametrize('n', range(1000))\ndef test_n(n):\n    time.sleep(0.01)\n"

    ran = run(tmp_path, {"a": "def test_that_fails():\n    assert False\n", "b": many, "c": many}, "-x")

    assert ran.returncode == 1
    (passed,) = re.findall(r"1 failed(?:, (\d+) passed)? in", ran.stdout.splitlines()[-1])
    assert int(passed or 0) < 1000
