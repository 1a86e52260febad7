"""Answering a chat request: alias -> candidates -> Converse with the guardrail -> OpenAI's shape."""

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.catalogue.parameters import fit
from lambdas.common.errors import InvalidRequestError, NotFoundError
from lambdas.common.observability import logger
from lambdas.inference.bedrock_errors import RETRYABLE, error_code, to_api_error
from lambdas.inference.candidates import Candidate, may_fall_back
from lambdas.inference.chat import ChatRequest
from lambdas.inference.converse import to_converse, to_openai
from lambdas.inference.settings import InferenceSettings

BACKOFF_SECONDS: Final = 0.25
# Nothing is tried anew after this, because the try could outlive the function: stacks.inference.CALL_MARGIN_SECONDS.
RETRY_WINDOW_SECONDS: Final = 4.0


class ConverseClient(Protocol):
    """The one call that is made, with Bedrock's own shapes."""

    def converse(self, **kwargs: Any) -> dict[str, Any]:
        """Call a model."""
        ...


@dataclass(frozen=True, kw_only=True)
class Completion:
    """An answer: ``body`` in OpenAI's shape, and what headers, log and metrics are told about it.

    Attributes:
        alias: what was asked for.
        candidate: who answered.
        fallbacks: how many candidates were asked in vain before.
        dropped: parameters, in OpenAI's words, that the model does not take and was not given.
    """

    body: dict[str, Any]
    alias: str
    candidate: Candidate
    stop_reason: str
    fallbacks: int
    dropped: list[str]

    @property
    def intervened(self) -> bool:
        """Whether the guardrail stopped the prompt or the answer."""
        return self.stop_reason == "guardrail_intervened"


class ChatService:
    """Answers chat requests.

    Args:
        client: makes the call; without retries of its own, since a retried time-out would outlive the function.
        sleep: waits that many seconds; for tests.
        clock: seconds from any start; for tests.
    """

    def __init__(
        self,
        *,
        settings: InferenceSettings,
        client: ConverseClient,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._client = client
        self._sleep = sleep
        self._clock = clock

    def complete(self, request: ChatRequest) -> Completion:
        """Answer one request by the first candidate that can.

        Raises:
            NotFoundError: the alias is unknown; the message has those that there are.
            ApiError: whatever ``bedrock_errors`` makes of the last failed call.
        """
        candidates = [msgspec.convert(facts, Candidate) for facts in self._settings.aliases.get(request.model, [])]
        if not candidates:
            known = ", ".join(f"`{alias}`" for alias in sorted(self._settings.aliases))
            raise NotFoundError(
                f"There is no model `{request.model}`. Models go by alias here: {known}.",
                param="model",
                code="model_not_found",
            )
        if candidates[0].model.kind != "chat":
            raise InvalidRequestError(f"`{request.model}` is not a model that can chat.", param="model")
        deadline = self._clock() + RETRY_WINDOW_SECONDS
        for position, candidate in enumerate(candidates):
            try:
                return self._answer(request, candidate, fallbacks=position, deadline=deadline)
            except (ClientError, BotoCoreError) as error:
                last = position == len(candidates) - 1 or self._clock() > deadline
                if last or not may_fall_back(error):
                    raise to_api_error(error, alias=request.model, model_id=candidate.model_id) from error
                logger.warning(
                    "fallback",
                    extra={
                        "alias": request.model,
                        "from_model": candidate.base_model_id,
                        "to_model": candidates[position + 1].base_model_id,
                        "reason": error_code(error),
                    },
                )
        raise AssertionError("the last candidate answers or raises")

    def _answer(self, request: ChatRequest, candidate: Candidate, *, fallbacks: int, deadline: float) -> Completion:
        arguments = to_converse(request, max_output_tokens=candidate.model.max_output_tokens)
        arguments["inferenceConfig"], dropped = fit(candidate.model.parameters, arguments["inferenceConfig"])
        reply = self._converse(deadline=deadline, modelId=candidate.model_id, **arguments)
        return Completion(
            body=to_openai(reply, model=candidate.base_model_id, completion_id=f"chatcmpl-{uuid.uuid4().hex}"),
            alias=request.model,
            candidate=candidate,
            stop_reason=reply["stopReason"],
            fallbacks=fallbacks,
            dropped=dropped,
        )

    def _converse(self, *, deadline: float, **arguments: Any) -> dict[str, Any]:
        """Call one candidate, again while it throttles or fails and the time lasts."""
        guardrail = {
            "guardrailIdentifier": self._settings.guardrail_id,
            "guardrailVersion": self._settings.guardrail_version,
        }
        for attempt in range(1, self._settings.max_attempts + 1):
            try:
                return self._client.converse(**arguments, guardrailConfig=guardrail)
            except (ClientError, BotoCoreError) as error:
                last = attempt == self._settings.max_attempts or self._clock() > deadline
                if last or error_code(error) not in RETRYABLE:
                    raise
            self._sleep(BACKOFF_SECONDS * 2 ** (attempt - 1) * (1 + random.random()))  # noqa: S311 - jitter
        raise AssertionError("max_attempts is at least 1")
