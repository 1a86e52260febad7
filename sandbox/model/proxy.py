"""Real answers: generation goes to an OpenAI-compatible server, token by token, if the sandbox was started with one.

Who that is, is decided once, before anything is served (:mod:`sandbox.language_model`). The stand-in answers else.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.model import openai_chat
from sandbox.model.errors import AwsError, Json, invalid
from sandbox.model.pieces import Piece, Reader

if TYPE_CHECKING:
    import httpx

_CONNECT_SECONDS = 10.0
# Between two pieces. A slow machine reads a long question for minutes before the first.
_SILENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Upstream:
    """An OpenAI-compatible server.

    Attributes:
        url: ``http://host:port``, without ``/v1``.
        model: the model's name there.
        name: the model's name for people.
        key: what is sent as the bearer's token; "" sends none.
        knows_tools: whether the model's chat template knows tools.
        most_tokens: what the model may write at most, whatever is asked for; None: as much as is asked for.
        is_llama: whether it is llama.cpp's server, which tells on request why it stopped.
    """

    url: str
    model: str
    name: str
    key: str = field(default="", repr=False)
    knows_tools: bool = True
    is_llama: bool = False
    most_tokens: int | None = None

    def client(self) -> httpx.AsyncClient:
        """Return a client of this server, to be closed after use."""
        import httpx  # here: the stand-in needs none of its weight

        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        timeout = httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS)
        # Not by way of a proxy of the environment: the server is this machine's, or was named.
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=timeout, trust_env=False)


_upstream: Upstream | None = None


def use(upstream: Upstream | None) -> None:
    """Let answers come from ``upstream`` from now on, or from the stand-in."""
    global _upstream
    _upstream = upstream


def in_use() -> Upstream | None:
    """Return where answers come from; None: the stand-in."""
    return _upstream


async def generate(upstream: Upstream, request: Json) -> AsyncGenerator[Piece, None]:
    """Yield the answer to a valid Converse request as it is written; closing the iterator stops the model.

    Raises:
        AwsError: ServiceUnavailableException, the server cannot be reached; ValidationException, it refuses the
            request; ModelErrorException, it fails or sends what is no answer.
    """
    import httpx

    asked = openai_chat.asked(request, model=upstream.model, knows_tools=upstream.knows_tools)
    if upstream.most_tokens is not None:
        asked.body["max_tokens"] = min(asked.body.get("max_tokens", upstream.most_tokens), upstream.most_tokens)
    if upstream.is_llama and "stop" in asked.body:
        asked.body["verbose"] = True
    reader = Reader(asked)
    try:
        async with (
            upstream.client() as client,
            client.stream("POST", "/v1/chat/completions", json=asked.body) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise _refusal(response.status_code, await response.aread())
            for piece in reader.begin():
                yield piece
            async for line in response.aiter_lines():
                for piece in reader.read(line):
                    yield piece
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise AwsError("ServiceUnavailableException", f"No answer from {upstream.url}: {error}") from error
    except httpx.HTTPError as error:
        raise AwsError("ModelErrorException", f"{upstream.url} broke off: {type(error).__name__} {error}") from error
    for piece in reader.end():
        yield piece


def _refusal(status: int, body: bytes) -> AwsError:
    try:
        document = json.loads(body)
        error = document.get("error") if isinstance(document, dict) else None
        message = str(error["message"] if isinstance(error, dict) else error or document)
    except (ValueError, KeyError):
        message = body[:500].decode("utf-8", errors="replace")
    if "context size" in message or "context length" in message:
        return invalid(f"Input is too long for requested model. ({message})")
    if 400 <= status < 500:
        return invalid(f"The model's server refused the request ({status}): {message}")
    return AwsError("ModelErrorException", f"The model's server failed ({status}): {message}")
