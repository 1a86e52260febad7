"""Bedrock's Converse with no latency: a local HTTP server that always gives the same reply.

Run as a process: prints its URL, serves until its stdin closes. It reads and writes the socket by hand, because the
standard library's HTTP server would take longer per request than what is measured.
"""

import json
import socketserver
import sys
import threading
from typing import Final

REPLY: Final = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [{"text": "A quarry is an open pit from which stone, sand or minerals are dug. " * 4}],
        }
    },
    "stopReason": "end_turn",
    "usage": {"inputTokens": 14, "outputTokens": 60, "totalTokens": 74},
    "metrics": {"latencyMs": 1},
}


def response(status: str, body: bytes) -> bytes:
    """Return an HTTP/1.1 response that keeps the connection open."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "x-amzn-RequestId: 11111111-2222-3333-4444-555555555555\r\n\r\n"
    )
    return head.encode() + body


CONVERSED: Final = response("200 OK", json.dumps(REPLY).encode())
NOT_FOUND: Final = response("404 Not Found", b'{"message": "only POST /model/{id}/converse is here"}')


class Converse(socketserver.StreamRequestHandler):
    """Answers all requests of one connection."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer until the client hangs up."""
        while request := self.rfile.readline():
            length = 0
            while (header := self.rfile.readline().strip()) != b"":
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.rfile.read(length)
            wanted = request.startswith(b"POST /model/") and b"/converse " in request
            self.wfile.write(CONVERSED if wanted else NOT_FOUND)


class Server(socketserver.ThreadingTCPServer):
    """One thread per connection; the threads do not outlive the process."""

    daemon_threads = True


def main() -> None:
    """Serve on a free port of the loopback interface until stdin closes."""
    with Server(("127.0.0.1", 0), Converse) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
