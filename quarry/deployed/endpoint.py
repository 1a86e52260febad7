"""Calling the deployed endpoint over HTTP, as an application does."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from quarry.command_error import CommandError
from quarry.deployed import connection, server_sent_events

# Waiting is longer than the longest that a chat may take (inference.chat_timeout_seconds), so that the endpoint's own
# answer is what is shown.
TIMEOUT: Final = httpx.Timeout(910.0, connect=10.0)


# What httpx reads of the shell.
_SETTINGS: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


class EndpointError(CommandError):
    """The endpoint answered with an error; ``status`` is HTTP's."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Endpoint:
    """The OpenAI-compatible API behind ``base_url`` (ends in /v1)."""

    def __init__(self, *, base_url: str, api_key: str, transport: httpx.BaseTransport | None = None) -> None:
        self.base_url = base_url
        try:
            # A proxy of the shell's is for what is elsewhere.
            trust_env = not _is_plain_on_this_machine(base_url)
        except ValueError as error:
            raise CommandError(f"{base_url} is no URL: {error}.", exit_code=2) from error
        if not base_url.lower().startswith(("http://", "https://")):
            raise CommandError(
                f"{base_url} is no URL of an endpoint: it begins with https:// or http://, and ends in /v1.",
                exit_code=2,
            )
        try:
            self._client = httpx.Client(
                base_url=base_url,
                headers={"Authorization": f"Bearer {api_key}"},
                timeout=TIMEOUT,
                transport=transport,
                trust_env=trust_env,
            )
        except (OSError, ValueError, httpx.InvalidURL) as error:
            raise CommandError(f"{base_url} cannot be called: {error}.{_settings()}", exit_code=2) from error

    @classmethod
    def saved(cls, environment: str, *, base_url: str | None = None, api_key: str | None = None) -> "Endpoint":
        """Return the endpoint that ``quarry connect`` saved for the environment; arguments given win.

        Raises:
            CommandError: neither given nor saved.
        """
        saved = connection.read(environment)
        url = base_url or (saved.base_url if saved else None)
        key = api_key or (saved.api_key if saved else None)
        if not url or not key:
            raise CommandError(
                f"No endpoint and key are saved for {environment}. Run `quarry connect --environment {environment}`, "
                "or give --base-url and --api-key.",
                exit_code=2,
            )
        return cls(base_url=url, api_key=key)

    def models(self) -> list[str]:
        """Return the aliases."""
        return [model["id"] for model in self._request("GET", "/models", expected="data")["data"]]

    def chat(self, messages: list[dict[str, Any]], *, model: str, session: str | None = None) -> dict[str, Any]:
        """Send a conversation and return OpenAI's chat.completion object."""
        return self._request("POST", "/chat/completions", expected="choices", json=_chat(messages, model, session))

    def stream(
        self, messages: list[dict[str, Any]], *, model: str, session: str | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """Send a conversation and yield OpenAI's chat.completion.chunk objects as they come; the last has the usage.

        Closing the iterator hangs up.

        Raises:
            EndpointError: it answered with an error, at once or in the middle of the answer, or broke off.
            CommandError: it did not answer.
        """
        body = {**_chat(messages, model, session), "stream": True, "stream_options": {"include_usage": True}}
        yield from self._events("/chat/completions", body, expected="choices", as_event=_as_chunk)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask the knowledge base, as POST /v1/knowledge/query takes it, and return the knowledge.answer object."""
        return self._request("POST", "/knowledge/query", expected="answer", json=request)

    def stream_answer(self, request: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
        """Ask the knowledge base and yield the parts of the answer as they come; the last is knowledge.answer, whole.

        Closing the iterator hangs up. Raises as stream() does.
        """
        body = {**request, "stream": True}
        yield from self._events("/knowledge/query", body, expected="answer", as_event=lambda answer: answer)

    def create_session(self) -> str:
        """Make a session and return its id."""
        return str(self._request("POST", "/sessions", expected="id", json={})["id"])

    def session(self, session_id: str) -> dict[str, Any]:
        """Return a session of this key, as GET /v1/sessions/{id} tells."""
        return self._request("GET", f"/sessions/{quote(session_id, safe='')}", expected="turns")

    def prompts(self) -> list[dict[str, Any]]:
        """Return the prompts, as GET /v1/prompts lists them."""
        listed: list[dict[str, Any]] = self._request("GET", "/prompts", expected="data")["data"]
        return listed

    def call_prompt(self, name: str, variables: dict[str, str]) -> dict[str, Any]:
        """Fill a prompt in and return OpenAI's chat.completion object."""
        path = f"/prompts/{quote(name, safe='')}"
        return self._request("POST", path, expected="choices", json={"variables": variables})

    def usage(self) -> dict[str, Any]:
        """Return what this key has spent and has left, as GET /v1/usage tells."""
        return self._request("GET", "/usage", expected="remaining")

    def _events(
        self, path: str, body: dict[str, Any], *, expected: str, as_event: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> Generator[dict[str, Any], None, None]:
        """Yield the events of a streamed answer; ``as_event`` makes one of a whole answer, if it does not stream."""
        with self._reached(), self._client.stream("POST", path, json=body) as response:
            if response.is_error or "text/event-stream" not in response.headers.get("content-type", ""):
                response.read()
                yield as_event(self._checked(response, expected=expected))
                return
            try:
                for event in server_sent_events.objects(response.iter_lines()):
                    if "error" in event:
                        raise EndpointError(_told(event) or str(event), status=response.status_code)
                    yield event
            except ValueError as error:
                raise EndpointError(
                    f"{self.base_url} ended its answer in the middle ({error}). Ask again.", status=response.status_code
                ) from error

    def _request(self, method: str, path: str, *, expected: str, **arguments: Any) -> dict[str, Any]:
        """Return the JSON object that is answered.

        Raises:
            EndpointError: it answered with an error, or with something that has no member ``expected``.
            CommandError: it did not answer.
        """
        with self._reached():
            response = self._client.request(method, path, **arguments)
        return self._checked(response, expected=expected)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(
                f"{self.base_url} does not answer ({error}). Is it deployed? `make up` starts it here."
            ) from error

    def _checked(self, response: httpx.Response, *, expected: str) -> dict[str, Any]:
        status = response.status_code
        try:
            body: Any = response.json()
        except ValueError as error:
            raise EndpointError(f"{self.base_url} answered with status {status} and no JSON", status=status) from error
        if response.is_error or (isinstance(body, dict) and body.get("error")):
            raise EndpointError(_told(body) or response.text, status=status)
        if not isinstance(body, dict) or expected not in body:
            raise EndpointError(
                f"{self.base_url} is no OpenAI-compatible endpoint: its answer has no {expected!r}. Does the URL end "
                "in /v1?",
                status=status,
            )
        return body


def _is_plain_on_this_machine(url: str) -> bool:
    """Tell whether a URL is http:// on the loopback, where neither proxies nor CA files have a part.

    Raises:
        ValueError: it is no URL.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or host == "localhost":
        return parts.scheme == "http"
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def _settings() -> str:
    """Return which settings of the shell it may be that something is wrong with."""
    there = [(name, value) for name in _SETTINGS for one in (name, name.lower()) if (value := os.environ.get(one))]
    return f" The shell has {' and '.join(f'{name}={value}' for name, value in there)}: mend or unset it." * bool(there)


def _chat(messages: list[dict[str, Any]], model: str, session: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {"model": model, "messages": messages}
    return {**body, "quarry": {"session": session}} if session else body


def _as_chunk(completion: dict[str, Any]) -> dict[str, Any]:
    """Return a whole answer, of a server that does not stream, as the only chunk of a stream."""
    choices = [
        {"delta": choice["message"], "finish_reason": choice["finish_reason"]} for choice in completion["choices"]
    ]
    return {**completion, "choices": choices}


def _told(body: Any) -> str | None:
    """Return the message of an error in OpenAI's shape."""
    told = body.get("error") if isinstance(body, dict) else None
    message = told.get("message") if isinstance(told, dict) else None
    return str(message) if message else None
