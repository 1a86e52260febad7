"""Warm requests: the chat server, as ``run.sh`` starts it, against raw calls of the same local upstream."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.chat_server import chat_server, endpoints
from benchmarks.child_process import ISOLATED, PROJECT, isolated, run, serving
from benchmarks.function_home import FunctionHome, function_home
from benchmarks.measurement import Measurement, MeasurementError, Row, largest, row

TARGET: Final = 1.8
FIRST_TOKEN_TARGET: Final = 2.0
STREAM_TARGET: Final = 2.5
# Of the other APIs' first token to chat's.
DIALECT_TARGET: Final = 1.1
CALLS_PER_ROUND: Final = 40
LEAST_ROUNDS: Final = 8

NOTE: Final = (
    "warm: `through the app` calls the ASGI app in the process that makes the raw calls too, as the handler was "
    "measured before: Lambda's own runtime was never in it. `over HTTP` adds uvicorn and a loopback connection, kept "
    "and written to as the Lambda Web Adapter does; streams are measured so, to [DONE]. Ours writes the key's account "
    "(one UpdateItem), its log and its metrics; the floor is a plain botocore client's call alone, with the same "
    "arguments, and in `account written` a raw converse and then the same UpdateItem. The upstream answers all of "
    "them at once. The raw stream's first event carries no text yet, our first token does."
)


def measure(rounds: int, explain: bool) -> Measurement:
    """Measure ``rounds`` blocks (at least ``LEAST_ROUNDS``) of ``CALLS_PER_ROUND`` calls of each kind.

    Raises:
        MeasurementError: a call failed, or the function did not log.
    """
    home = function_home()
    with (
        serving([sys.executable, "-m", "benchmarks.upstream"]) as url,
        tempfile.TemporaryDirectory(prefix="quarry-bench-") as folder,
    ):
        result = _call(home, url, folder=Path(folder), rounds=max(rounds, LEAST_ROUNDS), explain=explain)
    notes = [NOTE, *([explain_profile(result["profile"])] if explain else [])]
    return Measurement(rows=_rows(result["whole"], result["first_token"]), notes=notes)


def _rows(whole: dict[str, list[float]], first: dict[str, list[float]]) -> list[Row]:
    raw, both = "a raw converse call", "raw converse, then raw update_item"
    return [
        row(
            "warm",
            measured="chat request through the app",
            floor=raw,
            ours=whole["app"],
            base=whole["raw"],
            target=TARGET,
        ),
        row("warm, over HTTP", measured="chat request to uvicorn", floor=raw, ours=whole["server"], base=whole["raw"]),
        row(
            "warm, account written",
            measured="as `warm`",
            floor=both,
            ours=whole["app"],
            base=whole["raw_both"],
        ),
        row(
            "first token",
            measured="streamed chat to its first token, over HTTP",
            floor="a raw converse_stream to its first event",
            ours=first["server_stream"],
            base=first["raw_stream"],
            target=FIRST_TOKEN_TARGET,
        ),
        *(
            row(
                f"first token, {api}",
                measured=f"as `first token`, by {path}",
                floor="streamed chat to its first token, over HTTP",
                ours=first[name],
                base=first["server_stream"],
                target=DIALECT_TARGET,
            )
            for api, path, name in (
                ("Responses", "/v1/responses", "server_responses"),
                ("Messages", "/v1/messages", "server_messages"),
            )
        ),
        row(
            "stream",
            measured="streamed chat of 20 tokens to [DONE], over HTTP",
            floor="a raw converse_stream, all events read",
            ours=whole["server_stream"],
            base=whole["raw_stream"],
            target=STREAM_TARGET,
        ),
    ]


def _call(home: FunctionHome, url: str, *, folder: Path, rounds: int, explain: bool) -> dict[str, Any]:
    log, result = folder / "stdout", folder / "result.json"
    # The project's folder is for this package; its own `lambdas` comes after the function's.
    env = {**isolated(home.env, [*home.python_path, PROJECT]), **endpoints(url)}
    with chat_server(home, upstream=url, folder=folder) as server, log.open("wb") as stdout:
        command = [*ISOLATED, "-u", "-m", "benchmarks.warm_calls", str(server.port), str(result), str(rounds)]
        run([*command, str(CALLS_PER_ROUND), "explain" if explain else "measure"], env=env, stdout=stdout)
    served = "".join(one.read_text(encoding="utf-8") for one in folder.glob("*.log"))
    check_log(log.read_text(encoding="utf-8"), calls=rounds * CALLS_PER_ROUND)
    check_log(served, calls=4 * rounds * CALLS_PER_ROUND)
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
    for package in ("lambdas", "aws_lambda_powertools", "botocore", "urllib3", "msgspec", "jmespath", "starlette"):
        if f"/{package}/" in file:
            return package
    return "standard library"
