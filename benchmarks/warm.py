"""Warm request: an API Gateway event through the handler, against a raw ``converse`` on the same local upstream."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.child_process import ISOLATED, PROJECT, run, serving
from benchmarks.function_home import FunctionHome, function_home
from benchmarks.measurement import Measurement, MeasurementError, largest, row

TARGET: Final = 2.0
CALLS_PER_ROUND: Final = 40
LEAST_ROUNDS: Final = 8

EVENT: Final = PROJECT / "tests" / "events" / "chat_completion.json"
SCRIPT: Final = Path(__file__).with_name("warm_calls.py")

NOTE: Final = (
    "warm: one process with the function's own imports makes both calls by turns, with equal clients and arguments; "
    "the upstream answers at once. Logs and metrics are written to a file, line by line as in Lambda."
)


def measure(rounds: int, explain: bool) -> Measurement:
    """Measure ``rounds`` blocks (at least ``LEAST_ROUNDS``) of ``CALLS_PER_ROUND`` calls of each kind.

    Raises:
        MeasurementError: a call failed, or the function did not log.
    """
    with (
        function_home() as home,
        serving([sys.executable, "-m", "benchmarks.upstream"]) as url,
        tempfile.TemporaryDirectory(prefix="quarry-bench-") as folder,
    ):
        result = _call(home, url, folder=Path(folder), rounds=max(rounds, LEAST_ROUNDS), explain=explain)
    return Measurement(
        rows=[
            row(
                "warm",
                measured="chat request through the handler",
                floor="a raw converse call",
                ours=result["ours"],
                base=result["floor"],
                target=TARGET,
            )
        ],
        notes=[NOTE, *([explain_profile(result["profile"])] if explain else [])],
    )


def _call(home: FunctionHome, url: str, *, folder: Path, rounds: int, explain: bool) -> dict[str, Any]:
    log, result = folder / "stdout", folder / "result.json"
    env = {**home.isolated_env, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url}
    command = [*ISOLATED, "-u", str(SCRIPT), str(EVENT), str(result), str(rounds), str(CALLS_PER_ROUND)]
    with log.open("wb") as stdout:
        run([*command, "explain" if explain else "measure"], env=env, stdout=stdout)
    check_log(log.read_text(encoding="utf-8"), calls=rounds * CALLS_PER_ROUND)
    loaded: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return loaded


def check_log(text: str, *, calls: int) -> None:
    """Check that the function did all its work: each call wrote its metrics and a log line.

    Raises:
        MeasurementError: there are fewer lines than calls.
    """
    lines = text.splitlines()
    metrics = sum('"_aws"' in line for line in lines)
    logs = len(lines) - metrics
    if metrics < calls or logs < calls:
        raise MeasurementError(f"{calls} calls wrote {metrics} metrics and {logs} log lines; each should write both")


def explain_profile(times: dict[str, float]) -> str:
    """Return a note: the packages whose own functions take longest per call, of file -> milliseconds."""
    packages: dict[str, float] = {}
    for file, taken in times.items():
        packages[_package(file)] = packages.get(_package(file), 0.0) + taken
    total = sum(times.values())
    return f"warm spends {total:.2f} ms per request (under a profiler, which slows it): {largest(packages)}."


def _package(file: str) -> str:
    if "socket" in file:
        return "waiting on the socket"
    for package in ("lambdas", "aws_lambda_powertools", "botocore", "urllib3", "msgspec", "jmespath"):
        if f"/{package}/" in file:
            return package
    return "standard library"
