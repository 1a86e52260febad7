"""Answering a chat request: alias -> candidates -> Converse with the guardrail -> OpenAI's shape, whole or streamed."""

import random
import time
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError
from msgspec.structs import replace

from lambdas.catalogue.parameters import fit
from lambdas.chat.aliases import Aliases
from lambdas.chat.answers import Answered, Completion, StreamedCompletion, Told, new_id, told
from lambdas.chat.caching import with_cache_points
from lambdas.chat.candidates import Candidate
from lambdas.chat.completion import Telling, to_openai
from lambdas.chat.converse import answer_is_wrapped, not_taken, to_converse, wants_answer_tool
from lambdas.chat.errors import RETRYABLE, broken_off, error_code, is_daily_quota
from lambdas.chat.guardrail import Guardrail, GuardrailClient
from lambdas.chat.request import ChatRequest
from lambdas.chat.settings import ChatSettings
from lambdas.chat.stream import ChunkStream
from lambdas.chat.turns import Spoken
from lambdas.common.deadline import NEVER, Deadline
from lambdas.common.errors import InvalidRequestError
from lambdas.common.observability import logger

Block = dict[str, Any]
Opened = TypeVar("Opened")

BACKOFF_SECONDS: Final = 0.25
# Nothing is tried anew after this: whoever was throttled for so long is told, and can wait better than we.
RETRY_WINDOW_SECONDS: Final = 4.0


class ConverseClient(GuardrailClient, Protocol):
    """The calls that are made, with Bedrock's own shapes."""

    def converse(self, **kwargs: Any) -> dict[str, Any]:
        """Call a model and wait for the whole answer."""
        ...

    def converse_stream(self, **kwargs: Any) -> dict[str, Any]:
        """Call a model; ``stream`` of the reply yields events and can be closed."""
        ...

    def until(self, deadline: Deadline, /) -> "ConverseClient":
        """Return a client whose calls are over by then, streams to their last event."""
        ...


