"""Calling the deployed endpoint over HTTP, as an application does."""

from typing import Any, Final

import httpx

from quarry import connection
from quarry.command_error import CommandError

# Longer than API Gateway's own limit, so that its answer is what is shown.
TIMEOUT_SECONDS: Final = 60.0


class EndpointError(CommandError):
    """The endpoint answered with an error; ``status`` is HTTP's."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Endpoint:
    """The OpenAI-compatible API behind ``base_url`` (ends in /v1)."""

    def __init__(self, *, base_url: str, api_key: str, transport: httpx.BaseTransport | None = None) -> None:
        self.base_url = base_url
        self._client = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )

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

    def chat(self, messages: list[dict[str, str]], *, model: str) -> dict[str, Any]:
        """Send a conversation and return OpenAI's chat.completion object."""
        request = {"model": model, "messages": messages}
        return self._request("POST", "/chat/completions", expected="choices", json=request)

    def _request(self, method: str, path: str, *, expected: str, **arguments: Any) -> dict[str, Any]:
        """Return the JSON object that is answered.

        Raises:
            EndpointError: it answered with an error, or with something that has no member ``expected``.
            CommandError: it did not answer.
        """
        try:
            response = self._client.request(method, path, **arguments)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(
                f"{self.base_url} does not answer ({error}). Is it deployed? `make up` starts it here."
            ) from error
        status = response.status_code
        try:
            body: Any = response.json()
        except ValueError as error:
            raise EndpointError(f"{self.base_url} answered with status {status} and no JSON", status=status) from error
        told = body.get("error") if isinstance(body, dict) else None
        if response.is_error or told:
            message = told.get("message") if isinstance(told, dict) else None
            raise EndpointError(str(message or response.text), status=status)
        if not isinstance(body, dict) or expected not in body:
            raise EndpointError(
                f"{self.base_url} is no OpenAI-compatible endpoint: its answer has no {expected!r}. Does the URL end "
                "in /v1?",
                status=status,
            )
        return body
