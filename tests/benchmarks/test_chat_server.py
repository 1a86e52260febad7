"""The chat server of the measurements: a failed start has a reason, and no process outlives its block."""

import socket
from pathlib import Path

import pytest

from benchmarks.chat_server import chat_server, chat_servers
from benchmarks.function_home import FunctionHome
from benchmarks.measurement import MeasurementError

pytestmark = pytest.mark.usefixtures("loopback")

READY = """
import http.server, os, sys
class Ready(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
"""


def home(folder: Path, code: str) -> FunctionHome:
    """A function whose run.sh runs the code."""
    api = folder / "code" / "lambdas" / "api"
    api.mkdir(parents=True)
    (api / "server.py").write_text(code)
    (api / "run.sh").write_text('exec python "$LAMBDA_TASK_ROOT/lambdas/api/server.py"\n')
    return FunctionHome(code=folder / "code", layer=folder / "layer", env={})


def test_servers_are_ready_at_once_and_gone_after_the_block(tmp_path: Path) -> None:
    with chat_servers(home(tmp_path, READY), upstream="http://127.0.0.1:1", folder=tmp_path, count=2) as servers:
        ports = [server.port for server in servers]
        assert len(set(ports)) == 2
        assert all(0 < server.cold <= server.since_start() for server in servers)

    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_a_server_that_ends_is_a_failed_measurement_with_its_last_words(tmp_path: Path) -> None:
    function = home(tmp_path, "raise SystemExit('no such app')")

    with (
        pytest.raises(MeasurementError, match=r"never ready\nno such app"),
        chat_server(function, upstream="http://127.0.0.1:1", folder=tmp_path),
    ):
        pass
