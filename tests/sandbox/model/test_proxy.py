"""Real answers from an OpenAI-compatible server: the rest of the stand-in still holds."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from ministack.services import bedrock_runtime

Ask = Callable[..., Any]


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """A server that says "Real words." and the requests it got."""
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            message = {"role": "assistant", "content": "Real words."}
            usage = {"prompt_tokens": 7, "completion_tokens": 2}
            body = json.dumps({"choices": [{"message": message}], "usage": usage}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setattr(bedrock_runtime, "_PROXY_URL", f"http://127.0.0.1:{server.server_port}")
        yield seen
        server.shutdown()
        thread.join()


def test_the_answer_is_the_servers(ask: Ask, upstream: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_MODEL_PROXY_MODEL", "llama3.2")
    reply = ask("Hello")
    assert reply.text == "Real words."
    assert reply.body["usage"] == {"inputTokens": 7, "outputTokens": 2, "totalTokens": 9}
    assert upstream[0]["model"] == "llama3.2"


def test_faults_guardrails_and_streams_hold(
    ask: Ask, upstream: list[Any], script: Callable[..., None], guardrail: Callable[..., Any]
) -> None:
    config = guardrail(wordPolicyConfig={"wordsConfig": [{"text": "real"}]})
    assert ask("Hello", guardrailConfig=config).text == "Not said."
    events = ask("Hello", operation="converse-stream").events
    assert [p["delta"]["text"] for kind, p in events if kind == "contentBlockDelta"] == ["Real", " words", "."]
    script({"do": "throttle"})
    assert ask("Hello").status == 429
    assert len(upstream) == 2


def test_a_server_that_is_away_is_an_error(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bedrock_runtime, "_PROXY_URL", "http://127.0.0.1:9")
    assert ask("Hello").error.startswith("ServiceUnavailableException: No answer from http://127.0.0.1:9")
