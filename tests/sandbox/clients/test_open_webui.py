"""Open WebUI, a server with pages: started as docs/clients.md shows it, and asked as its pages ask it."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from docs.clients import SAMPLES
from sandbox.model.script import ModelScript
from tests.sandbox.clients.test_snippets import environment
from tests.sandbox.platform.conftest import Platform, model
from tests.waiting import PATIENCE, eventually

__all__ = ["model"]

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(sys.version_info >= (3, 13), reason="Open WebUI does not go with this Python"),
]
FILE: Final = "open_webui.sh"
# It asks nobody for news or models of its own, and its pages nobody for a password.
ALONE: Final = {
    "OFFLINE_MODE": "true",
    "HF_HUB_OFFLINE": "1",
    "RAG_EMBEDDING_ENGINE": "openai",
    "ANONYMIZED_TELEMETRY": "false",
    "WEBUI_AUTH": "false",
}


def answers(root: str, server: "subprocess.Popen[str]", log: Path) -> bool:
    """Whether it is up; it fails if it has ended instead."""
    assert server.poll() is None, log.read_text(encoding="utf-8")[-5_000:]
    try:
        return httpx.get(f"{root}/health", timeout=PATIENCE).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def pages(platform: Platform, tmp_path: Path) -> Iterator[httpx.Client]:
    """Its pages' own way to ask it, once it is up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data, log, root = tmp_path / "data", tmp_path / "log", f"http://127.0.0.1:{port}"
    data.mkdir()
    shown = (SAMPLES / FILE).read_text(encoding="utf-8")
    asked = shown.replace("open-webui serve", f"exec open-webui serve --host 127.0.0.1 --port {port}")
    assert asked != shown
    variables = {**environment(FILE, platform, tmp_path / "home"), **ALONE, "DATA_DIR": str(data)}
    with (
        log.open("w", encoding="utf-8") as written,
        subprocess.Popen(
            ["bash", "-eu", "-c", asked],
            cwd=tmp_path,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            text=True,
        ) as server,
    ):
        try:
            eventually(lambda: answers(root, server, log), every=0.5)
            signed_in = httpx.post(
                f"{root}/api/v1/auths/signin", json={"email": "", "password": ""}, timeout=PATIENCE
            ).json()
            bearer = {"Authorization": f"Bearer {signed_in['token']}"}
            with httpx.Client(base_url=root, headers=bearer, timeout=PATIENCE) as client:
                yield client
        finally:
            server.terminate()


def test_open_webui_lists_the_aliases_and_answers_whole_and_streamed(pages: httpx.Client, model: ModelScript) -> None:
    model.answer("Piece by piece.")
    question = {"model": "smart", "messages": [{"role": "user", "content": "What is a quarry?"}]}

    listed = pages.get("/api/models").json()["data"]
    whole = pages.post("/api/chat/completions", json={**question, "stream": False}).json()
    streamed = pages.post("/api/chat/completions", json={**question, "stream": True}).text

    assert {"fast", "smart"} <= {one["id"] for one in listed}
    assert whole["choices"][0]["message"]["content"] == "Piece by piece."
    *frames, done = [line.removeprefix("data: ") for line in streamed.splitlines() if line.startswith("data: ")]
    assert done == "[DONE]"
    pieces = [choice["delta"].get("content") or "" for one in frames for choice in json.loads(one).get("choices", ())]
    assert "".join(pieces) == "Piece by piece."
