"""Answering a chat request: alias -> candidates -> Converse with the guardrail -> OpenAI's shape, whole or streamed."""

import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError
from msgspec.structs import replace

from lambdas.catalogue.parameters import fit
from lambdas.chat.aliases import Aliases
from lambdas.chat.candidates import Candidate
from lambdas.chat.completion import to_openai
from lambdas.chat.converse import Spoken, to_converse, wants_answer_tool
from lambdas.chat.errors import RETRYABLE, broken_off, error_code, is_daily_quota, out_of_time, to_api_error
from lambdas.chat.guardrail import Guardrail, GuardrailClient
from lambdas.chat.request import ChatRequest
from lambdas.chat.settings import ChatSettings
from lambdas.chat.stream import ChunkStream
from lambdas.common.deadline import NEVER, Deadline
from lambdas.common.errors import MOST_SAID, ApiError, cut
from lambdas.common.observability import logger

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


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Who answers, and what headers, log and metrics are told about it.

    Attributes:
        alias: what was asked for.
        candidate: who answered.
        fallbacks: how many candidates were asked in vain before.
        dropped: parameters, in OpenAI's words, that the model does not take and was not given.
    """

    alias: str
    candidate: Candidate
    fallbacks: int
    dropped: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A whole answer: ``body`` in OpenAI's shape, ``reply`` in Converse's."""

    answered: Answered
    body: dict[str, Any]
    reply: dict[str, Any]

    @property
    def stop_reason(self) -> str:
        """Converse's."""
        return str(self.reply["stopReason"])


class StreamedCompletion:
    """An answer that is being given. Iterate over it once; ``close`` ends the reading from Bedrock, whoever does it.

    Attributes:
        answered: who answers.
        state: what is known of the answer, complete once the iteration has ended.
    """

    def __init__(
        self,
        *,
        answered: Answered,
        events: Any,
        first: dict[str, Any],
        state: ChunkStream,
        deadline: Deadline = NEVER,
    ) -> None:
        self.answered = answered
        self.state = state
        self._events = events
        self._first = first
        self._deadline = deadline
        self._closed = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield OpenAI's chunks.

        Raises:
            UpstreamTimeoutError: the time is up, however fast the events come.
            ApiError: Bedrock failed in mid-stream, or ended it without saying why the answer ends.
        """
        try:
            yield from self.state.chunks(self._first)
            for event in self._events:
                yield from self.state.chunks(event)
                # What comes after the answer's end, the count, is there already or at once.
                if self.state.stop_reason is None and self._deadline.passed and not self._closed:
                    raise out_of_time(self.answered.alias)
        except (ClientError, BotoCoreError) as error:
            if self._closed:
                # Whoever reads in a thread notices the closing as a broken connection. Bedrock did not fail.
                return
            failure = told(error, alias=self.answered.alias, model_id=self.answered.candidate.callable_id)
            if self.state.stop_reason is None:
                raise failure from error
            # Bedrock has said that the answer is over: only its count, which came after that, is not known.
        if self.state.stop_reason is None and not self._closed:
            raise broken_off(self.answered.alias)

    def close(self) -> None:
        """Stop reading from Bedrock, which stops generating."""
        self._closed = True
        self._events.close()


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

    def complete(self, request: ChatRequest, spoken: Spoken) -> Completion:
        """Answer one request, whole, by the first candidate that can.

        Raises:
            ApiError: unknown alias, or whatever ``to_api_error`` makes of the last failed call.
        """
        reply, answered = self._first_that_can(request, spoken, self._client.converse)
        if "stopReason" not in reply:
            # botocore takes JSON that is damaged for an answer without members.
            raise broken_off(request.model)
        parallel = request.parallel_tool_calls is not False
        body = to_openai(
            reply, model=answered.candidate.base_model_id, completion_id=new_id(), parallel_tool_calls=parallel
        )
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
            model=answered.candidate.base_model_id,
            completion_id=new_id(),
            parallel_tool_calls=request.parallel_tool_calls is not False,
            only_answer_tool=wants_answer_tool(request, answered.candidate),
        )
        return StreamedCompletion(answered=answered, events=events, first=first, state=state, deadline=self._deadline)

    def _first_that_can(
        self, request: ChatRequest, spoken: Spoken, call: Callable[..., Opened]
    ) -> tuple[Opened, Answered]:
        candidates = self.candidates(request.model)
        window = self._clock() + RETRY_WINDOW_SECONDS
        for position, candidate in enumerate(candidates):
            arguments = to_converse(request, candidate, spoken)
            arguments["inferenceConfig"], dropped = fit(candidate.model.parameters, arguments["inferenceConfig"])
            arguments["guardrailConfig"] = self.guardrail.config(trace=request.quarry.guardrail_trace)
            try:
                reply = self._insist(call, window=window, modelId=candidate.callable_id, **arguments)
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


def told(error: ClientError | BotoCoreError, *, alias: str, model_id: str) -> ApiError:
    """Log a failed call and return what the caller is told."""
    made = to_api_error(error, alias=alias, model_id=model_id)
    # AWS's words about a refused request may quote it; about everything else they are what an operator needs.
    words = cut(str(error), MOST_SAID) if made.status != 400 else ""
    logger.warning(
        "bedrock failed", extra={"alias": alias, "model_id": model_id, "reason": error_code(error), "aws": words}
    )
    return made


def new_id() -> str:
    """Return an answer's id."""
    return f"chatcmpl-{uuid.uuid4().hex}"
