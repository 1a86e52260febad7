"""Bedrock's Converse and ConverseStream, and DynamoDB's UpdateItem, with no latency: always the same replies.

Run as a process: prints its URL, serves until its stdin closes. It reads and writes the socket by hand, because the
standard library's HTTP server would take longer per request than what is measured.
"""

import json
import socketserver
import struct
import sys
import threading
import zlib
from typing import Any, Final

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

TOKENS: Final = 20
TOKEN: Final = "stone "
EVENTS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("messageStart", {"role": "assistant"}),
    *[("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": TOKEN}})] * TOKENS,
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("messageStop", {"stopReason": "end_turn"}),
    ("metadata", {"usage": {"inputTokens": 14, "outputTokens": 20, "totalTokens": 34}, "metrics": {"latencyMs": 1}}),
]

# The account of a key that was used before, as UpdateItem returns it to who asks: lambdas/allowances/account.py.
UPDATED: Final = {
    "Attributes": {
        "pk": {"S": "ACCOUNTS#0"},
        "sk": {"S": "key_0123456789ab"},
        "committed": {"N": "1400"},
        "spent": {"N": "1400"},
        "t#2026-01-01": {"N": "7400"},
        "u#2026-01-01#requests#fast": {"N": "100"},
        "u#2026-01-01#input_tokens#fast": {"N": "1400"},
        "u#2026-01-01#output_tokens#fast": {"N": "6000"},
        "u#2026-01-01#micro_dollars#fast": {"N": "1400"},
    }
}


def response(status: str, body: bytes, *, content_type: str = "application/json") -> bytes:
    """Return an HTTP/1.1 response that keeps the connection open."""
    return _head(status, content_type, f"Content-Length: {len(body)}") + body


def streamed(events: list[tuple[str, dict[str, Any]]]) -> bytes:
    """Return an HTTP/1.1 response in application/vnd.amazon.eventstream, each event a chunk of its own."""
    chunks = [event_message(name, payload) for name, payload in events]
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return _head("200 OK", "application/vnd.amazon.eventstream", "Transfer-Encoding: chunked") + body + b"0\r\n\r\n"


def event_message(name: str, payload: dict[str, Any]) -> bytes:
    """Return one message of an event stream: lengths, headers and payload, with their checksums."""
    named = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        struct.pack(">B", len(key)) + key.encode() + struct.pack(">BH", 7, len(value)) + value.encode()
        for key, value in named.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


def _head(status: str, content_type: str, length: str) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{length}\r\n"
        "x-amzn-RequestId: 11111111-2222-3333-4444-555555555555\r\n\r\n"
    ).encode()


CONVERSED: Final = response("200 OK", json.dumps(REPLY).encode())
STREAMED: Final = streamed(EVENTS)
CHANGED: Final = response("200 OK", b"{}", content_type="application/x-amz-json-1.0")
CHANGED_TO: Final = response("200 OK", json.dumps(UPDATED).encode(), content_type="application/x-amz-json-1.0")
NOT_FOUND: Final = response("404 Not Found", b'{"message": "only Converse, ConverseStream and UpdateItem are here"}')


def reply(request: bytes, target: bytes, body: bytes) -> bytes:
    """Return what is answered to a request line, the value of its X-Amz-Target header and its body."""
    if request.startswith(b"POST /model/"):
        if b"/converse " in request:
            return CONVERSED
        if b"/converse-stream " in request:
            return STREAMED
    if target.endswith(b".UpdateItem"):
        return CHANGED_TO if b'"ALL_NEW"' in body else CHANGED
    return NOT_FOUND


class Upstream(socketserver.StreamRequestHandler):
    """Answers all requests of one connection."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer until the client hangs up."""
        while request := self.rfile.readline():
            length, target = 0, b""
            while (header := self.rfile.readline().strip()) != b"":
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                elif name.lower() == b"x-amz-target":
                    target = value.strip()
            self.wfile.write(reply(request, target, self.rfile.read(length)))


class Server(socketserver.ThreadingTCPServer):
    """One thread per connection; the threads do not outlive the process."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve on a free port of the loopback interface until stdin closes."""
    with Server(("127.0.0.1", 0), Upstream) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