class ChatService:
    """Answers chat requests.

    Attributes:
        guardrail: what every call passes through.

    Args:
        client: makes the calls; without retries of its own, which would not know when to ask another candidate.
        deadline: when every answer has to be over.
        sleep: waits that many seconds; for tests.
        clock: seconds from any start; for tests.
    """

    def __init__(
        self,
        *,
        settings: ChatSettings,
        aliases: Aliases,
        client: ConverseClient,
        deadline: Deadline = NEVER,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._aliases = aliases
        self._client = client
        self._deadline = deadline
        self.guardrail = Guardrail(
            client=client, guardrail_id=settings.guardrail_id, version=settings.guardrail_version
        )
        self._sleep = sleep
        self._clock = clock
        # What was made of the newest request for each candidate: it is reserved for first, and asked then.
        self._made: dict[Candidate, tuple[ChatRequest, Spoken, Block, list[str]]] = {}

    def until(self, deadline: Deadline) -> "ChatService":
        """Return this service with answers that are over by then: whole, or streamed to their last event."""
        return ChatService(
            settings=self._settings,
            aliases=self._aliases,
            client=self._client.until(deadline),
            deadline=deadline,
            sleep=self._sleep,
            clock=self._clock,
        )

    def candidates(self, alias: str) -> list[Candidate]:
        """Return who may answer for an alias, best first.

        Raises:
            ApiError: as ``Aliases.chatting``.
        """
        return self._aliases.chatting(alias)

    def bounded(self, request: ChatRequest) -> ChatRequest:
        """Return the request with how long its answer may be, where it does not say."""
        if request.max_tokens is not None or request.max_completion_tokens is not None:
            return request
        settings = self._settings
        longest = settings.default_max_tokens_of.get(request.model, settings.default_max_tokens)
        return replace(request, max_tokens=longest)

    def arguments(self, request: ChatRequest, spoken: Spoken, candidate: Candidate) -> tuple[Block, list[str]]:
        """Return Converse's arguments for a candidate, and the parameters that it does not take and is not given.

        All but ``modelId`` and ``guardrailConfig``. They are made once for a request; do not change them.

        Raises:
            InvalidRequestError: the request wants what the candidate's family cannot do.
        """
        known = self._made.get(candidate)
        if known is not None and known[0] is request and known[1] is spoken:
            return known[2], known[3]
        dropped = not_taken(request, candidate)
        if dropped and self._settings.strict:
            raise InvalidRequestError(
                f"The model behind `{request.model}` does not reason; leave `{dropped[0]}` out.",
                param=dropped[0],
                code="unsupported_parameter",
            )
        made = with_cache_points(to_converse(request, candidate, spoken), candidate, self._settings.prompt_caching)
        made["inferenceConfig"], unfit = fit(candidate.model.parameters, made["inferenceConfig"])
        self._made[candidate] = (request, spoken, made, [*dropped, *unfit])
        return made, [*dropped, *unfit]

    def telling(self, request: ChatRequest, candidate: Candidate) -> Told:
        """Return how an answer of a candidate is told."""
        return Told(
            model=candidate.base_model_id if self._settings.reply_model == "answered" else request.model,
            parallel_tool_calls=request.parallel_tool_calls is not False,
            telling=Telling(
                tools=request.toolbox,
                answer_is_wrapped=wants_answer_tool(request, candidate) and answer_is_wrapped(request),
            ),
        )

    def complete(self, request: ChatRequest, spoken: Spoken) -> Completion:
        """Answer one request, whole, by the first candidate that can.

        Raises:
            ApiError: unknown alias, or whatever ``to_api_error`` makes of the last failed call.
        """
        reply, answered = self._first_that_can(request, spoken, self._client.converse)
        if "stopReason" not in reply:
            # botocore takes JSON that is damaged for an answer without members.
            raise broken_off(request.model)
        body = to_openai(reply, completion_id=new_id(), **self.telling(request, answered.candidate))
        if request.quarry.guardrail_trace:
            body["quarry"] = {"guardrail": reply.get("trace", {}).get("guardrail", {})}
        return Completion(answered=answered, body=body, reply=reply)

    def stream(self, request: ChatRequest, spoken: Spoken) -> StreamedCompletion:
        """Begin to answer one request by the first candidate that can; its first event has arrived.

        Raises:
            ApiError: as ``complete``; nothing was sent to the caller yet.
        """

        def opened(**arguments: Any) -> tuple[Any, dict[str, Any]]:
            events = self._client.converse_stream(**arguments)["stream"]
            first = next(iter(events), None)
            if first is None:
                raise ResponseStreamingError(error="it ended before its first event")
            return events, first

        (events, first), answered = self._first_that_can(request, spoken, opened)
        state = ChunkStream(
            completion_id=new_id(),
            **self.telling(request, answered.candidate),
            only_answer_tool=wants_answer_tool(request, answered.candidate),
        )
        return StreamedCompletion(answered=answered, events=events, first=first, state=state, deadline=self._deadline)

    def _first_that_can(
        self, request: ChatRequest, spoken: Spoken, call: Callable[..., Opened]
    ) -> tuple[Opened, Answered]:
        candidates = self.candidates(request.model)
        window = self._clock() + RETRY_WINDOW_SECONDS
        for position, candidate in enumerate(candidates):
            arguments, dropped = self.arguments(request, spoken, candidate)
            guard = self.guardrail.config(trace=request.quarry.guardrail_trace)
            try:
                reply = self._insist(
                    call, window=window, modelId=candidate.callable_id, guardrailConfig=guard, **arguments
                )
            except (ClientError, BotoCoreError) as error:
                last = position == len(candidates) - 1 or self._clock() > window
                if last or not candidate.may_fall_back(error):
                    raise told(error, alias=request.model, model_id=candidate.callable_id) from error
                logger.warning(
                    "fallback",
                    extra={
                        "alias": request.model,
                        "from_model": candidate.base_model_id,
                        "to_model": candidates[position + 1].base_model_id,
                        "reason": error_code(error),
                        **({"run": candidate.run} if candidate.run else {}),
                    },
                )
            else:
                return reply, Answered(alias=request.model, candidate=candidate, fallbacks=position, dropped=dropped)
        raise AssertionError("the last candidate answers or raises")

    def _insist(self, call: Callable[..., Opened], *, window: float, **arguments: Any) -> Opened:
        """Call one candidate, again while it throttles or fails and the time lasts."""
        for attempt in range(1, self._settings.max_attempts + 1):
            try:
                return call(**arguments)
            except (ClientError, BotoCoreError) as error:
                last = attempt == self._settings.max_attempts or self._clock() > window
                if last or error_code(error) not in RETRYABLE or is_daily_quota(error):
                    raise
            self._sleep(BACKOFF_SECONDS * 2 ** (attempt - 1) * (1 + random.random()))  # noqa: S311 - jitter
        raise AssertionError("max_attempts is at least 1")
