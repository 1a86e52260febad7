"""An OpenAI-compatible server on the loopback that writes what the test tells it, when the test lets it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.model.proxy import Upstream
from tests.waiting import PATIENCE

# How the answers of the server below begin.
WHO = "This is the sandbox's Llama, not Nova Micro."

USAGE = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}


def delta(content: str | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """A chunk of a chat completion's stream."""
    members = {**({"content": content} if content is not None else {}), **more.pop("delta", {})}
    return {"choices": [{"index": 0, "delta": members, "finish_reason": finish, **more}]}


def words(*texts: str, finish: str = "stop") -> list[Any]:
    """The chunks of an answer in words, a chunk each."""
    return [*(delta(text) for text in texts), delta(finish=finish), USAGE]


@dataclass
class Fake:
    """What the server writes, and what it was sent. A ``threading.Event`` among the chunks is waited for."""

    url: str
    chunks: list[Any] = field(default_factory=lambda: words("Real", " words."))
    status: int = 200
    body: Any = None
    models: Any = field(default_factory=lambda: {"data": [{"id": "only"}]})
    hides_models: bool = False
    props: Any = None
    seen: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)

    def upstream(self, **more: Any) -> Upstream:
        """How the sandbox is told of it."""
        return Upstream(self.url, "llama3.2", "Llama", **more)


@contextmanager
def serving() -> Iterator[Fake]:
    """Serve on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/props" and fake.props is not None:
                self._whole(200, fake.props)
                return
            self._whole(200 if self.path == "/v1/models" and not fake.hides_models else 404, fake.models)

        def do_POST(self) -> None:
            fake.seen.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            fake.headers.append({name.lower(): value for name, value in self.headers.items()})
            if fake.status != 200:
                self._whole(fake.status, fake.body)
                return
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            try:
                for chunk in fake.chunks:
                    if isinstance(chunk, threading.Event):
                        assert chunk.wait(PATIENCE)
                    else:
                        text = chunk if isinstance(chunk, str) else f"data: {json.dumps(chunk)}"
                        self.wfile.write(f"{text}\n\n".encode())
            except OSError:
                fake.gone.set()

        def _whole(self, status: int, document: Any) -> None:
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake = Fake(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


def texts(events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Return the words of a stream, as they came."""
    return [p["delta"]["text"] for kind, p in events if kind == "contentBlockDelta" and "text" in p["delta"]]
