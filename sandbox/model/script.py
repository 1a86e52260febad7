"""A client for tests and demos: tells the stand-in model of a running sandbox what to do.

with ModelScript("http://localhost:4566") as model:
    model.throttle(times=3, model="amazon.nova-micro*")
    ...
    assert model.calls()[-1]["disconnected"] is False
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, Self

Json = dict[str, Any]


class ModelScript:
    """The script of the sandbox at ``endpoint_url`` (the AWS endpoint). Leaving the context clears it.

    Each method adds a step after those already there and returns the script, so that steps can be chained. Keywords of
    a step: ``times`` (None for ever), ``model`` (a glob), ``contains`` (text in the request), ``operation``.

    Raises:
        ValueError: the sandbox refused a step; the message says why.
        OSError: the sandbox cannot be reached.
    """

    def __init__(self, endpoint_url: str, *, timeout: float = 60.0) -> None:
        self._base = endpoint_url.rstrip("/") + "/_sandbox/model"
        self._timeout = timeout
        self._steps: list[Json] = []

    def __enter__(self) -> Self:
        self.clear()
        return self

    def __exit__(self, *exception: object) -> None:
        self.clear()

    def step(self, do: str, *, times: int | None = None, delay_ms: float = 0, **members: Any) -> Self:
        """Add a step that does ``do`` (a fault's name, or one of the methods below)."""
        match = {name: members.pop(name) for name in ("model", "contains", "operation") if members.get(name)}
        added = {"do": do, "times": times, "delay_ms": delay_ms, "match": match}
        added |= {name: value for name, value in members.items() if value is not None}
        self._send("PUT", "script", [*self._steps, added])
        self._steps.append(added)
        return self

    def throttle(self, *, times: int | None = None, **match: Any) -> Self:
        """Answer 429 ThrottlingException."""
        return self.step("throttle", times=times, **match)

    def timeout(self, *, times: int | None = None, delay_ms: float = 0, **match: Any) -> Self:
        """Answer 408 ModelTimeoutException, after ``delay_ms``."""
        return self.step("timeout", times=times, delay_ms=delay_ms, **match)

    def fault(self, name: str, *, times: int | None = None, **match: Any) -> Self:
        """Answer with any fault of ``sandbox.model.errors.FAULTS``: legacy, access_denied, form_missing, not_ready …"""
        return self.step(name, times=times, **match)

    def error_mid_stream(
        self, *, after_tokens: int = 3, error: str = "modelStreamErrorException", times: int | None = None, **match: Any
    ) -> Self:
        """Break a stream off with ``error`` after some tokens; a buffered call gets ModelErrorException."""
        return self.step("error_mid_stream", times=times, after_tokens=after_tokens, error=error, **match)

    def break_off(self, how: str, *, after_tokens: int = 3, times: int | None = None, **match: Any) -> Self:
        """Break an answer off without a word: ``how`` is close, reset, silence, damage or no_stop (a clean end).

        A stream does after some tokens, a whole answer in its middle.
        """
        return self.step("break_off", times=times, after_tokens=after_tokens, how=how, **match)

    def slow(self, delay_ms: float, *, times: int | None = None, **match: Any) -> Self:
        """Wait ``delay_ms`` before each token."""
        return self.step("slow", times=times, delay_ms=delay_ms, **match)

    def hold(self, *, after_tokens: int = 1, times: int | None = None, **match: Any) -> Self:
        """Send some tokens of a stream and no more until the script changes; a buffered call is not held."""
        return self.step("hold", times=times, after_tokens=after_tokens, **match)

    def answer(
        self,
        text: str,
        *,
        thought: str | None = None,
        redacted: bool | None = None,
        times: int | None = None,
        delay_ms: float = 0,
        **match: Any,
    ) -> Self:
        """Answer with exactly ``text``, after ``thought``, which nobody may read where it is ``redacted``."""
        thinks = {"thought": thought, "redacted": redacted}
        return self.step("answer", times=times, delay_ms=delay_ms, text=text, **thinks, **match)

    def tool_calls(
        self,
        calls: list[Json],
        *,
        times: int | None = None,
        text: str | None = None,
        thought: str | None = None,
        **match: Any,
    ) -> Self:
        """Call tools: ``[{"name": ..., "input": {...}}]``, after ``thought``."""
        return self.step("tool_calls", times=times, calls=calls, text=text, thought=thought, **match)

    def account(self, standings: list[Json]) -> Self:
        """Say what the account may use: see ``sandbox.model.account.parse``."""
        self._send("PUT", "account", standings)
        return self

    def steps(self) -> list[Json]:
        """Return the steps with ``used``, how often each decided a call."""
        return list(self._send("GET", "script")["steps"])

    def calls(self) -> list[Json]:
        """Return the last calls, oldest first: model, tokens, time each token was sent, whether the client left."""
        return list(self._send("GET", "script")["calls"])

    def clear(self) -> None:
        """Forget steps, calls and standings."""
        self._steps = []
        self._send("DELETE", "script")
        self._send("DELETE", "account")

    def _send(self, method: str, name: str, document: Any = None) -> Any:
        url = f"{self._base}/{name}"
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"the sandbox's address must be an http URL, not {url}")
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(url, data=body, method=method)  # noqa: S310 - http(s) only, checked above
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as reply:  # noqa: S310 - as above
                text = reply.read()
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(f"{method} {url}: {error.read().decode(errors='replace')}") from error
        return json.loads(text) if text else None
