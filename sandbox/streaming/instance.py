"""One execution environment: a process that runs a function's HTTP server, as behind the Lambda Web Adapter."""

import asyncio
import logging
import subprocess
from pathlib import Path
from typing import Final

from sandbox import ports
from sandbox.streaming import bundle
from sandbox.streaming.adapter import AdapterSettings, HttpRequest
from sandbox.streaming.function import Function
from sandbox.streaming.logs import LogStream
from sandbox.streaming.processes import kill_tree
from sandbox.streaming.upstream import HOST, Exchange, UpstreamError

_POLL_SECONDS: Final = 0.01
_PROBE_SECONDS: Final = 2.0
_READ_BYTES: Final = 65536
_LONGEST_LINE: Final = 256 * 1024
_LAST_LINES_SECONDS: Final = 1.0

_logger = logging.getLogger(__name__)


class StartError(Exception):
    """The function's server did not start; its log says why."""


class Instance:
    """A running server of a function. One that nobody needs any more must be killed.

    Attributes:
        function: as it was when the instance was started.
        settings: of the adapter.
        port: where it listens, on the loopback.
        log: where its output goes.
        ready: whether it has answered the readiness check.
    """

    def __init__(self, function: Function, process: subprocess.Popen[bytes], *, port: int, log: LogStream) -> None:
        self.function = function
        self.settings = AdapterSettings.from_environment(function.environment)
        self.port = port
        self.log = log
        self.ready = False
        self._process = process
        self._output = asyncio.create_task(self._copy_output())

    @classmethod
    async def spawn(cls, function: Function) -> "Instance":
        """Start the process, which then needs some time until it is ready.

        Raises:
            StartError: it cannot be started.
        """
        log = LogStream(function)
        log.open()
        try:
            unpacked = await asyncio.to_thread(bundle.unpack, function)
            (port,) = ports.free(1)
            # No await from here to the end: nothing may come between a process and the object that ends it.
            process = subprocess.Popen(  # noqa: S603 what the function's owner deployed
                unpacked.command,
                cwd=unpacked.code,
                env=bundle.environment(function, unpacked, port=port, log_stream=log.name),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except (bundle.BundleError, OSError) as error:
            log.write([f"Runtime.InvalidEntrypoint: {error}"])
            raise StartError(str(error)) from error
        for warning in unpacked.warnings:
            _logger.warning("function %s: %s", function.key.name, warning)
        log.write([f"WARNING {warning}" for warning in unpacked.warnings])
        return cls(function, process, port=port, log=log)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    async def survives(self) -> bool:
        """Whether the process goes on after a connection to it broke.

        One that ends closes its connections before it is seen to have ended, so that it is asked once more: it cannot
        answer.
        """
        return await self._answers(seconds=_PROBE_SECONDS) and self.alive

    async def wait_until_ready(self, *, deadline: float) -> bool:
        """Ask until the readiness check succeeds; False when ``deadline`` on the loop's clock (seconds) passed.

        Raises:
            StartError: the process ended.
        """
        loop = asyncio.get_running_loop()
        while not (self.ready or loop.time() >= deadline):
            if not self.alive:
                await self._explain_exit()
            self.ready = await self._answers(seconds=min(_PROBE_SECONDS, deadline - loop.time()))
            if not self.ready:
                await asyncio.sleep(_POLL_SECONDS)
        return self.ready

    async def _explain_exit(self) -> None:
        await asyncio.wait({self._output}, timeout=_LAST_LINES_SECONDS)
        message = f"Runtime exited before it was ready: exit status {self._process.returncode}"
        self.log.write([f"{message} Runtime.ExitError"])
        raise StartError(message)

    async def _answers(self, *, seconds: float) -> bool:
        probe = HttpRequest(
            method="GET", target=self.settings.readiness_path.encode(), headers=[(b"host", HOST.encode())], body=b""
        )
        try:
            async with asyncio.timeout(seconds):
                if self.settings.readiness_by_tcp:
                    _, writer = await asyncio.open_connection(HOST, self.port)
                    writer.close()
                    return True
                exchange = await Exchange.begin(self.port, probe)
        except (UpstreamError, OSError):  # A TimeoutError is an OSError.
            return False
        exchange.close()
        return exchange.status in self.settings.healthy_statuses

    async def _copy_output(self) -> None:
        """Send the process's lines to its log until it and all that it started closed their output."""
        pipe = self._process.stdout
        if pipe is None:
            raise ValueError("the process was started without a pipe for its output")
        reader = asyncio.StreamReader(limit=_READ_BYTES)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        rest = b""
        try:
            while data := await reader.read(_READ_BYTES):
                *lines, rest = (rest + data).split(b"\n")
                if len(rest) > _LONGEST_LINE:
                    lines.append(rest)
                    rest = b""
                self.log.write([line.decode(errors="replace").rstrip("\r") for line in lines])
        finally:
            self.log.write([rest.decode(errors="replace")])
            transport.close()

    def peak_megabytes(self) -> int:
        """The most memory the process has used, where the system tells (Linux); 0 elsewhere."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(peak[0]) // 1024 if peak else 0

    def kill(self) -> None:
        """End the process at once; :meth:`collect` is to follow."""
        kill_tree(self._process)

    def collect(self) -> None:
        """Wait, for a moment, until the killed process is gone."""
        self._process.wait()
