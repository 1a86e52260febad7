"""One invocation of a function: what its server is told of it, and its lines in the log."""

import time
import uuid
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import lambda_svc

from sandbox.streaming.function import Function
from sandbox.streaming.instance import Instance
from sandbox.streaming.pool import Pool


class Invocation:
    """An instance's work on one request, from START to END in its log.

    Attributes:
        deadline: on the event loop's clock (seconds), when the function's time is up.
        keep: whether the instance may serve another request afterwards.
    """

    def __init__(self, instance: Instance, pool: Pool, *, now: float) -> None:
        self.instance = instance
        self.deadline = now + instance.function.timeout_seconds
        self.keep = True
        self._pool = pool
        self._request_id = str(uuid.uuid4())
        self._began = time.monotonic()
        self._ends_at = time.time() + instance.function.timeout_seconds
        instance.log.open()
        self.log(f"START RequestId: {self._request_id} Version: {instance.function.key.version}")

    def log(self, line: str) -> None:
        """Add a line to the instance's log."""
        self.instance.log.write([line])

    def time_out(self) -> None:
        """The function's time is up: AWS ends the whole execution environment."""
        self.keep = False
        self.log(f"{self._request_id} Task timed out after {self.instance.function.timeout_seconds:.2f} seconds")

    def context(self) -> dict[str, Any]:
        """The Lambda context as the adapter writes it into ``x-amzn-lambda-context``."""
        function, log = self.instance.function, self.instance.log
        return {
            "request_id": self._request_id,
            "deadline": int(self._ends_at * 1000),
            "invoked_function_arn": function.config["FunctionArn"],
            "xray_trace_id": _trace_id(function),
            "client_context": None,
            "identity": None,
            "env_config": {
                "function_name": function.key.name,
                "memory": int(function.config.get("MemorySize", 128)),
                "version": function.key.version,
                "log_stream": log.name,
                "log_group": log.group,
            },
        }

    def finish(self) -> None:
        """Write the last lines and give the instance back."""
        milliseconds = (time.monotonic() - self._began) * 1000
        config = self.instance.function.config
        self.instance.log.write(
            [
                f"END RequestId: {self._request_id}",
                f"REPORT RequestId: {self._request_id}\tDuration: {milliseconds:.2f} ms\t"
                f"Billed Duration: {milliseconds:.0f} ms\tMemory Size: {config.get('MemorySize', 128)} MB\t"
                f"Max Memory Used: {self.instance.peak_megabytes()} MB",
            ]
        )
        self._pool.release(self.instance, keep=self.keep)


def _trace_id(function: Function) -> str | None:
    with request_scope(function.key.account, function.key.region):
        found: str | None = lambda_svc._xray_trace_id_for_invocation(function.config)
    return found
