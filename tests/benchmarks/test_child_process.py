"""Child processes: a failure has a reason, and nothing outlives its block."""

import os
import sys

import pytest

from benchmarks.child_process import AWS_ENVIRONMENT, ISOLATED, isolated, milliseconds_to_ready, run, serving
from benchmarks.measurement import MeasurementError

ENV = isolated(AWS_ENVIRONMENT, [])


def test_a_process_is_timed_until_it_is_ready() -> None:
    (taken,) = milliseconds_to_ready("", env=ENV)

    assert taken > 0


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise SystemExit('no such layer')", r"exit code 1\nno such layer"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended by signal 9"),
        ("import atexit, os; atexit.register(os.abort)", "ended by signal 6"),  # ready, but dies at its end
        ("import rich", "No module named 'rich'"),  # the virtual environment is out of reach
    ],
)
def test_a_failed_process_is_a_failed_measurement(code: str, reason: str) -> None:
    with pytest.raises(MeasurementError, match=reason):
        milliseconds_to_ready(code, env=ENV)


def test_a_process_that_runs_to_its_end_fails_with_its_last_words() -> None:
    with pytest.raises(MeasurementError, match=r"exit code 3\nout of memory"):
        run([*ISOLATED, "-c", "import sys; sys.stderr.write('out of memory'); sys.exit(3)"], env=ENV)


def test_the_server_says_where_it_is_and_ends_with_the_block() -> None:
    code = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"

    with serving([sys.executable, "-S", "-c", code]) as line:
        os.kill(int(line), 0)

    with pytest.raises(ProcessLookupError):
        os.kill(int(line), 0)


def test_a_server_that_does_not_start_is_a_failed_measurement() -> None:
    with pytest.raises(MeasurementError, match="did not start"), serving([sys.executable, "-S", "-c", ""]):
        pass
