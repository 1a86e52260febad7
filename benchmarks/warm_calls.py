"""The process that makes the warm calls by turns: the raw client's, the app's own, and those to the chat server.

``benchmarks.warm`` runs this with the function's import path, so it imports the standard library, ``lambdas`` and the
modules beside it only. stdout belongs to the app's log and metrics; the result goes to a file.
"""

import asyncio
import cProfile
import json
import os
import pstats
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import botocore.session

from benchmarks.adapter import MESSAGES, RESPONSES, Connection, Request, Taken, request
from lambdas.api import app, composition
from lambdas.common import aws

WARM_UP_CALLS = 40

# Makes so many calls.
Calls = Callable[[int], list[Taken]]


class Recorder:
    """A client that remembers each operation's arguments, so that the floor makes exactly the function's calls."""

    def __init__(self, client: Any, seen: dict[str, Any]) -> None:
        self._client = client
        self._seen = seen

    def until(self, deadline: Any) -> "Recorder":
        """Return the client as it is until a deadline, remembering the same."""
        return Recorder(self._client.until(deadline), self._seen)

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            self._seen[operation] = arguments
            return getattr(self._client, operation)(**arguments)

        return call


class InProcess:
    """The app called as an ASGI server calls it, on a loop of this thread's: no sockets, no HTTP."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def whole(self, asked: Request, times: int) -> list[Taken]:
        """Return how long each of so many answers took."""
        return self._loop.run_until_complete(self._all(asked, times))

    async def _all(self, asked: Request, times: int) -> list[Taken]:
        return [await self._answered(asked) for _ in range(times)]

    async def _answered(self, asked: Request) -> Taken:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": asked.path,
            "raw_path": asked.path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": asked.headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8080),
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        start = time.perf_counter_ns()
        await app.app(scope, receive, send)
        taken = (time.perf_counter_ns() - start) / 1e6
        if sent[0]["status"] != 200:
            raise RuntimeError(f"the app answered {sent}")
        return Taken(first_token=taken, whole=taken)


def recorded(asked: Request) -> dict[str, Any]:
    """Return operation -> the arguments of the call that the app makes for the request."""
    seen: dict[str, Any] = {}
    real = aws.client
    aws.client = lambda *args, **options: Recorder(real(*args, **options), seen)
    try:
        InProcess().whole(asked, 1)
    finally:
        aws.client = real
        for made in vars(composition).values():
            if hasattr(made, "cache_clear"):
                made.cache_clear()
    if set(seen) != {"converse", "update_item"}:
        raise RuntimeError(f"the app called {sorted(seen)}; the floor is of converse and update_item")
    return seen


def repeated(call: Callable[[], Taken]) -> Calls:
    """Return what makes a call so many times."""
    return lambda times: [call() for _ in range(times)]


def timed(call: Callable[[], Any]) -> Calls:
    """Return what makes a call so many times, and times it."""

    def timed_call() -> Taken:
        start = time.perf_counter_ns()
        call()
        taken = (time.perf_counter_ns() - start) / 1e6
        return Taken(first_token=taken, whole=taken)

    return repeated(timed_call)


def raw_stream(client: Any, arguments: dict[str, Any]) -> Calls:
    """Return the streams' floor, all events read. Its first token is its very first event, which has no text yet."""

    def call() -> Taken:
        start = time.perf_counter_ns()
        first = 0
        for _ in client.converse_stream(**arguments)["stream"]:
            first = first or time.perf_counter_ns()
        whole = time.perf_counter_ns()
        return Taken(first_token=(first - start) / 1e6, whole=(whole - start) / 1e6)

    return repeated(call)


def kinds_of_call(port: int) -> dict[str, Calls]:
    """Return every kind of call by its name in the result."""
    asked = request(stream=False)
    arguments = recorded(asked)
    # Clients as anybody makes them, so that what the function does to its own counts.
    session = botocore.session.get_session()
    bedrock: Any = session.create_client("bedrock-runtime")
    dynamodb: Any = session.create_client("dynamodb")

    def both() -> None:
        bedrock.converse(**arguments["converse"])
        dynamodb.update_item(**arguments["update_item"])

    connection = Connection(port)
    http, streaming = asked.to_http(), request(stream=True).to_http()
    in_process = InProcess()
    return {
        "raw": timed(lambda: bedrock.converse(**arguments["converse"])),
        "raw_both": timed(both),
        "app": lambda times: in_process.whole(asked, times),
        "server": repeated(lambda: connection.whole(http)),
        "raw_stream": raw_stream(bedrock, arguments["converse"]),
        "server_stream": repeated(lambda: connection.streamed(streaming)),
        **{
            f"server_{name}": repeated(partial(connection.streamed, request(stream=True, api=api).to_http(), api))
            for name, api in (("responses", RESPONSES), ("messages", MESSAGES))
        },
    }


def profile(call: Calls, times: int) -> dict[str, float]:
    """Return file -> milliseconds spent in its own functions per call; slower than without a profiler."""
    profiler = cProfile.Profile()
    profiler.runcall(call, times)
    found: dict[str, float] = {}
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        key = file if file != "~" else name
        found[key] = found.get(key, 0.0) + own * 1000 / times
    return found


def main(port: int, result_file: str, rounds: int, times: int, explain: bool) -> None:
    """Make ``rounds`` blocks of ``times`` calls of each kind and write the milliseconds of each call as JSON."""
    kinds = kinds_of_call(port)
    for call in kinds.values():
        call(WARM_UP_CALLS)
    taken: dict[str, list[Taken]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, call in kinds.items():
            taken[name] += call(times)
    result = {
        "first_token": {name: [one.first_token for one in found] for name, found in taken.items()},
        "whole": {name: [one.whole for one in found] for name, found in taken.items()},
        "profile": profile(kinds["app"], times) if explain else {},
    }
    Path(result_file).write_text(json.dumps(result), encoding="utf-8")
    sys.stdout.flush()
    # Nothing of the app is left to be done; its threads need not be waited for.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "explain")
