"""Throughput: streams of 20 tokens at once, each from a server of its own, as Lambda gives each request an instance."""

import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.adapter import AnswerError, Connection, request
from benchmarks.chat_server import chat_servers
from benchmarks.child_process import serving
from benchmarks.function_home import function_home
from benchmarks.measurement import Measurement, MeasurementError, row
from benchmarks.upstream import TOKENS

AT_ONCE: Final = (1, 8, 32)
STREAMS_PER_ROUND: Final = 128
WARM_UP_STREAMS: Final = 5

NOTE: Final = (
    "throughput: a server process per concurrent stream, because Lambda sends an instance one request at a time; the "
    "instances share this machine's processors, Lambda's do not. `ours` is the median time of a stream, the floor that "
    "of one stream alone in the same run. Streams per second are the median over the rounds."
)


def measure(rounds: int, _explain: bool) -> Measurement:
    """Measure ``rounds`` rounds of ``STREAMS_PER_ROUND`` streams at each concurrency.

    Raises:
        MeasurementError: a server failed.
    """
    http = request(stream=True).to_http()
    times: dict[int, list[float]] = {count: [] for count in AT_ONCE}
    rates: dict[int, list[float]] = {count: [] for count in AT_ONCE}
    home = function_home()
    with (
        serving([sys.executable, "-m", "benchmarks.upstream"]) as url,
        tempfile.TemporaryDirectory(prefix="quarry-bench-") as folder,
        chat_servers(home, upstream=url, folder=Path(folder), count=max(AT_ONCE)) as servers,
        ThreadPoolExecutor(max_workers=max(AT_ONCE)) as pool,
    ):
        try:
            connections = [Connection(server.port) for server in servers]
            list(pool.map(lambda one: _streams(one, http, WARM_UP_STREAMS), connections))
            for _ in range(rounds):
                for count in AT_ONCE:
                    start = time.perf_counter()
                    each = STREAMS_PER_ROUND // count
                    taken = list(pool.map(lambda one, each=each: _streams(one, http, each), connections[:count]))
                    rates[count].append(each * count / (time.perf_counter() - start))
                    times[count] += [one for found in taken for one in found]
            for connection in connections:
                connection.close()
        except (AnswerError, OSError) as error:
            raise MeasurementError(str(error)) from error
    rows = [
        row(
            f"throughput, {count} at once",
            measured="streamed chat of 20 tokens",
            floor="one stream alone",
            ours=times[count],
            base=times[1],
        )
        for count in AT_ONCE
    ]
    return Measurement(
        rows=[
            replace(one, per_second={"streams": rate, "tokens": rate * TOKENS})
            for one, rate in zip(rows, (statistics.median(rates[count]) for count in AT_ONCE), strict=True)
        ],
        notes=[NOTE],
    )


def _streams(connection: Connection, http: bytes, count: int) -> list[float]:
    return [connection.streamed(http).whole for _ in range(count)]
