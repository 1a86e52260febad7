"""Answering a chat request: alias -> Converse with the guardrail -> OpenAI's shape."""

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import NotFoundError
from lambdas.inference.bedrock_errors import RETRYABLE, error_code, to_api_error
from lambdas.inference.chat import ChatRequest
from lambdas.inference.converse import to_converse, to_openai
from lambdas.inference.settings import InferenceSettings

BACKOFF_SECONDS: Final = 0.25


class ConverseClient(Protocol):
    """The one call that is made, with Bedrock's own shapes."""

    def converse(self, **kwargs: Any) -> dict[str, Any]:
        """Call a model."""
        ...


@dataclass(frozen=True, kw_only=True)
class Completion:
    """An answer: ``body`` in OpenAI's shape, and what the log and the metrics are told about it."""

    body: dict[str, Any]
    model_id: str
    stop_reason: str
    attempts: int

    @property
    def intervened(self) -> bool:
        """Whether the guardrail stopped the prompt or the answer."""
        return self.stop_reason == "guardrail_intervened"


class ChatService:
    """Answers chat requests.

    Args:
        client: makes the call; without retries of its own, since a retried time-out would outlive the function.
        sleep: waits that many seconds; for tests.
    """

    def __init__(
        self, *, settings: InferenceSettings, client: ConverseClient, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._client = client
        self._sleep = sleep

    def complete(self, request: ChatRequest) -> Completion:
        """Answer one request.

        Raises:
            NotFoundError: the alias is unknown; the message has those that there are.
            ApiError: whatever ``bedrock_errors`` makes of a failed call.
        """
        target = self._settings.aliases.get(request.model)
        if target is None:
            known = ", ".join(f"`{alias}`" for alias in sorted(self._settings.aliases))
            raise NotFoundError(
                f"There is no model `{request.model}`. Models go by alias here: {known}.",
                param="model",
                code="model_not_found",
            )
        model_id = str(target["model_id"])
        arguments = to_converse(request, max_output_tokens=int(target["max_output_tokens"]))
        reply, attempts = self._converse(alias=request.model, modelId=model_id, **arguments)
        return Completion(
            body=to_openai(reply, alias=request.model, completion_id=f"chatcmpl-{uuid.uuid4().hex}"),
            model_id=model_id,
            stop_reason=reply["stopReason"],
            attempts=attempts,
        )

    def models(self) -> dict[str, Any]:
        """Return OpenAI's model list: the aliases."""
        return {
            "object": "list",
            "data": [
                {"id": alias, "object": "model", "created": 0, "owned_by": str(target["provider"])}
                for alias, target in sorted(self._settings.aliases.items())
            ],
        }

    def _converse(self, *, alias: str, **arguments: Any) -> tuple[dict[str, Any], int]:
        guardrail = {
            "guardrailIdentifier": self._settings.guardrail_id,
            "guardrailVersion": self._settings.guardrail_version,
        }
        for attempt in range(1, self._settings.max_attempts + 1):
            try:
                return self._client.converse(**arguments, guardrailConfig=guardrail), attempt
            except (ClientError, BotoCoreError) as error:
                if attempt == self._settings.max_attempts or error_code(error) not in RETRYABLE:
                    raise to_api_error(error, alias=alias, model_id=arguments["modelId"]) from error
            self._sleep(BACKOFF_SECONDS * 2 ** (attempt - 1) * (1 + random.random()))  # noqa: S311 - jitter
        raise AssertionError("max_attempts is at least 1")
