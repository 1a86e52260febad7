"""The process that makes the warm calls: the raw client's and the handler's, by turns, in one interpreter.

``benchmarks.warm`` runs this as a script with the function's import path, so it imports the standard library and
``lambdas`` only. stdout belongs to the function's log and metrics, as in Lambda; the result goes to a file.
"""

import cProfile
import json
import pstats
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdas.common import aws
from lambdas.inference import chat, handler
from lambdas.inference.service import ChatService

WARM_UP_CALLS = 40


@dataclass(frozen=True)
class Context:
    """What the function reads of Lambda's context."""

    function_name: str = "quarry-bench-inference"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:quarry-bench-inference"
    aws_request_id: str = "22222222-3333-4444-5555-666666666666"


class Recorder:
    """A client that remembers the arguments, so that the floor makes exactly the call that the handler makes."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.arguments: dict[str, Any] = {}

    def converse(self, **arguments: Any) -> dict[str, Any]:
        """Pass the call on."""
        self.arguments = arguments
        reply: dict[str, Any] = self._client.converse(**arguments)
        return reply


def raw_call(event: dict[str, Any]) -> Callable[[], Any]:
    """Return the floor: a client with the function's own settings, making the same call."""
    client = aws.client("bedrock-runtime", read_timeout=handler.settings().read_timeout_seconds, max_attempts=1)
    recorder = Recorder(client)
    ChatService(settings=handler.settings(), client=recorder).complete(chat.parse(event["body"].encode()))
    return lambda: client.converse(**recorder.arguments)


def handler_call(event: dict[str, Any]) -> Callable[[], Any]:
    """Return ours: the whole handler on one API Gateway event."""

    def call() -> None:
        answer = handler.lambda_handler(event, Context())
        if answer["statusCode"] != 200:
            raise RuntimeError(f"the handler answered {answer['statusCode']}: {answer['body']}")

    return call


def milliseconds(call: Callable[[], Any], calls: int) -> list[float]:
    """Return how long each of ``calls`` calls took, milliseconds."""
    taken = []
    for _ in range(calls):
        start = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - start) / 1e6)
    return taken


def profile(call: Callable[[], Any], calls: int) -> dict[str, float]:
    """Return file -> milliseconds spent in its own functions per call; slower than without a profiler."""
    profiler = cProfile.Profile()
    profiler.runcall(milliseconds, call, calls)
    times: dict[str, float] = {}
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        key = file if file != "~" else name
        times[key] = times.get(key, 0.0) + own * 1000 / calls
    return times


def main(event_file: str, result_file: str, rounds: int, calls: int, explain: bool) -> None:
    """Make ``rounds`` blocks of ``calls`` calls of each kind and write the milliseconds of each call as JSON."""
    event = json.loads(Path(event_file).read_text(encoding="utf-8"))
    raw, ours = raw_call(event), handler_call(event)
    milliseconds(raw, WARM_UP_CALLS)
    milliseconds(ours, WARM_UP_CALLS)
    result: dict[str, Any] = {"floor": [], "ours": [], "profile": {}}
    for _ in range(rounds):
        result["floor"] += milliseconds(raw, calls)
        result["ours"] += milliseconds(ours, calls)
    if explain:
        result["profile"] = profile(ours, calls)
    Path(result_file).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "explain")
